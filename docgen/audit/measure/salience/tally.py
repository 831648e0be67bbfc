"""How present each fact is in a corpus: asked against measured, as a tally over documents."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from docgen.audit.detect.facts.fact_detector import FactSighting, FactVerdict
from docgen.audit.measure.calibration import Calibration
from docgen.audit.measure.intervals import Moments, share_of
from docgen.audit.measure.salience.judge_tally import JudgeTally
from docgen.audit.measure.salience.placement import holding_sentences, prominence_of
from docgen.audit.measure.salience.report import FactExample, FactPresence, SalienceReport, TypeShare
from docgen.records import Document, Prominence
from docgen.text import sentence_pieces, token_estimate
from docgen.universe import UniverseContext, roles_of
from docgen.universe.density_levels import AIRTIME

if TYPE_CHECKING:
    from docgen.audit.judge.verdicts import Judgement

__all__ = ["FactExample", "FactPresence", "SalienceReport", "SalienceTally", "TypeShare", "combine_sightings"]

POSITION_BINS = 10
"""First mentions are counted in tenths of the document."""
MAX_EXAMPLES = 3
"""Passages kept for each fact, of different detectors."""
CONTEXT_CHARS = 120
"""Characters shown on either side of a passage: fewer than for a finding, since each fact has three."""

Outcome = Literal["stated", "implied", "contradicted", "absent"]


class _FactTally:
    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.detectors: Counter[str] = Counter()
        self.prominence: Counter[Prominence] = Counter()
        self.prominence_asked: Counter[Prominence] = Counter()
        self.first = [0] * POSITION_BINS
        self.types: Counter[str] = Counter()
        self.types_asked: Counter[str] = Counter()
        self.judge = JudgeTally()
        self.examples: list[FactExample] = []
        self.tokens = self.assigned = self.implied_asked = self.unassigned = self.missed = 0
        self.presupposed = self.presupposed_said = 0

    def show(self, example: FactExample) -> None:
        """Keep the first example of a detector, of the first few detectors."""
        if len(self.examples) < MAX_EXAMPLES and all(example.detector != shown.detector for shown in self.examples):
            self.examples.append(example)

    def merge(self, later: "_FactTally") -> None:
        for name in ("outcomes", "detectors", "prominence", "prominence_asked", "types", "types_asked"):
            getattr(self, name).update(getattr(later, name))
        for name in ("tokens", "assigned", "implied_asked", "unassigned", "missed", "presupposed", "presupposed_said"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.judge.merge(later.judge)
        self.first = [a + b for a, b in zip(self.first, later.first, strict=True)]
        for example in later.examples:
            self.show(example)


class SalienceTally:
    """Counts documents one by one; memory does not grow with their number."""

    def __init__(self, context: UniverseContext) -> None:
        self._facts = context.key_facts
        self._place = {fact.id: i for i, fact in enumerate(context.key_facts)}
        self._tallies = [_FactTally() for _ in context.key_facts]
        self._together = [[0] * len(self._facts) for _ in self._facts]
        self._types: Counter[str] = Counter()
        self._documents = self._tokens = self._background = self._on_facts = 0
        self._granted: dict[frozenset[str], frozenset[str]] = {}
        self._context = context
        self._planned, self._with_facts = False, 0
        self._airtime = Moments()

    def add(self, document: Document, sightings: Sequence[FactSighting]) -> None:
        """Count one document."""
        self._documents += 1
        self._tokens += token_estimate(document.text)
        self._types[document.doc_type] += 1
        expressed = self._count_sightings(document, sightings) if sightings else []
        self._background += not expressed
        places = sorted(self._place[fact] for fact in expressed)
        for i in places:
            for j in places:
                self._together[i][j] += 1
        self._count_plan(document, frozenset(expressed))

    def _count_sightings(self, document: Document, sightings: Sequence[FactSighting]) -> list[str]:
        """Count what was seen in one document; the facts that it expresses."""
        by_fact: dict[str, list[FactSighting]] = {}
        for sighting in sightings:
            by_fact.setdefault(sighting.fact, []).append(sighting)
        spans = sentence_pieces(document.text)
        expressed = [fact for fact, own in by_fact.items() if self._count(document, fact, own, spans)]
        own = [s for fact in document.assigned or () for s in by_fact.get(fact, ()) if s.verdict != "contradicted"]
        self._on_facts += _tokens_in(document.text, holding_sentences(document.text, spans, own) if own else [])
        return expressed

    def add_judged(self, document: Document, verdicts: Mapping[str, "Judgement"]) -> None:
        """Count a judge's verdicts, by fact, on one document of the sample."""
        assigned = {fact.fact: fact for fact in document.facts or ()}
        granted = frozenset[str]() if document.facts is None else self._granted_with(frozenset(assigned))
        for fact, judgement in verdicts.items():
            tally = self._tallies[self._place[fact]].judge
            tally.add(judgement, assigned.get(fact), may_be_granted=fact in granted)
        own = [verdicts[fact] for fact in assigned if fact in verdicts]
        shares = [judgement.airtime for judgement in own if judgement.verdict in ("stated", "implied")]
        if own and None not in shares:
            self._airtime.add(min(1.0, sum(share or 0.0 for share in shares)))

    def merge(self, later: "SalienceTally") -> None:
        """Count what a tally of the same context counted of documents that follow: the sum is one tally of all."""
        self._documents += later._documents
        self._tokens += later._tokens
        self._background += later._background
        self._on_facts += later._on_facts
        self._planned |= later._planned
        self._with_facts += later._with_facts
        self._airtime.merge(later._airtime)
        self._types.update(later._types)
        for own, other in zip(self._tallies, later._tallies, strict=True):
            own.merge(other)
        for row, more in zip(self._together, later._together, strict=True):
            row[:] = [a + b for a, b in zip(row, more, strict=True)]

    def _count(
        self, document: Document, fact: str, sightings: Sequence[FactSighting], spans: Sequence[tuple[int, int]]
    ) -> bool:
        """Count one fact in one document; whether the document expresses it."""
        tally, verdict = self._tallies[self._place[fact]], combine_sightings(sightings)
        tally.outcomes[verdict] += 1
        if len(tally.examples) < MAX_EXAMPLES:
            first = sightings[0]
            example = FactExample(
                document=document.id,
                verdict=first.verdict,
                detector=first.detector,
                before=document.text[max(0, first.start - CONTEXT_CHARS) : first.start],
                evidence=document.text[first.start : first.end],
                after=document.text[first.end : first.end + CONTEXT_CHARS],
            )
            tally.show(example)
        carrying = [s for s in sightings if s.verdict != "contradicted"]
        if not carrying:
            return False
        tally.detectors.update(sorted({sighting.detector for sighting in carrying}))
        holding = holding_sentences(document.text, spans, carrying)
        tally.tokens += _tokens_in(document.text, holding)
        length = max(1, len(document.text))
        tally.first[min(POSITION_BINS - 1, POSITION_BINS * carrying[0].start // length)] += 1
        tally.prominence[prominence_of(holding, length)] += 1
        tally.types[document.doc_type] += 1
        return True

    def _count_plan(self, document: Document, expressed: frozenset[str]) -> None:
        if document.facts is None:
            return
        self._planned = True
        self._with_facts += bool(document.facts)
        for assigned in document.facts:
            if assigned.fact in self._place:
                tally = self._tallies[self._place[assigned.fact]]
                tally.assigned += 1
                tally.implied_asked += assigned.directness == "implied"
                tally.prominence_asked[assigned.prominence] += 1
                tally.types_asked[document.doc_type] += 1
                tally.missed += assigned.fact not in expressed
        own = document.assigned or frozenset()
        granted = self._granted_with(own)
        for fact in granted:
            tally = self._tallies[self._place[fact]]
            tally.presupposed += 1
            tally.presupposed_said += fact in expressed
        for fact in expressed - own - granted:
            self._tallies[self._place[fact]].unassigned += 1

    def _granted_with(self, assigned: frozenset[str]) -> frozenset[str]:
        """What documents with these facts may take for granted; plans have few sets of facts, so that each is
        cached."""
        if assigned not in self._granted:
            self._granted[assigned] = roles_of(self._context, assigned).granted
        return self._granted[assigned]

    def report(
        self, calibration: Calibration | None = None, is_exact: bool = False, judge: str = "none"
    ) -> SalienceReport:
        """The report on all documents counted so far, citing `calibration`."""
        return SalienceReport(
            documents=self._documents,
            tokens=self._tokens,
            background=share_of(self._background, self._documents),
            on_facts=self._on_facts / self._tokens if self._tokens else 0.0,
            on_facts_asked=AIRTIME[self._context.airtime].facts if self._planned else None,
            on_facts_judged=self._airtime.mean(self._with_facts),
            facts={fact.id: self._presence(i, is_exact) for i, fact in enumerate(self._facts)},
            together=tuple(tuple(row) for row in self._together),
            calibration=f"{calibration.detector} on {calibration.gold}" if calibration else "",
            detection=calibration.facts_overall if calibration else None,
            is_exact=is_exact,
            judge=judge,
        )

    def _presence(self, place: int, is_exact: bool) -> FactPresence:
        fact, tally, n = self._facts[place], self._tallies[place], self._documents
        stated, implied = tally.outcomes["stated"], tally.outcomes["implied"]
        by_judge, expressed = tally.judge.report(n), share_of(stated + implied, n)
        measured = by_judge.expressed.share if by_judge else expressed.share if is_exact else None
        types = [
            TypeShare(doc_type=kind, asked=tally.types_asked[kind], expressed=share_of(tally.types[kind], total))
            for kind, total in sorted(self._types.items())
        ]
        return FactPresence(
            fact=fact.id,
            statement=fact.statement,
            asked=fact.salience,
            planned=tally.assigned / n if self._planned and n else None,
            measured=measured,
            expressed=expressed if is_exact else expressed.model_copy(update={"high": 1.0}),
            stated=stated,
            implied=implied,
            contradicted=tally.outcomes["contradicted"],
            airtime=tally.tokens / self._tokens if self._tokens else 0.0,
            first_mention=tuple(tally.first),
            prominence=dict(tally.prominence),
            prominence_asked=dict(tally.prominence_asked),
            implied_asked=tally.implied_asked,
            unassigned=tally.unassigned,
            missed=tally.missed,
            detectors=dict(tally.detectors),
            presupposed=tally.presupposed,
            presupposed_said=tally.presupposed_said,
            types=tuple(types),
            examples=tuple(tally.examples),
            by_judge=by_judge,
        )


def combine_sightings(sightings: Iterable[FactSighting]) -> FactVerdict:
    """What several sightings of one fact add up to: denials outweigh statements, statements outweigh implications."""
    verdicts = {sighting.verdict for sighting in sightings}
    order: tuple[FactVerdict, ...] = ("contradicted", "stated", "implied")
    return next(verdict for verdict in order if verdict in verdicts)


def _tokens_in(text: str, spans: Iterable[tuple[int, int]]) -> int:
    return sum(token_estimate(text[start:end]) for start, end in spans)
