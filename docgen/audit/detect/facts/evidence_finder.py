"""Finds the passages in which a document expresses its assigned facts: known wordings, the writer's quotes, figures.

The check decides whether a fact is there at all; how well it is expressed, a judge decides. So a quote that occurs in
the text counts even if it shares no word with its fact (it is marked as unclear). A fact without a quote that stands in
the text is looked for by its figures and by its own words, against those of the world's other facts.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docgen.audit.detect.facts.fact_detector import FactDetector, FactSighting, in_its_sentence, is_sighted
from docgen.audit.detect.facts.passage_verdict import find_quote, is_denied, passage_verdict
from docgen.records import AssignedFact, Finding, Quote
from docgen.text import sentences
from docgen.text.normalised_numbers import figures
from docgen.text.stems import content_stems
from docgen.universe import UniverseContext

__all__ = ["UNCLEAR", "Evidence", "EvidenceFinder"]

UNCLEAR = "unclear_evidence"
"""Rule of the finding for a quote that occurs in the text but shares no word with its fact: a judge has to look."""
OWN_WORDS = 0.45
"""Share of a statement's stems, weighted by how few other statements have them, that states it without a quote.

The passage must hold no other statement to a greater share: facts of one world share their words. In the documents of
`bench/written/`, without their quotes, 640 of 649 stated facts are found, and 30 of 1,142 that a document leaves out
(with 0.5, 637 and 18; with 0.4, 642 and 41). Half of a statement's plain stems instead found 88 of the 382 left out
of the documents on shipped contexts.
"""
DATE = re.compile(r"1\d{3}|20\d{2}|\d{4}-.*")
"""A year, month or day as `figures` gives it."""


@dataclass(frozen=True)
class Evidence:
    """Sightings of facts, and the quotes that only a judge can assess."""

    sightings: tuple[FactSighting, ...]
    unclear: tuple[Finding, ...] = ()


class EvidenceFinder:
    """Finds the assigned facts of one context in documents. Built once; `find` is pure."""

    def __init__(self, context: UniverseContext) -> None:
        self._wordings = FactDetector(context)
        self._stemmer = context.speaks.stemmer
        self._marks = self._wordings.marks
        self._measures = {fact: _without_dates(marks.figures) for fact, marks in self._marks.items()}
        statements = [marks.statement for marks in self._marks.values()]
        spread = Counter(stem for statement in statements for stem in statement)
        self._weights = {stem: math.log((len(statements) + 1) / count) for stem, count in spread.items()}

    def find(self, text: str, assigned: Iterable[AssignedFact], quotes: Sequence[Quote]) -> Evidence:
        """Sightings of any fact by known wordings, and of the assigned facts by quotes and figures."""
        sightings, unclear = list(self._wordings.detect(text)), list[Finding]()
        for fact in assigned:
            is_seen = any(s.fact == fact.fact and s.verdict != "contradicted" for s in sightings)
            own_quotes = [quote.text for quote in quotes if quote.fact == fact.fact]
            spans = [span for quote in own_quotes if (span := find_quote(text, quote))]
            if is_seen:  # what a known wording showed there stays
                spans = [span for span in spans if not is_sighted(fact.fact, span, sightings)]
            new = [in_its_sentence(text, s) for span in spans if (s := self._by_quote(text, fact.fact, span))]
            if not is_seen and not new:
                new = [in_its_sentence(text, s) for s in self._unquoted(text, fact.fact)][:1]
            sightings += [s for meant in new for s in meant if not is_sighted(s.fact, (s.start, s.end), sightings)]
            if spans and not is_seen and not new:
                sightings.append(FactSighting(fact.fact, "implied", "quote", *spans[0]))
                unclear.append(_unclear(text, fact.fact, spans[0]))
        return Evidence(tuple(sorted(sightings, key=lambda s: (s.start, s.end, s.fact))), tuple(unclear))

    def _by_quote(self, text: str, fact: str, span: tuple[int, int]) -> FactSighting | None:
        """The sighting of a fact in a quoted passage or its neighbouring sentences, which often name the subject."""
        marks = self._marks[fact]
        if verdict := passage_verdict(text, *span, marks):
            return FactSighting(fact, verdict, "quote", *span)
        around = _widened(text, span)
        near = content_stems(text[around[0] : around[1]], self._stemmer) & marks.related
        return FactSighting(fact, "implied", "quote", *span) if near else None

    def _unquoted(self, text: str, fact: str) -> Iterator[FactSighting]:
        """Passages that state or deny a fact: those with its figures and some words, then the one most its own."""
        marks, spans = self._marks[fact], list(sentences(text))
        pairs = [(first[0], last[1]) for first, last in pairwise(spans)]
        if marks.figures and marks.figures <= figures(text):
            for start, end in [*spans, *pairs]:
                verdict = (
                    passage_verdict(text, start, end, marks) if marks.figures <= figures(text[start:end]) else None
                )
                if verdict in ("stated", "contradicted"):
                    yield FactSighting(fact, verdict, "quote", start, end)
        for places in (spans, pairs):
            shares = [self._own_share(text[start:end], fact) for start, end in places]
            if (best := max(shares, default=0.0)) >= OWN_WORDS:
                start, end = places[shares.index(best)]
                verdict = "contradicted" if is_denied(text, start, end, marks) else "stated"
                yield FactSighting(fact, verdict, "quote", start, end)

    def _own_share(self, passage: str, fact: str) -> float:
        """The weighted share of a fact's stems in a passage; 0 where another fact has a greater share, or figures lack.

        A date may be missing, which "this year" often stands for.
        """
        stems, measures = content_stems(passage, self._stemmer), self._measures[fact]
        share = self._share(self._marks[fact].statement, stems)
        if share < OWN_WORDS or (measures and not measures <= figures(passage)):
            return 0.0
        return share if share >= max(self._share(other.statement, stems) for other in self._marks.values()) else 0.0

    def _share(self, statement: frozenset[str], stems: frozenset[str]) -> float:
        whole = math.fsum(self._weights[stem] for stem in statement)
        return math.fsum(self._weights[stem] for stem in statement & stems) / whole if whole else 0.0


def _without_dates(exact: Iterable[str]) -> frozenset[str]:
    return frozenset(figure for figure in exact if not DATE.fullmatch(figure))


def _widened(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """The span, extended to its sentences, the one before and the one after."""
    spans = list(sentences(text))
    inside = [i for i, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]
    if not inside:
        return span
    return spans[max(0, inside[0] - 1)][0], spans[min(len(spans) - 1, inside[-1] + 1)][1]


def _unclear(text: str, fact: str, span: tuple[int, int]) -> Finding:
    return Finding(
        rule=UNCLEAR,
        severity="info",
        detector="quote",
        start=span[0],
        end=span[1],
        evidence=text[span[0] : span[1]],
        explanation=f"quoted for {fact}, but shares no word with it",
    )
