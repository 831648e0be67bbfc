"""Has a model write questions on every fact of a context, through docgen's engine: journalled, priced, capped."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from docgen.audit.detect.leaks.contamination import ContaminationScanner
from docgen.belief.question_files import asked_texts
from docgen.belief.questions import FactQuestions, Kind, QuestionFile
from docgen.belief.writing.draft_checking import COUNTS, fact_questions, merge_questions
from docgen.errors import ConfigError, RequestFailed
from docgen.llm.protocol import LLM, Request
from docgen.pipeline.audit.judge_setup import SILENT, Judge, never
from docgen.pipeline.run import Run
from docgen.progress import Progress, Reporter
from docgen.prompts.requests import questions_request
from docgen.prompts.table import QUESTIONS
from docgen.text import normalise
from docgen.universe import KeyFact, UniverseContext

__all__ = ["Overlap", "QuestionWriter", "WrittenQuestions", "overlaps", "scaled_counts"]

MAX_REQUESTS = 3
"""Most requests for one fact: models give fewer questions than requested, and some unusable ones."""
SUFFICIENT_SHARE = 0.8
"""Share of the requested questions that is enough for a fact; one more request brings little for its price (chosen)."""


def scaled_counts(size: int) -> dict[Kind, int]:
    """How many questions of each kind for a total per fact, in the shares of `COUNTS`; at least one each.

    Raises `ConfigError` for fewer than there are kinds.
    """
    if size < len(COUNTS):
        raise ConfigError(f"{size} questions are fewer than there are kinds", "--size", f"Give at least {len(COUNTS)}")
    total = sum(COUNTS.values())
    counts = {kind: max(1, count * size // total) for kind, count in COUNTS.items()}
    while (missing := size - sum(counts.values())) != 0:
        kind = max(COUNTS, key=lambda kind: (COUNTS[kind] * size / total - counts[kind]) * (1 if missing > 0 else -1))
        counts[kind] += 1 if missing > 0 else -1
    return counts


@dataclass(frozen=True)
class WrittenQuestions:
    """The questions that were written. `short` has, by fact, how many of the requested ones are missing; `unusable`
    counts why."""

    file: QuestionFile
    short: Mapping[str, int]
    unusable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class QuestionWriter:
    """Writes the questions of a context; `judge` has the engine, model and journal."""

    context: UniverseContext
    judge: Judge
    counts: Mapping[Kind, int]
    seed: int = 0

    def requests(self) -> list[Request]:
        """The first request for every fact, for estimating the cost."""
        return [self._request(fact, self.counts, (), 0) for fact in self.context.key_facts]

    async def write(self, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never) -> WrittenQuestions:
        """Ask for the questions on every fact, again if there were too few. Raises `StopRun` as any job does."""
        unusable, done = Counter[str](), 0
        gate = asyncio.Semaphore(self.judge.engine.concurrency)

        async def write_fact(llm: LLM, fact: KeyFact) -> FactQuestions:
            nonlocal done
            async with gate:
                questions = await self._fact(llm, fact, unusable)
            done += 1
            reporter.progress(Progress("questions", done, len(self.context.key_facts)))
            return questions

        async with self.judge.open(reporter, stopping) as llm:
            groups = await asyncio.gather(*(write_fact(llm, fact) for fact in self.context.key_facts))
        facts = {fact.id: group for fact, group in zip(self.context.key_facts, groups, strict=True)}
        requested = sum(self.counts.values())
        short = {fact: requested - _size(group) for fact, group in facts.items() if _size(group) < requested}
        file = QuestionFile(context=self.context.id, writer=self.judge.model.model, facts=facts)
        return WrittenQuestions(file, short, unusable)

    async def _fact(self, llm: LLM, fact: KeyFact, unusable: Counter[str]) -> FactQuestions:
        questions = FactQuestions(statement=fact.statement)
        for sample in range(MAX_REQUESTS):
            missing = {kind: count - len(questions.of_kind(kind)) for kind, count in self.counts.items()}
            missing = {kind: count for kind, count in missing.items() if count > 0}
            if sum(missing.values()) <= (1 - SUFFICIENT_SHARE) * sum(self.counts.values()) and sample:
                break
            try:
                completion = await llm.complete(self._request(fact, missing, question_texts(questions), sample))
            except RequestFailed as error:
                unusable[f"request failed: {error.kind}"] += 1
                continue
            draft = QUESTIONS.parse(completion.text)
            if draft is None:
                unusable["no questions in the reply"] += 1
                continue
            drafted = fact_questions(fact.statement, draft, self.seed + sample)
            unusable.update(f"{kind}: {why}" for kind, why in drafted.unusable)
            more = drafted.questions
            base = questions if _size(questions) else more.model_copy(update=dict.fromkeys(COUNTS, ()))
            questions = merge_questions(base, more, self.counts)
        return questions

    def _request(self, fact: KeyFact, counts: Mapping[Kind, int], exclude: Sequence[str], sample: int) -> Request:
        return questions_request(
            self.context,
            self.judge.model,
            fact,
            {str(kind): count for kind, count in counts.items()},
            tuple(exclude),
            sample,
        )


def question_texts(questions: FactQuestions) -> tuple[str, ...]:
    """The questions without answers, so that the same are not asked for again."""
    listed = [question for kind in COUNTS for question in questions.of_kind(kind)]
    texts = [getattr(question, "question", "") or getattr(question, "prompt", "") for question in listed]
    return tuple(str(text) for text in texts if text)


def _size(questions: FactQuestions) -> int:
    return sum(len(questions.of_kind(kind)) for kind in COUNTS)


@dataclass(frozen=True)
class Overlap:
    """A question, or the form of a test, that occurs in a document."""

    document: str
    evidence: str
    why: str


def overlaps(questions: QuestionFile, run: Run, reporter: Reporter = SILENT) -> list[Overlap]:
    """Where documents of a run contain the questions that its model will be asked: the audit's rule on contamination.

    A statement of a fact uses words of the questions about it. So questions that quote one of its wordings, and the
    beginnings of cloze sentences, are not looked for, and words that occur in a wording do not count as a question.
    """
    wordings = [normalise(text) for fact in run.context.key_facts for text in (*fact.wordings, *fact.implications)]
    texts = [text for text in asked_texts(questions) if not any(wording in normalise(text) for wording in wordings)]
    scanner, overlapping = ContaminationScanner(texts), list[Overlap]()
    reporter.note(f"Searching the documents of {run.name} for the questions themselves")
    for document in run.documents():
        for hit in scanner.scan(document.text):
            words = normalise(hit.evidence)
            if not any(words in wording for wording in wordings):
                overlapping.append(Overlap(document.id, hit.evidence, hit.explanation))
    return overlapping
