"""Words cut to their stems, so that "erupted" and "eruption" are one, and figures in a form that can be compared.

Stems are those of the Porter 2 algorithm for English (Snowball project). What is too short to mean anything alone is no
stem: function words, one or two letters; and a number is never part of a longer one.
"""

from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

from docgen.text import words

__all__ = ["content_stems", "stem"]

SHORTEST = 3
"""Letters that a stem has at least."""
_LISTED = """
    a about after all also am an and any are as at be because been before being between both but by can could did do
    does each either else ever every few for from had has have he her here hers him his how if in into is it its itself
    just may
    me might more most must my no nor not now of off on once one only or other our out over own per same shall she
    should since so some such than that the their them then there these they this those through thus to too under
    until up upon us very was we were what when where whether which while who whom whose why will with within without
    would yet you your
"""
FUNCTION_WORDS = frozenset(_LISTED.split())
_PORTER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of one lower-case word; numbers and words with digits stay as they are."""
    return str(_PORTER.stemWord(word)) if word.isalpha() else word


def content_stems(text: str | Iterable[str]) -> frozenset[str]:
    """Stems of the words that carry meaning, of a text or of lower-case words."""
    listed = words(text) if isinstance(text, str) else text
    return frozenset(
        stem(word) for word in listed if word not in FUNCTION_WORDS and (len(word) >= SHORTEST or word.isdigit())
    )
