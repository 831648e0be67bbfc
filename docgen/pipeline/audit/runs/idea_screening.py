"""Screens a run's ideas before their documents are paid for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import JudgeQuestions, UnjudgedDocument
from docgen.audit.judge.requests import ask_judge, idea_request
from docgen.audit.judge.verdicts import JudgeError, Judgement, read_verdicts
from docgen.errors import InputError, RequestFailed
from docgen.llm.protocol import LLM, Completion, Request
from docgen.pipeline.audit.judge_setup import SILENT, Judge, never
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter
from docgen.prompts.requests import ModelOptions
from docgen.records import Idea, Record

__all__ = ["IdeaFinding", "IdeaScreen"]

IDEAS_PER_REQUEST = 20
"""Ideas in one request. Chosen: verdicts are short, and one unusable reply costs no more than 20 ideas again."""


class IdeaFinding(Record):
    """An idea that would lead to a leak."""

    idea: str
    doc_type: str
    text: str
    rule: str
    detector: str
    evidence: str

    @classmethod
    def of(cls, idea: Idea, rule: str, detector: str, evidence: str) -> "IdeaFinding":
        """The finding on one idea."""
        return cls(
            idea=idea.id, doc_type=idea.doc_type, text=idea.text, rule=rule, detector=detector, evidence=evidence
        )


@dataclass(frozen=True)
class IdeaScreen:
    """The ideas of a run, to be screened by wording and by a judge."""

    ideas: Sequence[Idea]
    scanner: LeakageScanner
    panel: JudgeQuestions

    @classmethod
    def of(cls, setup: Setup, judge: Judge | None) -> "IdeaScreen":
        """Raises `InputError` for a run without ideas."""
        ideas = setup.run.read_ideas()
        if not ideas:
            raise InputError("has no ideas yet", setup.run.name, "Run: docgen brainstorm")
        scanner = LeakageScanner(setup.context)
        return cls(
            ideas, scanner, JudgeQuestions.of(setup.context, scanner.rules, judge.model if judge else ModelOptions(""))
        )

    def scan(self) -> list[IdeaFinding]:
        """What wording shows."""
        return [
            IdeaFinding.of(idea, finding.rule, finding.detector, finding.evidence)
            for idea in self.ideas
            for finding in self.scanner.scan(idea.text)
            if finding.severity == "error" and finding.detector != "ending"
        ]

    def _groups(self) -> list[Sequence[Idea]]:
        return [self.ideas[start : start + IDEAS_PER_REQUEST] for start in range(0, len(self.ideas), IDEAS_PER_REQUEST)]

    def requests(self) -> Iterator[Request]:
        """Every request to the judge, for estimating the cost."""
        return (self._request(group) for group in self._groups())

    def _request(self, ideas: Sequence[Idea], sample: int = 0) -> Request:
        panel = self.panel
        return idea_request(panel.rules, panel.context, panel.options, [idea.text for idea in ideas], sample)

    async def judge(
        self, judge: Judge, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never
    ) -> tuple[list[IdeaFinding], Counter[str]]:
        """The ideas that lead to a leak according to the judge, and why ideas got no usable verdict, with counts."""
        groups, gate = self._groups(), asyncio.Semaphore(judge.engine.concurrency)
        async with judge.open(reporter, stopping) as llm:
            answers = await asyncio.gather(*(self._judge_group(llm, gate, group) for group in groups))
        findings, reasons = list[IdeaFinding](), Counter[str]()
        for group, answer in zip(groups, answers, strict=True):
            if isinstance(answer, UnjudgedDocument):
                reasons[answer.reason] += len(group)
            else:
                findings += answer
        return findings, reasons

    async def _judge_group(
        self, llm: LLM, gate: asyncio.Semaphore, ideas: Sequence[Idea]
    ) -> list[IdeaFinding] | UnjudgedDocument:
        """The judge's findings on some ideas, or why it gave no usable verdict."""
        numbers = [str(number) for number in range(1, len(ideas) + 1)]
        text = "\n".join(idea.text for idea in ideas)

        def read(reply: Completion, before: dict[str, Judgement] | None) -> tuple[dict[str, Judgement], bool]:
            judged = {judgement.subject: judgement for judgement in read_verdicts(reply.text, numbers, text)}
            judged |= before or {}
            return judged, len(judged) == len(numbers)

        try:
            async with gate:
                verdicts = await ask_judge(
                    llm,
                    lambda sample: self._request(ideas, sample),
                    read,
                )
        except (JudgeError, RequestFailed) as error:
            return UnjudgedDocument(str(error))
        if missing := [number for number in numbers if number not in verdicts]:
            return UnjudgedDocument(f"no usable verdict on {', '.join(missing)}")
        pairs = zip(ideas, (verdicts[number] for number in numbers), strict=True)
        return [
            IdeaFinding.of(idea, verdict.reason.split(":")[0], "judge", verdict.reason)
            for idea, verdict in pairs
            if verdict.verdict == "leak"
        ]
