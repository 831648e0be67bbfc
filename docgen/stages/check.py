"""From a model's reply to an attempt with its verdict.

From cheap to dear: well-formed, assigned facts present, leakage rules, near-duplicate of an accepted document.
Every reason has a code for counting and a line that tells the writer of the next attempt what to do otherwise.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from docgen.audit.facts import FactSighting, expressed
from docgen.audit.scan import LeakageScanner
from docgen.dedupe.index import Duplicate, NearDuplicateIndex
from docgen.evidence import EvidenceFinder
from docgen.llm.protocol import Completion
from docgen.prompts import Reply
from docgen.records import Attempt, Finding, Reason, Slot
from docgen.replies import Draft, parse_document
from docgen.text import tokens_in, word_count
from docgen.universe import UniverseContext, roles_of

__all__ = ["REASONS", "Case", "Checker", "Examiner", "malformed", "missing_facts"]

REASONS = {
    "request_failed": "the API call failed for good",
    "refused": "the model refused",
    "declined": "the model said that no honest document can carry these facts",
    "empty": "the reply holds no document",
    "truncated": "the reply was cut off at the token limit, or its end tag is missing",
    "too_short": "fewer words than the slot's range allows",
    "too_long": "more words than the slot's range allows",
    "missing_fact": "an assigned fact was not found in the text",
    "too_direct": "a fact that was to be implied is stated outright",
    "contradicted_fact": "an assigned fact is denied",
    "leak": "a leakage rule is broken",
    "near_duplicate": "too similar to an accepted document",
}
"""What each reason code means."""


@dataclass(frozen=True, slots=True)
class Case:
    """A reply and what it is checked against: all of it, so that the check can be made in another process."""

    slot: Slot
    number: int
    key: str
    doc_type: str
    idea: str
    completion: Completion
    revision: Completion | None

    @classmethod
    def of(cls, reply: Reply) -> "Case":
        """What matters of a reply."""
        work, names = reply.work, reply.work.request.variables
        doc_type, idea = names["doc_type"].name, names["idea"].text
        return cls(work.slot, work.number, work.request.key, doc_type, idea, reply.completion, reply.revision)


class Examiner:
    """Every check that looks at one document alone: pure, and most of the work of judging it."""

    def __init__(self, context: UniverseContext, length_tolerance: float, engine: str) -> None:
        self._context = context
        self._evidence = EvidenceFinder(context)
        self._leaks = LeakageScanner(context)
        self._tolerance = length_tolerance
        self._engine = engine

    def __call__(self, cases: Sequence[Case]) -> list[Attempt]:
        """One attempt for each case: the revision if it passes the checks, else the document as first written."""
        return [self._revised(case) for case in cases]

    def _revised(self, case: Case) -> Attempt:
        first = self._check(case, case.completion)
        if case.revision is None:
            return first
        second = self._check(case, case.revision)
        return first if second.reasons else second.model_copy(update={"draft": first.text})

    def _check(self, case: Case, reply: Completion) -> Attempt:
        slot, draft = case.slot, parse_document(reply.text)
        words = word_count(draft.text)
        reasons = list(malformed(draft, words, reply, slot, self._tolerance))
        findings: list[Finding] = []
        if draft.text and not reasons:
            evidence = self._evidence.find(draft.text, slot.facts, draft.quotes)
            sightings = evidence.sightings
            assigned = frozenset(fact.fact for fact in slot.facts)
            may_hold = assigned | roles_of(self._context, assigned).granted
            findings = self._leaks.scan(draft.text, may_hold, sightings, case.doc_type, case.idea)
            reasons = [*missing_facts(slot, sightings, draft.text), *_leaks(findings, _denied(slot, sightings))]
            findings = [*findings, *evidence.unclear]
        return Attempt(
            slot=slot.id,
            number=case.number,
            verdict="rejected" if reasons else "accepted",
            key=case.key,
            doc_type=slot.doc_type,
            idea=slot.idea,
            facts=slot.facts,
            text=draft.text,
            words=words,
            tokens=tokens_in(words),
            quotes=draft.quotes,
            reasons=tuple(reasons),
            findings=tuple(findings),
            stop_reason=reply.stop_reason,
            engine=self._engine,
            model=reply.model,
            seed=slot.seed,
        )


class Checker:
    """Judges replies in order; accepted documents enter the near-duplicate index. Implements `generate.Judge`.

    `examine` is an `Examiner`, here or in another process.
    """

    def __init__(
        self, examine: Callable[[Sequence[Case]], Awaitable[list[Attempt]]], index: NearDuplicateIndex
    ) -> None:
        self._examine, self._index = examine, index

    async def judge(self, replies: Sequence[Reply]) -> list[Attempt]:
        """One attempt for each reply; those that pass every other check are compared with all accepted documents."""
        cases = [Case.of(reply) for reply in replies]
        checked = await self._examine(cases)
        passed = [attempt for attempt in checked if not attempt.reasons]
        twins = self._index.check_and_add([a.slot for a in passed], [a.text for a in passed]) if passed else []
        verdicts = {a.slot: _near_duplicate(twin) for a, twin in zip(passed, twins, strict=True) if twin is not None}
        return [_decided(attempt, verdicts.get(attempt.slot)) for attempt in checked]

    def remember(self, attempts: Sequence[Attempt]) -> None:
        """Enter accepted attempts of an earlier start into the index."""
        if attempts:
            self._index.add([a.slot for a in attempts], [a.text for a in attempts])


def _near_duplicate(twin: Duplicate) -> Reason:
    detail = (
        f"It was nearly the same as document {twin.kept_id} (Jaccard {twin.jaccard:.2f}): write about another matter"
    )
    return Reason(code="near_duplicate", subject=str(twin.kept_id), detail=detail)


def _decided(attempt: Attempt, twin: Reason | None) -> Attempt:
    return attempt.model_copy(update={"verdict": "rejected", "reasons": (twin,)}) if twin else attempt


def malformed(draft: Draft, words: int, reply: Completion, slot: Slot, tolerance: float) -> Iterator[Reason]:
    """Why a draft of so many words is no usable document; lengths are judged only when nothing worse is wrong."""
    if reply.stop_reason == "refusal":
        yield Reason(code="refused", subject=reply.category, detail="The request was refused: put the matter otherwise")
    elif draft.declined is not None:
        yield Reason(code="declined", detail=f"It was declined: {draft.declined}")
    elif not draft.closed and (reply.stop_reason == "max_tokens" or (draft.text and "<document>" in reply.text)):
        yield Reason(code="truncated", detail="It was cut off before its end: write a shorter document")
    elif not draft.text:
        yield Reason(code="empty", detail="There was no document in the reply")
    else:
        yield from _length(words, slot.style.words, tolerance)


def _length(words: int, target: int, tolerance: float) -> Iterator[Reason]:
    low, high = round(target * (1 - tolerance)), round(target * (1 + tolerance))
    if words < low:
        yield Reason(code="too_short", detail=f"It had {words} words: write about {target}")
    elif words > high:
        yield Reason(code="too_long", detail=f"It had {words} words: write about {target}")


def missing_facts(slot: Slot, sightings: Iterable[FactSighting], text: str) -> Iterator[Reason]:
    """Assigned facts that the text does not express, denies, or states although they were to be implied."""
    sightings = tuple(sightings)
    present = expressed(sightings)
    for fact in slot.facts:
        own = [sighting for sighting in sightings if sighting.fact == fact.fact]
        denied = [sighting for sighting in own if sighting.verdict == "contradicted"]
        if denied:
            detail, passage = f"It denied the fact {fact.fact}", text[denied[0].start : denied[0].end]
            yield Reason(code="contradicted_fact", subject=fact.fact, detail=detail, evidence=passage)
        elif fact.fact not in present:
            detail = f"The fact {fact.fact} was not found: express it as asked, and quote that passage exactly"
            yield Reason(code="missing_fact", subject=fact.fact, detail=detail)
        elif fact.directness == "implied" and any(s.detector in ("statement", "paraphrase") for s in own):
            yield Reason(code="too_direct", subject=fact.fact, detail=f"It stated {fact.fact} outright: only imply it")


def _denied(slot: Slot, sightings: Iterable[FactSighting]) -> frozenset[tuple[int, int]]:
    """Where an assigned fact is denied: a reason of its own, which its finding would only repeat."""
    assigned = {fact.fact for fact in slot.facts}
    return frozenset((s.start, s.end) for s in sightings if s.verdict == "contradicted" and s.fact in assigned)


def _leaks(findings: Iterable[Finding], told: Collection[tuple[int, int]]) -> Iterator[Reason]:
    for finding in findings:
        repeats = finding.detector == "in_sentence" and (finding.start, finding.end) in told
        if finding.severity == "error" and not repeats:
            yield Reason(code="leak", subject=finding.rule, detail=finding.explanation, evidence=finding.evidence)
