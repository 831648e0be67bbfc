"""Which key facts a text expresses, by wording alone: fast, deterministic, blind to free rewording.

Cheapest detector first: exact or normalised wording, the context's paraphrases and implications, near-verbatim wording,
and the writer's own quoted evidence. Only a judge can recognise a free rewording (`docgen.audit.judge.requests`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from docgen.audit.detect.facts.known_wordings import Hit, WordingIndex, Words, content_prefixes, words_of
from docgen.audit.detect.facts.negation import differ_in_negation
from docgen.audit.detect.facts.passage_verdict import (
    FactMarks,
    FactVerdict,
    find_quote,
    marks_of,
    passage_verdict,
)
from docgen.audit.detect.leaks.denial import sentence_around, stance
from docgen.records import Quote
from docgen.text import SENTENCE_BREAK
from docgen.universe import KeyFact, UniverseContext

__all__ = [
    "Detector",
    "FactDetector",
    "FactSighting",
    "FactVerdict",
    "Wording",
    "expressed_facts",
    "in_its_sentence",
    "is_sighted",
]

Detector = Literal["statement", "paraphrase", "implication", "near_verbatim", "quote", "judge"]

MIN_GRAM_SHARE = 0.4
"""Share of a wording's three-word grams that must be there before its words are compared one by one."""
MAX_LENGTH_RATIO = 1.6
"""A near-verbatim passage is at most this many times as long as the wording."""


@dataclass(frozen=True)
class FactSighting:
    """One passage, text[start:end], that expresses a fact, or denies it ("contradicted")."""

    fact: str
    verdict: FactVerdict
    detector: Detector
    start: int
    end: int


@dataclass(frozen=True)
class Wording:
    """One known wording of a fact, compiled."""

    fact: str
    verdict: FactVerdict
    detector: Detector
    text: str
    words: tuple[str, ...]
    stems: frozenset[str]


def expressed_facts(sightings: Iterable[FactSighting]) -> frozenset[str]:
    """Ids of the facts that are stated or implied somewhere."""
    return frozenset(sighting.fact for sighting in sightings if sighting.verdict != "contradicted")


class FactDetector:
    """Finds the key facts of one context in texts. Compiled once, then pure; safe to share between threads."""

    def __init__(self, context: UniverseContext) -> None:
        self.wordings = tuple(wording for fact in context.key_facts for wording in _wordings(fact))
        self._index = WordingIndex([wording.words for wording in self.wordings], least=MIN_GRAM_SHARE, complete=True)
        self._context = context

    @cached_property
    def marks(self) -> dict[str, FactMarks]:
        """How each fact is recognised in a quote; only worked out for documents with quotes."""
        return {fact.id: marks_of(fact, self._context.speaks.stemmer) for fact in self._context.key_facts}

    def detect(self, text: str, quotes: Sequence[Quote] = ()) -> tuple[FactSighting, ...]:
        """All sightings in `text`, in order of place; `quotes` are the writer's own claims, checked before use.

        A quote counts when its words occur in the text, it has four words or more, and `passage_verdict` finds the fact
        in it.
        """
        words, sightings = words_of(text), list[FactSighting]()
        for hit in self._index.hits(words.words):
            candidate = self._wording(words, hit)
            if candidate and not is_sighted(candidate.fact, (candidate.start, candidate.end), sightings):
                sightings += in_its_sentence(text, candidate)
        for quote in quotes:
            candidate = self._quoted(text, quote, sightings)
            sightings += in_its_sentence(text, candidate) if candidate else ()
        return tuple(sorted(sightings, key=lambda s: (s.start, s.end, s.fact)))

    def _wording(self, words: Words, hit: Hit) -> FactSighting | None:
        wording = self.wordings[hit.wording]
        if hit.exact:
            return FactSighting(wording.fact, wording.verdict, wording.detector, *words.span(hit.first, hit.last))
        return _near_verbatim(words, hit, wording, self._context.speaks.stemmer)

    def _quoted(self, text: str, quote: Quote, sightings: Sequence[FactSighting]) -> FactSighting | None:
        """The sighting in a quote, if it is evidence of a known fact that was not sighted there before."""
        span = find_quote(text, quote.text) if quote.fact in self.marks else None
        if span is None or is_sighted(quote.fact, span, sightings):
            return None
        verdict = passage_verdict(text, *span, self.marks[quote.fact])
        return FactSighting(quote.fact, verdict, "quote", *span) if verdict else None


