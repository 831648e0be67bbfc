"""Whether a passage of a document states, implies or denies a fact, by wording alone.

The one place where that is decided: for the check while generating (`evidence_finder`) and for audits, `docgen show`
and the explorer (`fact_detector`). What the words around a passage make of it, `leaks/denial.py` decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from docgen.audit.detect.facts.known_wordings import Words, evidence_weight, words_of
from docgen.audit.detect.facts.negation import differ_in_negation, negation_places, single_stem
from docgen.audit.detect.leaks.denial import stance
from docgen.text import sentences
from docgen.text.normalised_numbers import MONTHS, figures
from docgen.text.stems import content_stems
from docgen.universe import KeyFact

__all__ = [
    "FactMarks",
    "FactVerdict",
    "find_quote",
    "is_denied",
    "marks_of",
    "passage_verdict",
]

FactVerdict = Literal["stated", "implied", "contradicted"]

SHORTEST_QUOTE = 4
"""Words that a quote needs to count as evidence; see `evidence_weight` for scripts without spaces.

Chosen: shorter runs of words recur by chance.
"""
STATED, WITH_FIGURES = 0.5, 0.33
"""Shares of a statement's stems that a passage needs to state it: of all, or of the non-figures if its figures match.

Chosen so that a rewording which keeps half of the content words counts; where all figures match, which is rare by
chance, a third is enough.
"""
FEWEST_MATTER = 2
"""Stems that a wording needs for its denial to be recognised. Chosen: a single word is denied in many other claims."""
UNITS = "hundred thousand million billion trillion euro pound dollar percent per cent " + " ".join(MONTHS)
"""Words that a figure may be written with or without."""


@dataclass(frozen=True)
class FactMarks:
    """How a fact is recognised.

    `statement` are the stems of its statement, `matter` those without figures and units, `related` the stems of all its
    wordings, implications and entities; `figures` are the figures of its statement. `wordings` are its
    statement and paraphrases, each with what a passage must hold to deny it. `stemmer` is Snowball's name, or "".
    """

    statement: frozenset[str]
    matter: frozenset[str]
    related: frozenset[str]
    figures: frozenset[str]
    wordings: tuple[tuple[str, frozenset[str]], ...]
    stemmer: str


def marks_of(fact: KeyFact, stemmer: str) -> FactMarks:
    """How `fact` is recognised in the language of `stemmer`."""
    related = "\n".join((*fact.wordings, *fact.implications, *fact.entities))
    statement = content_stems(fact.statement, stemmer)
    return FactMarks(
        statement,
        _without_figures(statement),
        content_stems(related, stemmer),
        figures(fact.statement),
        tuple((text, _deniable(Words(text).words, stemmer)) for text in fact.wordings),
        stemmer,
    )


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote occurs in the text; None if it does not, or is too short to be evidence."""
    return words_of(text).find(quote) if evidence_weight(Words(quote).words) >= SHORTEST_QUOTE else None


def passage_verdict(text: str, start: int, end: int, marks: FactMarks) -> FactVerdict | None:
    """What text[start:end] says of a fact; None if it shares no word with it."""
    passage = text[start:end]
    stems = content_stems(passage, marks.stemmer)
    if _is_denied(text, start, end, marks, stems):
        return "contradicted"
    if marks.statement and len(stems & marks.statement) >= STATED * len(marks.statement):
        return "stated"
    if marks.figures and len(stems & marks.matter) >= WITH_FIGURES * len(marks.matter):
        return "stated" if marks.figures <= figures(passage) else "implied"
    return "implied" if stems & marks.related else None


def is_denied(text: str, start: int, end: int, marks: FactMarks) -> bool:
    """Whether text[start:end] denies a wording of the fact whose content words it holds, figures aside.

    A word that is missing may have been replaced by its opposite ("does not take seriously" for "dismisses"), so
    without one of them a negation proves nothing. A passage that also holds a wording with its own negations expresses
    the fact.
    """
    return _is_denied(text, start, end, marks, content_stems(text[start:end], marks.stemmer))


def _is_denied(text: str, start: int, end: int, marks: FactMarks, stems: frozenset[str]) -> bool:
    readings = [
        _denies(text, *place, wording, matter, marks.stemmer)
        for wording, matter in marks.wordings
        if len(matter) >= FEWEST_MATTER and matter <= stems
        for place in _places(text, start, end, matter, marks.stemmer)
    ]
    return bool(readings) and all(readings)


def _without_figures(stems: frozenset[str]) -> frozenset[str]:
    return frozenset(stem for stem in stems - _unit_stems() if not stem.isdigit())


@cache
def _unit_stems() -> frozenset[str]:
    return content_stems(UNITS)


def _deniable(words: Sequence[str], stemmer: str) -> frozenset[str]:
    """The stems of a wording without its figures and negations."""
    left_out = {place - back for place in negation_places(words) for back in range(2 if words[place] == "t" else 1)}
    plain = [word for place, word in enumerate(words) if place not in left_out]
    return _without_figures(content_stems(plain, stemmer))


def _places(text: str, start: int, end: int, matter: frozenset[str], stemmer: str) -> Iterator[tuple[int, int]]:
    """The sentences of text[start:end] that hold `matter` each by itself; all of it, which does, if none does."""
    spans = [(start + first, start + last) for first, last in sentences(text[start:end])]
    alone = [span for span in spans if matter <= content_stems(text[slice(*span)], stemmer)]
    yield from alone or [(start, end)]


def _denies(text: str, start: int, end: int, wording: str, matter: frozenset[str], stemmer: str) -> bool:
    """Whether text[start:end], which holds `matter`, denies the wording: by its negations or by a rejecting frame."""
    passage, wording_words = Words(text[start:end]), frozenset(Words(wording).words)
    if differ_in_negation(text[start:end], wording, stemmer):
        return True
    first, last = _claim(passage.words, wording_words, matter, stemmer)
    left, right = passage.span(first, last)
    return stance(text, start + left, start + right) == "denied"


def _claim(words: Sequence[str], wording: frozenset[str], matter: frozenset[str], stemmer: str) -> tuple[int, int]:
    """Positions of the first and last word of the claim: from an article or the like before its first content word."""
    own = [place for place, word in enumerate(words) if single_stem(word, stemmer) in matter] or [0, len(words) - 1]
    first = own[0]
    while first and words[first - 1] in wording:
        first -= 1
    return first, own[-1]
