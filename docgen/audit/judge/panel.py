"""Sending documents to the judge: which ones, with what, and how its word joins what the scan tier found."""

import asyncio
from bisect import insort
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from docgen.audit.detect.facts import FactSighting
from docgen.audit.judge.requests import JudgeError, Judgement, ask, fact_request, read_verdicts, rule_request
from docgen.audit.rules.rule import Rule
from docgen.errors import RequestFailed
from docgen.llm.protocol import LLM, Request
from docgen.options.audit import JudgeMode
from docgen.prompts.requests import ModelOptions
from docgen.records import Document, Finding
from docgen.text import digest
from docgen.universe import UniverseContext

__all__ = [
    "Chooser",
    "Panel",
    "Unjudged",
    "Verdicts",
    "agreement",
    "combine",
    "judge_document",
    "judge_documents",
]

T = TypeVar("T")


class Chooser(Generic[T]):
    """Picks the documents to judge from a stream, holding no more than those.

    A sample is the N documents whose ids have the smallest hashes with `seed`: the same ones in any order, also where
    what was chosen of parts is offered again as a whole, and after other documents were removed or written anew.
    """

    def __init__(self, mode: JudgeMode, seed: int = 0) -> None:
        self._mode, self._seed, self._offered = mode, seed, 0
        self._chosen: list[tuple[str, int, T]] = []

    @property
    def chosen(self) -> list[T]:
        """The documents picked, in the order in which they came."""
        return [item for _, _, item in sorted(self._chosen, key=lambda entry: entry[1])]

    def take(self) -> list[T]:
        """The same, which are then no longer held."""
        chosen, self._chosen = self.chosen, []
        return chosen

    def offer(self, item: T, suspect: bool, document: Document) -> T | None:
        """Take the item, which stands for `document`, or give one back that is not going to be judged."""
        self._offered += 1
        if self._mode.kind == "sample":
            return self._keep_lowest((self._rank(document), self._offered, item))
        if self._mode.kind == "all" or (self._mode.kind == "suspects" and suspect):
            self._chosen.append(("", self._offered, item))
            return None
        return item

    def _rank(self, document: Document) -> str:
        """By id; documents that share one are told apart by their texts."""
        seed = str(self._seed)
        return digest(seed, document.id, size=8) + digest(seed, document.id, document.text, size=8)

    def _keep_lowest(self, entry: tuple[str, int, T]) -> T | None:
        if len(self._chosen) == self._mode.size and entry[:2] > self._chosen[-1][:2]:
            return entry[2]
        insort(self._chosen, entry, key=lambda other: other[:2])
        return self._chosen.pop()[2] if len(self._chosen) > self._mode.size else None


@dataclass(frozen=True)
class Panel:
    """What a judge is asked: all key facts, all rules that need judgement, or one of both."""

    context: UniverseContext
    rules: tuple[Rule, ...]
    options: ModelOptions
    facts: bool = True

    @classmethod
    def of(cls, context: UniverseContext, rules: Sequence[Rule], options: ModelOptions, facts: bool = True) -> "Panel":
        """The panel for those of `rules` that a judge can apply."""
        empty = {"banned_statement"} if not context.banned_statements else set()
        return cls(context, tuple(rule for rule in rules if rule.judged and rule.id not in empty), options, facts)

    def requests(self, document: Document, sample: int = 0) -> tuple[Request, ...]:
        """The requests for one document: for telling the cost before."""
        text, kind = document.text, document.doc_type
        requests = []
        if self.facts:
            requests.append(fact_request(self.context.key_facts, self.options, text, kind, sample))
        if self.rules:
            requests.append(rule_request(self.rules, self.context, self.options, text, kind, sample))
        return tuple(requests)


