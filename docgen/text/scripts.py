r"""What a word is, whatever the script: the one definition behind lengths, facts, statements, diversity and dedupe.

A word is a run of letters, digits and underscores (`\w`) and of the combining marks that go with them, so that Hindi
and decomposed accents stay whole. In scripts written without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) each
letter is a word of its own; their marks, which belong to a letter, do not count.

`docgen.kernels.alphabet` compiles the same definition; tests/kernels compares the two.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

__all__ = [
    "MARKS",
    "SPACELESS",
    "SPACELESS_CLASS",
    "SPACELESS_LETTER",
    "WORD",
    "find_words",
    "has_spaceless",
    "is_spaceless",
    "spaceless_count",
    "split_words",
]

SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # marks and the zero of Han
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x20000, 0x323AF),
)
"""First and last code point of each stretch of the scripts written without spaces."""

_MARKED = (
    (0x300, 0x3100),
    (0xA600, 0xAC00),
    (0xFB00, 0xFE30),
    (0x10000, 0x12000),
    (0x13400, 0x13500),
    (0x16000, 0x17000),
    (0x1B000, 0x1F000),
)
"""Stretches of Unicode with combining marks; the rest, above all ideographs, is not searched: that would take every
command some milliseconds."""


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _marks() -> Iterator[tuple[int, int]]:
    """Runs of combining marks (categories Mn and Mc)."""
    for low, high in _MARKED:
        start = None
        for code in range(low, high + 1):
            is_mark = code < high and unicodedata.category(chr(code)) in ("Mn", "Mc")
            if is_mark and start is None:
                start = code
            elif not is_mark and start is not None:
                yield start, code - 1
                start = None


MARKS = _class(_marks())
"""The inside of a class of characters: every combining mark."""
_SPACELESS = _class(SPACELESS)
SPACELESS_CLASS = f"[{_SPACELESS}]"
"""A character of a script written without spaces, its marks and signs included."""
_SPACED = rf"[^\W{_SPACELESS}]"
WORD = re.compile(rf"{_SPACED}+(?:[{MARKS}]+{_SPACED}*)*|(?=\w)[{_SPACELESS}]")
"""A word of any text; `find_words` is quicker where it is ASCII."""
ASCII_WORD = re.compile(r"\w+", re.ASCII)
SPACELESS_LETTER = re.compile(rf"(?=\w)[{_SPACELESS}]")
LATIN_WORD = re.compile(r"\w+")
OTHER = re.compile(r"[^\u0000-\u02ff\u2000-\u206f]")
"""A character of neither Latin script nor punctuation. Without one a text has no mark and no script without spaces, and
`LATIN_WORD` finds the words of `WORD` in half the time."""
ASCII_PIECES, LATIN_PIECES = re.compile(rf"({ASCII_WORD.pattern})", re.ASCII), re.compile(r"(\w+)")


def find_words(text: str) -> list[str]:
    """The words of a text as written, in order."""
    return (ASCII_WORD if text.isascii() else WORD if OTHER.search(text) else LATIN_WORD).findall(text)


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(f"({WORD.pattern})")


def split_words(text: str) -> list[str]:
    """The text between the words, and the words, in turn; it begins and ends with the former, which may be empty."""
    return (ASCII_PIECES if text.isascii() else _pieces() if OTHER.search(text) else LATIN_PIECES).split(text)


def is_spaceless(word: str) -> bool:
    """Whether a word is one letter of a script written without spaces."""
    return len(word) == 1 and not word.isascii() and SPACELESS_LETTER.match(word) is not None


def has_spaceless(text: str) -> bool:
    """Whether any letter is of a script written without spaces."""
    return not text.isascii() and SPACELESS_LETTER.search(text) is not None


def spaceless_count(text: str) -> int:
    """How many letters are of scripts written without spaces."""
    return 0 if text.isascii() else len(SPACELESS_LETTER.findall(text))
