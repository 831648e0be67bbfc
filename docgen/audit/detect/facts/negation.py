"""Whether two texts with the same content words say opposite things: what their negations bear on."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

from docgen.audit.detect.facts.known_wordings import Words, empty_words, negating_words
from docgen.text.stems import content_stems
from docgen.text.word_definition import is_spaceless

__all__ = ["differ_in_negation", "negation_places", "single_stem"]

CLAUSE_BREAK = re.compile(r"[;:.!?…()]+(?=\s|$)|[—。；：！？]|\s[–-]\s|\b[Nn]o,|,(?=\s+(?:not|nicht|\w+\s*[;:.!?]))")
"""What ends the reach of a negation: "No, it is electric" denies what somebody else said, ", not by oil" what follows,
and "for them, hardly." what went before."""
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


def differ_in_negation(passage: str, wording: str, stemmer: str) -> bool:
    """Whether a passage that holds a wording's content words says the opposite.

    It does if only one of the two negates, or if the passage negates more, and something that the wording does not. A
    negation counts if what it negates is a word of the wording: "electric, not diesel" denies no "electric".
    """
    wording_words = Words(wording).words
    if not {word for word in Words(passage).words if word.isdigit()} <= set(wording_words):
        return False  # "not on 12 October, but on the 14th"
    own = frozenset(stem for word in wording_words if (stem := single_stem(word, stemmer)))
    ours, theirs = _negated(passage, own, stemmer), _negated(wording, own, stemmer)
    if not theirs:
        return bool(ours)
    if not ours:
        return not (content_stems(passage, stemmer) - own) & _negative_in_sense()
    return len(ours) > len(theirs) and not set(ours) <= _negative_part(wording, stemmer)


def negation_places(words: Sequence[str]) -> list[int]:
    """Positions of the words that negate; of "isn't", which is the words "isn" and "t", the latter."""
    contracted = [place for place, (a, b) in enumerate(pairwise(words), 1) if b == "t" and a.endswith("n")]
    return sorted({*contracted, *(place for place, word in enumerate(words) if word in negating_words())})


def _negated(text: str, own: frozenset[str], stemmer: str) -> list[str]:
    """The stem that each negation bears on, where it is in `own`: of the next word of its clause that carries meaning,
    or of the one before if none follows."""
    stems = []
    for words in _clauses(text):
        for place in negation_places(words):
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
        for place in negation_places(words):
            part = words[place:] if words[place] in NEGATING_ADVERBS else words
            ends = [end for end, word in enumerate(part) if word in ("and", "but") and part is not words]
            reached += part[: ends[0] if ends else None]
    return frozenset(single_stem(word, stemmer) for word in reached)


def _clauses(text: str) -> list[list[str]]:
    """The words of each clause. Commas part no clauses: "never, as some think, electric"."""
    return [Words(part).words for part in CLAUSE_BREAK.split(text)]


def _first_content(words: Sequence[str], own: frozenset[str], stemmer: str) -> str:
    """The stem of the first word that carries meaning, adverbs aside; "" if there is none."""
    for before, word in pairwise([*words, "", ""]):
        stem = single_stem(before, stemmer)
        is_contracted = word == "t" and before.endswith("n")
        if stem and not is_contracted and (stem in own or not (before in PASSED_OVER or before.endswith("ly"))):
            return stem
    return ""


@lru_cache(maxsize=1 << 16)
def single_stem(word: str, stemmer: str) -> str:
    """The stem of a word that carries meaning, else ""; a letter of a script without spaces is its own."""
    if word in empty_words():
        return ""
    return word if is_spaceless(word) else next(iter(content_stems([word], stemmer)), "")


@cache
def _negative_in_sense() -> frozenset[str]:
    return content_stems(NEGATIVE_IN_SENSE)