@dataclass(frozen=True)
class Verdicts:
    """A judge's word on one document; absent facts and clean rules included."""

    facts: Mapping[str, Judgement] = field(default_factory=dict)
    rules: Mapping[str, Judgement] = field(default_factory=dict)

    @property
    def leaks(self) -> frozenset[str]:
        """Ids of the rules that it holds to be broken."""
        return frozenset(rule for rule, judgement in self.rules.items() if judgement.verdict == "leak")

    @property
    def presence(self) -> dict[str, str]:
        """Verdict by fact."""
        return {fact: judgement.verdict for fact, judgement in self.facts.items()}

    def sightings(self) -> tuple[FactSighting, ...]:
        """The facts that it saw, as sightings."""
        return tuple(
            FactSighting(fact, j.verdict, "judge", j.start, j.end)  # type: ignore[arg-type]
            for fact, j in self.facts.items()
            if j.verdict != "absent"
        )


@dataclass(frozen=True)
class Unjudged:
    """A document without a usable verdict, and why."""

    reason: str


async def judge_document(llm: LLM, panel: Panel, document: Document) -> Verdicts:
    """Ask for one document. Raises `JudgeError` when no reply can be used, `RequestFailed` when none came."""
    on_facts: tuple[Judgement, ...] = ()
    on_rules: tuple[Judgement, ...] = ()
    text, kind = document.text, document.doc_type
    if panel.facts:
        key_facts = panel.context.key_facts
        fact_ids = [fact.id for fact in key_facts]
        on_facts = await ask(
            llm,
            lambda sample: fact_request(key_facts, panel.options, text, kind, sample),
            lambda reply: read_verdicts(reply, "fact", fact_ids, text),
            fact_ids,
        )
    if panel.rules:
        rule_ids = [rule.id for rule in panel.rules]
        on_rules = await ask(
            llm,
            lambda sample: rule_request(panel.rules, panel.context, panel.options, text, kind, sample),
            lambda reply: read_verdicts(reply, "rule", rule_ids, text),
            rule_ids,
        )
    return Verdicts({j.subject: j for j in on_facts}, {j.subject: j for j in on_rules})


async def judge_documents(
    llm: LLM, panel: Panel, documents: Sequence[Document], concurrency: int
) -> AsyncIterator[tuple[int, Verdicts | Unjudged]]:
    """(position, verdicts) of every document as they come, or why there are none. `StopRun` passes through."""
    gate = asyncio.Semaphore(concurrency)

    async def one(position: int) -> tuple[int, Verdicts | Unjudged]:
        async with gate:
            try:
                return position, await judge_document(llm, panel, documents[position])
            except (JudgeError, RequestFailed) as error:
                return position, Unjudged(str(error))

    tasks = [asyncio.ensure_future(one(position)) for position in range(len(documents))]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def combine(text: str, findings: Sequence[Finding], verdicts: Verdicts) -> list[Finding]:
    """The findings of both tiers: a judge can clear what the scan tier merely suspects, never what it is certain of."""
    settled = set(verdicts.rules)
    standing = [finding for finding in findings if finding.severity == "error" or finding.rule not in settled]
    for rule, judgement in verdicts.rules.items():
        if judgement.verdict == "leak":
            standing.append(_finding(text, rule, judgement))
    return sorted(standing, key=lambda finding: (finding.start, finding.end, finding.rule))


def _finding(text: str, rule: str, judgement: Judgement) -> Finding:
    start, end = judgement.start, judgement.end
    return Finding(
        rule=rule,
        severity="error",
        detector="judge",
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=judgement.reason or "a judge holds that this breaks the rule",
    )


def agreement(first: Sequence[bool], second: Sequence[bool]) -> tuple[float, float | None]:
    """(share of equal verdicts, Cohen's kappa) of two judges on the same documents; kappa None where undefined."""
    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True)) / n if n else 1.0
    p, q = (sum(first) / n, sum(second) / n) if n else (0.0, 0.0)
    chance = p * q + (1 - p) * (1 - q)
    return same, (same - chance) / (1 - chance) if chance < 1 else None