def _wordings(fact: KeyFact) -> Iterator[Wording]:
    yield _wording(fact.id, "stated", "statement", fact.statement)
    for text in fact.paraphrases:
        yield _wording(fact.id, "stated", "paraphrase", text)
    for text in fact.implications:
        yield _wording(fact.id, "implied", "implication", text)


def _wording(fact: str, verdict: FactVerdict, detector: Detector, text: str) -> Wording:
    words = tuple(Words(text).words)
    return Wording(fact, verdict, detector, text, words, content_prefixes(words))


def in_its_sentence(text: str, sighting: FactSighting) -> list[FactSighting]:
    """The sighting as its sentence means it: contradicted when denied there, none when only asked about or supposed."""
    sentence_stance = stance(text, sighting.start, sighting.end)
    if sentence_stance == "denied":
        return [replace(sighting, verdict="contradicted")]
    return [sighting] if sentence_stance == "asserted" else []


def is_sighted(fact: str, span: tuple[int, int], sightings: Iterable[FactSighting]) -> bool:
    """Whether the fact was already sighted here: the first detector's sighting is kept."""
    return any(s.fact == fact and span[0] < s.end and s.start < span[1] for s in sightings)


def _near_verbatim(words: Words, hit: Hit, wording: Wording, stemmer: str) -> FactSighting | None:
    """An edited wording: every content word is still there, in one passage that is not much longer; one more negation
    of its words denies it."""
    size = len(wording.words)
    window = range(max(0, hit.last + 1 - size - 3), min(len(words.words), hit.first + size + 3))
    first, last = _within_sentence(words, hit, min(hit.first, window.start), max(hit.last, window.stop - 1))
    first, last = _tighten(words.words, *_whole_sentence(words, first, last, wording), wording)
    passage = words.words[first : last + 1]
    if len(passage) > MAX_LENGTH_RATIO * size + 3 or not wording.stems <= content_prefixes(passage):
        return None
    span = words.span(first, last)
    is_denied = differ_in_negation(words.text[slice(*span)], wording.text, stemmer)
    verdict: FactVerdict = "contradicted" if is_denied else wording.verdict
    return FactSighting(wording.fact, verdict, "near_verbatim", *span)


def _within_sentence(words: Words, hit: Hit, first: int, last: int) -> tuple[int, int]:
    """The window cut to the sentences of the hit: a negation in the next sentence denies nothing."""
    left, right = sentence_around(words.text, *words.span(hit.first, hit.last))
    while first < hit.first and words.span(first, first)[0] < left:
        first += 1
    while last > hit.last and words.span(last, last)[1] > right:
        last -= 1
    return first, last


def _whole_sentence(words: Words, first: int, last: int, wording: Wording) -> tuple[int, int]:
    """The sentence of the window that holds the wording by itself; the window if it takes several.

    Names of a fact stand in the sentences around it too, whose negations deny nothing.
    """
    ends = [place for place in range(first, last) if SENTENCE_BREAK.search(words.text, *words.span(place, place + 1))]
    for start, end in pairwise([first - 1, *ends, last]):
        if wording.stems <= content_prefixes(words.words[start + 1 : end + 1]):
            return start + 1, end
    return first, last


def _tighten(words: Sequence[str], first: int, last: int, wording: Wording) -> tuple[int, int]:
    """The window without words at its ends that the wording does not have."""
    wording_words = set(wording.words)
    while first < last and words[first] not in wording_words:
        first += 1
    while last > first and words[last] not in wording_words:
        last -= 1
    return first, last
