"""Whether a passage of a document states, implies or denies a fact, by wording alone.

The one place where that is decided: for the check while generating (`evidence_finder`) and for audits, `docgen show`
and the explorer (`fact_detector`). What the words around a passage make of it, `leaks/denial.py` decides.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from docgen.audit.detect.facts.known_wordings import Words, empty_words, evidence_weight, negating_words, words_of
from docgen.audit.detect.leaks.denial import stance
from docgen.text import sentences
from docgen.text.normalised_numbers import MONTHS, figures
from docgen.text.stems import content_stems
from docgen.text.word_definition import is_spaceless
from docgen.universe import KeyFact

__all__ = [
    "FactMarks",
    "FactVerdict",
    "differ_in_negation",
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
CLAUSE_BREAK = re.compile(r"[;:.!?…()]+(?=\s|$)|[—。；：！？]|\s[–-]\s|\b[Nn]o,|,(?=\s+\w+\s*[;:.!?])")
"""What ends the reach of a negation; "No, it is electric" denies what somebody else said, and
"for them, hardly." what went before."""
NEGATING_ADVERBS = frozenset(["not", "never", "t", "hardly", "nicht", "nie", "niemals"])
"""Negations of a verb; "nothing", "no clerk" and the like negate the whole clause."""
NO_DENIAL_BEFORE = frozenset(["only", "just", "merely", "simply", "solely", "least"])
"""Words that take the force from a "not" before them: "not only electric but quiet"."""
PASSED_OVER = frozenset(["longer", "yet", "ever", "even", "quite", "always", "time", "point", "way"])
"""Words, beside adverbs in -ly, that may stand between a negation and what it negates: "at no time rated"."""
NEGATIVE_IN_SENSE = """
    exempt free lack fail refuse stop cease avoid spare waive abolish absent prevent forbid ban prohibit unable
    impossible decline rather instead
"""
"""Words that say "not" in another way: "exempt from rent" is "pays no rent"."""


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


def differ_in_negation(passage: str, wording: str, stemmer: str) -> bool:
    """Whether a passage that holds a wording's content words says the opposite.

    It does if only one of the two negates, or if the passage negates more, and something that the wording does not. A
    negation counts if what it negates is a word of the wording: "electric, not diesel" denies no "electric".
    """
    wording_words = Words(wording).words
    if not {word for word in Words(passage).words if word.isdigit()} <= set(wording_words):
        return False  # "not on 12 October, but on the 14th"
    own = frozenset(filter(None, (_single_stem(word, stemmer) for word in wording_words)))
    ours, theirs = _negated(passage, own, stemmer), _negated(wording, own, stemmer)
    if not theirs:
        return bool(ours)
    if not ours:
        return not (content_stems(passage, stemmer) - own) & _stems_of(NEGATIVE_IN_SENSE)
    return len(ours) > len(theirs) and not set(ours) <= _negative_part(wording, stemmer)


@cache
def _stems_of(listed: str) -> frozenset[str]:
    return content_stems(listed)


def _without_figures(stems: frozenset[str]) -> frozenset[str]:
    return frozenset(stem for stem in stems - _stems_of(UNITS) if not stem.isdigit())


def _deniable(words: Sequence[str], stemmer: str) -> frozenset[str]:
    """The stems of a wording without its figures and negations."""
    left_out = {place - back for place in _negations(words) for back in range(2 if words[place] == "t" else 1)}
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
    own = [place for place, word in enumerate(words) if content_stems([word], stemmer) & matter] or [0, len(words) - 1]
    first = own[0]
    while first and words[first - 1] in wording:
        first -= 1
    return first, own[-1]


def _negated(text: str, own: frozenset[str], stemmer: str) -> list[str]:
    """The stem that each negation bears on, where it is in `own`: of the next word of its clause that carries meaning,
    or of the one before if none follows."""
    stems = []
    for words in _clauses(text):
        for place in _negations(words):
            if words[place + 1 : place + 2] and words[place + 1] in NO_DENIAL_BEFORE:
                continue
            after = _first_content(words[place + 1 :], own, stemmer)
            stems.append(after or _first_content(words[:place][::-1], own, stemmer))
    return [stem for stem in stems if stem in own]


def _negative_part(wording: str, stemmer: str) -> frozenset[str]:
    """The stems of a wording that its negations reach: of "not" and "never" up to the next "and" or "but", of others,
    such as "nothing that", the whole clause."""
    reached: list[str] = []
    for words in _clauses(wording):
        for place in _negations(words):
            part = words[place:] if words[place] in NEGATING_ADVERBS else words
            ends = [end for end, word in enumerate(part) if word in ("and", "but") and part is not words]
            reached += part[: ends[0] if ends else None]
    return frozenset(_single_stem(word, stemmer) for word in reached)


def _clauses(text: str) -> list[list[str]]:
    """The words of each clause. Commas part no clauses: "never, as some think, electric"."""
    return [Words(part).words for part in CLAUSE_BREAK.split(text)]


def _first_content(words: Sequence[str], own: frozenset[str], stemmer: str) -> str:
    """The stem of the first word that carries meaning, adverbs aside; "" if there is none."""
    for before, word in pairwise([*words, "", ""]):
        stem = _single_stem(before, stemmer)
        is_contracted = word == "t" and before.endswith("n")
        if stem and not is_contracted and (stem in own or not (before in PASSED_OVER or before.endswith("ly"))):
            return stem
    return ""


def _single_stem(word: str, stemmer: str) -> str:
    """The stem of a word that carries meaning, else ""; a letter of a script without spaces is its own."""
    if word in empty_words():
        return ""
    return word if is_spaceless(word) else next(iter(content_stems([word], stemmer)), "")


def _negations(words: Sequence[str]) -> list[int]:
    """Positions of the words that negate; of "isn't", which is the words "isn" and "t", the latter."""
    contracted = [place for place, (a, b) in enumerate(pairwise(words), 1) if b == "t" and a.endswith("n")]
    return sorted({*contracted, *(place for place, word in enumerate(words) if word in negating_words())})
