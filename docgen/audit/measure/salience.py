"""Measures how present each fact is in a corpus, against what was asked: a tally built document by document."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Literal

from docgen.audit.detect.facts import FactSighting, FactVerdict
from docgen.audit.measure.calibration import Calibration
from docgen.audit.measure.intervals import sampled_share, share_of
from docgen.audit.measure.salience_report import FactExample, FactPresence, SalienceReport, TypeShare
from docgen.records import Document, Prominence
from docgen.text import sentence_pieces, token_estimate, trimmed
from docgen.universe import UniverseContext, roles_of

__all__ = ["FactExample", "FactPresence", "SalienceReport", "SalienceTally", "TypeShare", "presence"]

BINS = 10
"""First mentions are counted in tenths of the document."""
EXAMPLES = 3
"""Example passages for each fact, each by a different detector. Chosen: what a reader of the report will look at."""
AROUND = 120
"""Characters of text shown before and after an example. Chosen: about one sentence."""
CENTRAL_SHARE, PASSING_SHARE = 0.2, 0.08
"""Shares of the text from which a fact counts as central, and below which one sentence counts as passing.

Chosen, not calibrated: docs/audit.md calls the measured prominence a heuristic.
"""

Outcome = Literal["stated", "implied", "contradicted", "absent"]


class _FactTally:
    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.detectors: Counter[str] = Counter()
        self.prominence: Counter[Prominence] = Counter()
        self.prominence_asked: Counter[Prominence] = Counter()
        self.first = [0] * BINS
        self.types: Counter[str] = Counter()
        self.types_asked: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()
        self.examples: list[FactExample] = []
        self.tokens = self.assigned = self.implied_asked = self.unassigned = self.missed = 0
        self.presupposed = self.presupposed_said = 0

    def show(self, example: FactExample) -> None:
        """Keep the example if it is the first by its detector and there are fewer than `EXAMPLES`."""
        if len(self.examples) < EXAMPLES and all(example.detector != shown.detector for shown in self.examples):
            self.examples.append(example)

    def merge(self, later: "_FactTally") -> None:
        for name in ("outcomes", "detectors", "prominence", "prominence_asked", "types", "types_asked", "judged"):
            getattr(self, name).update(getattr(later, name))
        for name in ("tokens", "assigned", "implied_asked", "unassigned", "missed", "presupposed", "presupposed_said"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.first = [a + b for a, b in zip(self.first, later.first, strict=True)]
        for example in later.examples:
            self.show(example)


class SalienceTally:
    """Counts documents one at a time; memory does not grow with their number."""

    def __init__(self, context: UniverseContext) -> None:
        self._facts = context.key_facts
        self._place = {fact.id: i for i, fact in enumerate(context.key_facts)}
        self._tallies = [_FactTally() for _ in context.key_facts]
        self._together = [[0] * len(self._facts) for _ in self._facts]
        self._types: Counter[str] = Counter()
        self._documents = self._tokens = self._background = self._judged = self._on_facts = 0
        self._granted: dict[frozenset[str], frozenset[str]] = {}
        self._context = context
        self._planned = False

    def add(self, document: Document, sightings: Sequence[FactSighting]) -> None:
        """Count one document."""
        self._documents += 1
        self._tokens += token_estimate(document.text)
        self._types[document.doc_type] += 1
        by_fact: dict[str, list[FactSighting]] = {}
        for sighting in sightings:
            by_fact.setdefault(sighting.fact, []).append(sighting)
        spans = sentence_pieces(document.text) if by_fact else []
        expressed = [fact for fact, of_fact in by_fact.items() if self._count(document, fact, of_fact, spans)]
        self._on_facts += self._tokens_on(document, by_fact, spans)
        self._background += not expressed
        places = sorted(self._place[fact] for fact in expressed)
        for i in places:
            for j in places:
                self._together[i][j] += 1
        self._count_plan(document, frozenset(expressed))

    def add_judged(self, verdicts: Mapping[str, str]) -> None:
        """Count a judge's verdicts (stated, implied, contradicted, absent) on one document of the sample."""
        self._judged += 1
        for fact, verdict in verdicts.items():
            self._tallies[self._place[fact]].judged[verdict] += 1

    def merge(self, later: "SalienceTally") -> None:
        """Add a tally of later documents, counted with the same context."""
        self._documents += later._documents
        self._tokens += later._tokens
        self._background += later._background
        self._judged += later._judged
        self._on_facts += later._on_facts
        self._planned |= later._planned
        self._types.update(later._types)
        for tally, later_tally in zip(self._tallies, later._tallies, strict=True):
            tally.merge(later_tally)
        for row, later_row in zip(self._together, later._together, strict=True):
            row[:] = [a + b for a, b in zip(row, later_row, strict=True)]

    def _count(
        self, document: Document, fact: str, sightings: Sequence[FactSighting], spans: Sequence[tuple[int, int]]
    ) -> bool:
        """Count one fact in one document, and return whether the document expresses it."""
        tally, verdict = self._tallies[self._place[fact]], presence(sightings)
        tally.outcomes[verdict] += 1
        if len(tally.examples) < EXAMPLES:
            tally.show(_example(document, sightings[0]))
        expressing = [s for s in sightings if s.verdict != "contradicted"]
        if not expressing:
            return False
        tally.detectors.update(sorted({sighting.detector for sighting in expressing}))
        fact_spans = _sentences_with(document.text, spans, expressing)
        tally.tokens += sum(token_estimate(document.text[start:end]) for start, end in fact_spans)
        length = max(1, len(document.text))
        tally.first[min(BINS - 1, BINS * expressing[0].start // length)] += 1
        tally.prominence[_prominence(fact_spans, length)] += 1
        tally.types[document.doc_type] += 1
        return True

    def _count_plan(self, document: Document, expressed: frozenset[str]) -> None:
        if document.facts is None:
            return
        self._planned = True
        for assigned in document.facts:
            if assigned.fact in self._place:
                tally = self._tallies[self._place[assigned.fact]]
                tally.assigned += 1
                tally.implied_asked += assigned.directness == "implied"
                tally.prominence_asked[assigned.prominence] += 1
                tally.types_asked[document.doc_type] += 1
                tally.missed += assigned.fact not in expressed
        assigned_facts = document.assigned or frozenset()
        granted = self._granted_with(assigned_facts)
        for fact in granted:
            tally = self._tallies[self._place[fact]]
            tally.presupposed += 1
            tally.presupposed_said += fact in expressed
        for fact in expressed - assigned_facts - granted:
            self._tallies[self._place[fact]].unassigned += 1

    def _granted_with(self, assigned: frozenset[str]) -> frozenset[str]:
        """Facts that documents with these may take for granted; cached, as a plan has few different sets of facts."""
        if assigned not in self._granted:
            self._granted[assigned] = roles_of(self._context, assigned).granted
        return self._granted[assigned]

    def _tokens_on(
        self, document: Document, by_fact: Mapping[str, list[FactSighting]], spans: Sequence[tuple[int, int]]
    ) -> int:
        """Tokens of the document in sentences that express at least one of its assigned facts."""
        expressing = [
            s for fact in document.assigned or () for s in by_fact.get(fact, ()) if s.verdict != "contradicted"
        ]
        fact_spans = _sentences_with(document.text, spans, expressing) if expressing else []
        return sum(token_estimate(document.text[start:end]) for start, end in fact_spans)

    def report(self, calibration: Calibration | None = None) -> SalienceReport:
        """The report on all documents counted so far; it cites `calibration`."""
        return SalienceReport(
            documents=self._documents,
            tokens=self._tokens,
            background=share_of(self._background, self._documents),
            on_facts=self._on_facts / self._tokens if self._tokens else 0.0,
            facts={fact.id: self._presence(i) for i, fact in enumerate(self._facts)},
            together=tuple(tuple(row) for row in self._together),
            calibration=calibration.cited() if calibration else "",
            detection=calibration.facts_overall if calibration else None,
        )

    def _presence(self, place: int) -> FactPresence:
        fact, tally, n = self._facts[place], self._tallies[place], self._documents
        stated, implied = tally.outcomes["stated"], tally.outcomes["implied"]
        judged = tally.judged["stated"] + tally.judged["implied"]
        return FactPresence(
            fact=fact.id,
            statement=fact.statement,
            asked=fact.salience,
            planned=tally.assigned / n if self._planned and n else None,
            measured=(stated + implied) / n if n else 0.0,
            expressed=share_of(stated + implied, n),
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
            types=tuple(_type_shares(self._types, tally.types, tally.types_asked)),
            examples=tuple(tally.examples),
            judged=sampled_share(judged, self._judged, n) if self._judged else None,
            judged_verdicts=dict(tally.judged),
        )


def presence(sightings: Iterable[FactSighting]) -> FactVerdict:
    """The verdict of one fact's sightings (at least one) together: contradicted before stated before implied."""
    verdicts = {sighting.verdict for sighting in sightings}
    order: tuple[FactVerdict, ...] = ("contradicted", "stated", "implied")
    return next(verdict for verdict in order if verdict in verdicts)


def _sentences_with(
    text: str, spans: Sequence[tuple[int, int]], sightings: Iterable[FactSighting]
) -> list[tuple[int, int]]:
    """The sentences, out of `spans` in order, that overlap a sighting; white space at their ends is cut off."""
    places: set[int] = set()
    for sighting in sightings:
        first = bisect_right(spans, sighting.start, key=itemgetter(1))
        places.update(range(first, bisect_left(spans, sighting.end, lo=first, key=itemgetter(0))))
    return [span for place in sorted(places) if (span := trimmed(text, *spans[place]))]


def _example(document: Document, sighting: FactSighting) -> FactExample:
    start, end = sighting.start, sighting.end
    return FactExample(
        document=document.id,
        verdict=sighting.verdict,
        detector=sighting.detector,
        before=document.text[max(0, start - AROUND) : start],
        evidence=document.text[start:end],
        after=document.text[end : end + AROUND],
    )


def _prominence(fact_spans: Sequence[tuple[int, int]], length: int) -> Prominence:
    """How prominent a fact seems to be, by the position and length of its sentences.

    Central: a fifth of the text, or two sentences, one of them in the first quarter. Passing: one short sentence.
    """
    share = sum(end - start for start, end in fact_spans) / length
    early = any(start < length / 4 for start, _ in fact_spans)
    if share >= CENTRAL_SHARE or (len(fact_spans) > 1 and early):
        return "central"
    return "passing" if len(fact_spans) <= 1 and share < PASSING_SHARE else "supporting"


def _type_shares(
    documents: Mapping[str, int], expressed: Mapping[str, int], asked: Mapping[str, int]
) -> Iterable[TypeShare]:
    for name in sorted(documents):
        share = share_of(expressed.get(name, 0), documents[name])
        yield TypeShare(doc_type=name, asked=asked.get(name, 0), expressed=share)
