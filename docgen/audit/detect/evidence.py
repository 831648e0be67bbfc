"""Where a document expresses the facts it was assigned: known wordings, the writer's own quotes, figures and names.

The check asks whether a fact is there at all; how well it is expressed is for a judge to say. So a quote that stands in
the text counts although its words are all its own, and is marked, and a fact with figures is found without a quote.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docgen.audit.detect.denial import stance
from docgen.audit.detect.facts import FactDetector, FactSighting, FactVerdict
from docgen.audit.detect.known_wordings import Words, evidence_weight, words_of
from docgen.records import AssignedFact, Finding, Quote
from docgen.text import sentences
from docgen.text.figures import MONTHS, figures
from docgen.text.stems import content_stems
from docgen.universe import KeyFact, UniverseContext

__all__ = ["UNCLEAR", "Evidence", "EvidenceFinder"]

UNCLEAR = "unclear_evidence"
"""The finding of a quote that stands in the text and shares no word with its fact: a judge has to look."""
SHORTEST_QUOTE = 4
"""Words below which a writer's quote is evidence of nothing; see `evidence_weight` for scripts without spaces."""
STATED, WITH_FIGURES = 0.5, 0.33
"""Share of a statement's stems that states it, and of those of its matter that do so with all of its figures."""


@dataclass(frozen=True)
class Evidence:
    """What was found of the assigned facts, and the quotes that only a judge can weigh."""

    sightings: tuple[FactSighting, ...]
    unclear: tuple[Finding, ...] = ()


UNITS = content_stems(
    "hundred thousand million billion trillion euro pound dollar percent per cent " + " ".join(MONTHS)
)
"""Words that a figure may be written with, or without."""


@dataclass(frozen=True)
class _Marks:
    """What a fact is known by: stems of its statement (`matter`: without figures), of all said of it, its figures."""

    statement: frozenset[str]
    matter: frozenset[str]
    related: frozenset[str]
    figures: frozenset[str]


class EvidenceFinder:
    """Finds assigned facts of one context in documents. Compiled once, then pure."""

    def __init__(self, context: UniverseContext) -> None:
        self._wordings = FactDetector(context)
        self._stemmer = context.speaks.stemmer
        self._marks = {fact.id: _marks(fact, self._stemmer) for fact in context.key_facts}

    def find(self, text: str, assigned: Iterable[AssignedFact], quotes: Sequence[Quote]) -> Evidence:
        """All that wording shows of any fact, and what quotes and figures show of the assigned ones."""
        sightings, unclear = list(self._wordings.detect(text)), list[Finding]()
        for fact in assigned:
            known = any(s.fact == fact.fact and s.verdict != "contradicted" for s in sightings)
            spans = [span for quote in quotes if quote.fact == fact.fact and (span := _place(text, quote.text))]
            shown = [_meant(text, s) for span in spans if (s := self._shown(text, fact.fact, span))]
            shown += [] if known or shown else [_meant(text, s) for s in self._by_figures(text, fact.fact)][:1]
            sightings += [s for s in shown if s is not None and not _repeats(s, sightings)]
            if spans and not known and not shown:
                sightings.append(FactSighting(fact.fact, "implied", "quote", *spans[0]))
                unclear.append(_unclear(text, fact.fact, spans[0]))
        return Evidence(tuple(sorted(sightings, key=lambda s: (s.start, s.end, s.fact))), tuple(unclear))

    def _shown(self, text: str, fact: str, span: tuple[int, int]) -> FactSighting | None:
        """What a quoted passage shows of its fact; the sentences beside it count, which often name the subject."""
        marks, passage = self._marks[fact], text[span[0] : span[1]]
        if verdict := _verdict(marks, passage, self._stemmer):
            return FactSighting(fact, verdict, "quote", *span)
        around = _widened(text, span)
        near = content_stems(text[around[0] : around[1]], self._stemmer) & marks.related
        return FactSighting(fact, "implied", "quote", *span) if near else None

    def _by_figures(self, text: str, fact: str) -> Iterator[FactSighting]:
        """Two neighbouring sentences with all figures of a fact and a good part of its words."""
        marks = self._marks[fact]
        if not marks.figures or not marks.figures <= figures(text):
            return
        spans = list(sentences(text))
        for start, end in [*spans, *((first[0], last[1]) for first, last in pairwise(spans))]:
            if _verdict(marks, text[start:end], self._stemmer) == "stated" and marks.figures <= figures(
                text[start:end]
            ):
                yield FactSighting(fact, "stated", "quote", start, end)


def _marks(fact: KeyFact, stemmer: str) -> _Marks:
    said = "\n".join((*fact.wordings, *fact.implications, *fact.entities))
    statement = content_stems(fact.statement, stemmer)
    matter = frozenset(stem for stem in statement - UNITS if not stem.isdigit())
    return _Marks(statement, matter, content_stems(said, stemmer), figures(fact.statement))


def _verdict(marks: _Marks, passage: str, stemmer: str) -> FactVerdict | None:
    stems = content_stems(passage, stemmer)
    if marks.statement and len(stems & marks.statement) >= STATED * len(marks.statement):
        return "stated"
    if marks.figures and len(stems & marks.matter) >= WITH_FIGURES * len(marks.matter):
        return "stated" if marks.figures <= figures(passage) else "implied"
    return "implied" if stems & marks.related else None


def _place(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote stands in the text, if it is long enough to be evidence."""
    return words_of(text).find(quote) if evidence_weight(Words(quote).words) >= SHORTEST_QUOTE else None


def _widened(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """The span with the sentence before it and the one after it."""
    spans = list(sentences(text))
    inside = [i for i, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]
    if not inside:
        return span
    return spans[max(0, inside[0] - 1)][0], spans[min(len(spans) - 1, inside[-1] + 1)][1]


def _meant(text: str, sighting: FactSighting) -> FactSighting | None:
    """The sighting as its sentence means it: contradicted when denied there, none when only asked or supposed."""
    meant = stance(text, sighting.start, sighting.end)
    if meant == "denied":
        return FactSighting(sighting.fact, "contradicted", sighting.detector, sighting.start, sighting.end)
    return sighting if meant == "asserted" else None


def _repeats(sighting: FactSighting, sightings: Iterable[FactSighting]) -> bool:
    """Whether the fact was seen in this place: the first detector's sighting stands."""
    return any(s.fact == sighting.fact and sighting.start < s.end and s.start < sighting.end for s in sightings)


def _unclear(text: str, fact: str, span: tuple[int, int]) -> Finding:
    return Finding(
        rule=UNCLEAR,
        severity="info",
        detector="quote",
        start=span[0],
        end=span[1],
        evidence=text[span[0] : span[1]],
        explanation=f"quoted for {fact}, shares no word with it",
    )
