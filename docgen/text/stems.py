"""Words cut to their stems, so that "erupted" and "eruption" are one, and figures in a form that can be compared.

Stems are those of the Snowball project, where it has the language (for English, the Porter 2 algorithm). Function words
and words of one or two letters have no stem, and a number is never part of a longer one.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from docgen.text import fold, words
from docgen.text.languages import known_languages
from docgen.text.word_definition import is_spaceless

__all__ = ["content_stems", "stem"]

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


@lru_cache(maxsize=1 << 16)
def stem(word: str, stemmer: str = "english") -> str:
    """The stem of one lower-case word; numbers, words with digits and those without a stemmer stay as they are."""
    return str(_stemmer(stemmer).stemWord(word)) if stemmer and word.isalpha() else word


@cache
def _stemmer(name: str) -> Any:
    import snowballstemmer  # loads the stemmers of all languages

    return snowballstemmer.stemmer(name)


def content_stems(text: str | Iterable[str], stemmer: str = "english") -> frozenset[str]:
    """Stems of the words that carry meaning, of a text or of lower-case words; `stemmer` is Snowball's name or "".

    In scripts without spaces, whose letters are words, two neighbours count as one stem.
    """
    listed = words(fold(text)) if isinstance(text, str) else list(text)
    empty = _function_words() if stemmer != "english" else FUNCTION_WORDS
    pairs = [a + b for a, b in pairwise(listed) if is_spaceless(a) and is_spaceless(b) and not {a, b} & empty]
    spaced = (stem(word, stemmer) for word in listed if word not in empty and (len(word) > 2 or word.isdigit()))
    return frozenset(spaced).union(pairs)


@cache
def _function_words() -> frozenset[str]:
    """Function words of English, and the stop words of the other languages with a data file."""
    return FUNCTION_WORDS.union(*(language.stop_words for language in known_languages().values()))
