"""Runs the LLM judge over documents: which it reads, the questions, and how verdicts join the scan's findings."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from docgen.audit.judge.requests import ask_judge, judge_request
from docgen.audit.judge.verdicts import JudgeError, Verdicts, read_judgements
from docgen.audit.rules.leakage_rule import Rule
from docgen.errors import RequestFailed
from docgen.llm.protocol import LLM, Completion, Request
from docgen.prompts.requests import ModelOptions
from docgen.records import Document, Finding
from docgen.universe import UniverseContext

__all__ = [
    "JudgeQuestions",
    "UnjudgedDocument",
    "Verdicts",
    "agreement",
    "combine_findings",
    "judge_document",
    "judge_documents",
]


@dataclass(frozen=True)
class JudgeQuestions:
    """What a judge is asked about a document: all key facts, and all rules that need judgement."""

    context: UniverseContext
    rules: tuple[Rule, ...]
    options: ModelOptions

    @classmethod
    def of(cls, context: UniverseContext, rules: Sequence[Rule], options: ModelOptions) -> "JudgeQuestions":
        """The panel for those of `rules` that a judge can apply."""
        empty = {"banned_statement"} if not context.banned_statements else set()
        return cls(context, tuple(rule for rule in rules if rule.judged and rule.id not in empty), options)

    def request(self, document: Document, sample: int = 0) -> Request:
        """The request for one document."""
        return judge_request(self.context.key_facts, self.rules, self.context, self.options, document, sample)

    def read(self, reply: Completion, document: Document) -> Verdicts:
        """What a reply says about the document; raises `JudgeError`."""
        facts, rules = [fact.id for fact in self.context.key_facts], [rule.id for rule in self.rules]
        return replace(read_judgements(reply.text, facts, rules, document.text), model=reply.model)


@dataclass(frozen=True)
class UnjudgedDocument:
    """A document without a usable verdict, and why."""

    reason: str


async def judge_document(llm: LLM, panel: JudgeQuestions, document: Document) -> Verdicts:
    """Ask for one document, once more where something is left open.

    Raises `JudgeError` when no reply can be used, `RequestFailed` when none came.
    """

    def read(reply: Completion, before: Verdicts | None) -> tuple[Verdicts, bool]:
        verdicts = panel.read(reply, document)
        verdicts = before.completed_by(verdicts) if before else verdicts
        return verdicts, not verdicts.open

    return await ask_judge(llm, lambda sample: panel.request(document, sample), read)


async def judge_documents(
    llm: LLM, panel: JudgeQuestions, documents: Sequence[Document], concurrency: int
) -> AsyncIterator[tuple[int, Verdicts | UnjudgedDocument]]:
    """(position, verdicts) of every document as they come, or why there are none. `StopRun` passes through."""
    gate = asyncio.Semaphore(concurrency)

    async def one(position: int) -> tuple[int, Verdicts | UnjudgedDocument]:
        async with gate:
            try:
                return position, await judge_document(llm, panel, documents[position])
            except (JudgeError, RequestFailed) as error:
                return position, UnjudgedDocument(str(error))

    tasks = [asyncio.ensure_future(one(position)) for position in range(len(documents))]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:  # also where the caller stops early: whatever were still sent would be paid for and read by nobody
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def combine_findings(text: str, findings: Sequence[Finding], verdicts: Verdicts) -> list[Finding]:
    """The findings of both tiers: a judge can clear what the scan tier merely suspects, never what it is certain of."""
    settled = set(verdicts.rules)
    standing = [finding for finding in findings if finding.severity == "error" or finding.rule not in settled]
    for rule, judgement in verdicts.rules.items():
        if judgement.verdict == "leak":
            finding = Finding(
                rule=rule,
                severity="error",
                detector="judge",
                start=judgement.start,
                end=judgement.end,
                evidence=text[judgement.start : judgement.end],
                explanation=judgement.reason or "a judge says that this breaks the rule",
            )
            standing.append(finding)
    return sorted(standing, key=lambda finding: (finding.start, finding.end, finding.rule))


def agreement(first: Sequence[bool], second: Sequence[bool]) -> tuple[float, float | None]:
    """(share of equal verdicts, Cohen's kappa) of two judges on the same documents; kappa None where undefined."""
    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True)) / n if n else 1.0
    p, q = (sum(first) / n, sum(second) / n) if n else (0.0, 0.0)
    chance = p * q + (1 - p) * (1 - q)
    return same, (same - chance) / (1 - chance) if chance < 1 else None
