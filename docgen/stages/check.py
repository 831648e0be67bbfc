"""Checks a model's reply and turns it into an attempt with its verdict.

Checks run from cheap to expensive: well-formed, assigned facts present, leakage rules, near-duplicate of an accepted
document. Every reason has a code for counting and a line that tells the next attempt's writer what to change.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from docgen.audit.detect.facts.evidence_finder import EvidenceFinder
from docgen.audit.detect.facts.fact_detector import FactSighting, expressed_facts
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.dedupe.index import NearDuplicateIndex
from docgen.llm.protocol import Completion
from docgen.parallel.worker import WorkerProcess, has_spare_core, in_this_process
from docgen.prompts.replies import Draft
from docgen.prompts.requests import Reply
from docgen.prompts.table import DOCUMENT
from docgen.records import Attempt, Finding, Quote, Reason, Slot
from docgen.text import find_normalised, token_estimate, word_count
from docgen.universe import UniverseContext, roles_of

__all__ = ["REASONS", "CheckInput", "Checker", "DocumentChecker", "malformed", "missing_facts", "open_checker"]

REASONS = {
    "request_failed": "the API call failed for good",
    "refused": "the model refused",
    "declined": "the model said that no honest document can express these facts",
    "empty": "the reply does not contain a document",
    "truncated": "the reply was cut off at the token limit, or its end tag is missing",
    "too_short": "further below the target length than length_tolerance allows",
    "too_long": "further above the target length than length_tolerance allows",
    "missing_fact": "an assigned fact was not found in the text",
    "too_direct": "a fact that should be implied is stated outright",
    "contradicted_fact": "an assigned fact is denied",
    "leak": "a leakage rule is broken",
    "near_duplicate": "too similar to an accepted document",
}
"""Meaning of each reason code."""


@dataclass(frozen=True, slots=True)
class CheckInput:
    """A reply with everything it is checked against; picklable, so that a worker process can check it."""

    slot: Slot
    number: int
    key: str
    doc_type: str
    idea: str
    completion: Completion
    revision: Completion | None
    engine: str = ""

    @classmethod
    def of(cls, reply: Reply) -> "CheckInput":
        """The parts of a reply that the checks need."""
        work, names = reply.work, reply.work.request.variables
        doc_type, idea = names["doc_type"].name, names["idea"].text
        request = work.request
        return cls(
            work.slot, work.number, request.key, doc_type, idea, reply.completion, reply.revision, request.engine
        )


class DocumentChecker:
    """All checks on a single document; pure, and most of the work of checking it.

    `length_tolerance` is the accepted relative deviation from the slot's target length.
    """

    def __init__(self, context: UniverseContext, length_tolerance: float, engine: str) -> None:
        self._context = context
        self._evidence = EvidenceFinder(context)
        self._leaks = LeakageScanner(context)
        self._tolerance = length_tolerance
        self._engine = engine

    def __call__(self, inputs: Sequence[CheckInput]) -> list[Attempt]:
        """One attempt per input: the revision if it passes the checks, else the draft."""
        attempts = []
        for item in inputs:
            draft = self._check(item, item.completion)
            revision = self._check(item, item.revision) if item.revision is not None else None
            if revision is not None and not revision.reasons:
                attempts.append(revision.model_copy(update={"draft": draft.text}))
            else:
                attempts.append(draft)
        return attempts

    def _check(self, case: CheckInput, reply: Completion) -> Attempt:
        slot, draft = case.slot, DOCUMENT.parse(reply.text)
        words = word_count(draft.text)
        reasons = list(malformed(draft, words, reply, slot, self._tolerance))
        findings: list[Finding] = []
        quotes = draft.quotes
        if draft.text and not reasons:
            evidence = self._evidence.find(draft.text, slot.facts, draft.quotes)
            sightings = evidence.sightings
            quotes = (*quotes, *_unquoted(draft, sightings))
            assigned = frozenset(fact.fact for fact in slot.facts)
            may_hold = assigned | roles_of(self._context, assigned).granted
            findings = self._leaks.scan(draft.text, may_hold, sightings, case.doc_type, case.idea)
            # A denial of an assigned fact is a reason already; its finding would only repeat that.
            denials = {(s.start, s.end) for s in sightings if s.verdict == "contradicted" and s.fact in assigned}
            reasons = [*missing_facts(slot, sightings, draft.text), *_leaks(findings, denials)]
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
            tokens=token_estimate(draft.text),
            quotes=quotes,
            reasons=tuple(reasons),
            findings=tuple(findings),
            stop_reason=reply.stop_reason,
            engine=case.engine or self._engine,
            model=reply.model,
            seed=slot.seed,
        )


@dataclass
class Checker:
    """Checks replies in order, adds accepted documents to the near-duplicate index; a `generate.ReplyChecker`.

    `examine` is a `DocumentChecker`, in this process or in a worker.
    """

    examine: Callable[[Sequence[CheckInput]], Awaitable[list[Attempt]]]
    index: NearDuplicateIndex
    _checked: dict[tuple[int, int], Attempt] = field(default_factory=dict, init=False)

    async def check(self, reply: Reply) -> Attempt:
        """The attempt before it is compared with the accepted documents; `decide` uses it."""
        (attempt,) = await self.examine([CheckInput.of(reply)])
        self._checked[attempt.slot, attempt.number] = attempt
        return attempt

    async def decide(self, replies: Sequence[Reply]) -> list[Attempt]:
        """One attempt per reply; those that pass all other checks are compared with every accepted document."""
        checked = [self._checked.pop((reply.work.slot.id, reply.work.number), None) for reply in replies]
        pairs = zip(replies, checked, strict=True)
        new = iter(await self.examine([CheckInput.of(reply) for reply, attempt in pairs if attempt is None]))
        attempts = [attempt or next(new) for attempt in checked]
        passed = [attempt for attempt in attempts if not attempt.reasons]
        matches = self.index.check_and_add([a.slot for a in passed], [a.text for a in passed]) if passed else []
        duplicates = {a.slot: match for a, match in zip(passed, matches, strict=True) if match is not None}
        for place, attempt in enumerate(attempts):
            match = duplicates.get(attempt.slot)
            if match is not None:
                original = f"document {match.kept_id} (Jaccard {match.jaccard:.2f})"
                detail = f"It was nearly the same as {original}: write about another matter"
                reason = Reason(code="near_duplicate", subject=str(match.kept_id), detail=detail)
                attempts[place] = attempt.model_copy(update={"verdict": "rejected", "reasons": (reason,)})
        return attempts

    def remember(self, attempts: Sequence[Attempt]) -> None:
        """Add accepted attempts of an earlier start to the index."""
        self.index.add([a.slot for a in attempts], [a.text for a in attempts])


@contextmanager
def open_checker(
    context: UniverseContext, tolerance: float, engine: str, index: NearDuplicateIndex, in_worker: bool
) -> Iterator[Checker]:
    """A checker of documents, with `in_worker` on a separate core if one is free."""
    if in_worker and has_spare_core():
        with WorkerProcess(DocumentChecker, context, tolerance, engine) as elsewhere:
            yield Checker(elsewhere, index)
    else:
        yield Checker(in_this_process(DocumentChecker(context, tolerance, engine)), index)


def malformed(draft: Draft, words: int, reply: Completion, slot: Slot, tolerance: float) -> Iterator[Reason]:
    """Why a draft is not a usable document. Its length, `words`, is judged only if nothing else is wrong."""
    if reply.stop_reason == "refusal":
        yield Reason(code="refused", subject=reply.category, detail="The request was refused: put the matter otherwise")
    elif draft.declined is not None:
        yield Reason(code="declined", detail=f"It was declined: {draft.declined}")
    elif not draft.closed and (not reply.ended or (draft.text and "<document>" in reply.text)):
        yield Reason(code="truncated", detail="It was cut off before its end: write a shorter document")
    elif not draft.text:
        yield Reason(code="empty", detail="There was no document in the reply")
    else:
        target = slot.style.words
        detail = f"It had {words} words: write about {target}"
        if words < round(target * (1 - tolerance)):
            yield Reason(code="too_short", detail=detail)
        elif words > round(target * (1 + tolerance)):
            yield Reason(code="too_long", detail=detail)


def _unquoted(draft: Draft, sightings: Iterable[FactSighting]) -> Iterator[Quote]:
    """Passages that were found without a quote that stands in the text, so that whoever reads the corpus finds them."""
    by_quote = (s for s in sightings if s.detector == "quote" and s.verdict != "contradicted")
    for sighting in by_quote:
        passage = draft.text[sighting.start : sighting.end]
        own = [quote.text for quote in draft.quotes if quote.fact == sighting.fact]
        if passage not in own and not any(find_normalised(draft.text, text) for text in own):
            yield Quote(fact=sighting.fact, text=passage)


def missing_facts(slot: Slot, sightings: Iterable[FactSighting], text: str) -> Iterator[Reason]:
    """Assigned facts that the text does not express, contradicts, or states although they should be implied."""
    sightings = tuple(sightings)
    present = expressed_facts(sightings)
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


def _leaks(findings: Iterable[Finding], denials: Collection[tuple[int, int]]) -> Iterator[Reason]:
    """A reason for each serious finding, except those that repeat a denial (its start and end)."""
    for finding in findings:
        repeats = finding.detector == "in_sentence" and (finding.start, finding.end) in denials
        if finding.severity == "error" and not repeats:
            yield Reason(code="leak", subject=finding.rule, detail=finding.explanation, evidence=finding.evidence)
