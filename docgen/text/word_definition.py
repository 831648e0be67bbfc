r"""What a word is, whatever the script: the one definition behind lengths, facts, statements, diversity and dedupe.

A word is a run of letters, digits and underscores (`\w`) and of the combining marks that go with them, so that Hindi
and decomposed accents stay whole. In scripts written without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) each
letter is a word of its own; their marks, which belong to a letter, do not count.

`docgen.kernels.alphabet` compiles the same definition; tests/kernels compares the two.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

__all__ = [
    "MARKS",
    "MARK_RUNS",
    "SPACELESS",
    "SPACELESS_CLASS",
    "SPACELESS_LETTER",
    "WORD",
    "find_words",
    "has_spaceless",
    "is_latin",
    "is_spaceless",
    "latin_rest",
    "spaceless_count",
    "split_words",
    "word_edges",
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
    (0x300, 0x1E00),
    (0x20D0, 0x2100),
    (0x2CE0, 0x3100),
    (0xA600, 0xAC00),
    (0xFB00, 0xFE30),
    (0x10000, 0x12000),
    (0x13400, 0x13500),
    (0x16100, 0x16200),
    (0x16A00, 0x17000),
    (0x1BC00, 0x1BD00),
    (0x1CF00, 0x1D300),
    (0x1DA00, 0x1DB00),
    (0x1E000, 0x1EA00),
)
"""Stretches of Unicode with combining marks; the rest, above all ideographs, is not searched: that would take every
command some milliseconds."""


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _marks() -> Iterator[tuple[int, int]]:
    for low, high in _MARKED:
        categories = "".join(map(unicodedata.category, map(chr, range(low, high))))  # two letters each
        for run in re.finditer("(?:Mn|Mc)+", categories):
            yield low + run.start() // 2, low + run.end() // 2 - 1


MARK_RUNS = tuple(_marks())
"""First and last code point of each run of combining marks (categories Mn and Mc)."""
MARKS = _class(MARK_RUNS)
"""The inside of a class of characters: every combining mark."""
_SPACELESS = _class(SPACELESS)
SPACELESS_CLASS = f"[{_SPACELESS}]"
"""A character of a script written without spaces, its marks and signs included."""
_SPACED = rf"[^\W{_SPACELESS}]"
WORD = re.compile(rf"{_SPACED}+(?:[{MARKS}]+{_SPACED}*)*|(?=\w)[{_SPACELESS}]")
"""A word of any text; `find_words` is quicker where it is ASCII."""
ASCII_WORD = re.compile(r"\w+", re.ASCII)
SPACELESS_LETTER = re.compile(rf"[{_SPACELESS}](?<=\w)")
"""It opens with the set, so that `re` can skip to the next of its characters."""
_LATIN = re.compile(rb"(?:[\xc2-\xc8][\x80-\xbf]|\xc9[\x80-\x8f]|\xe2(?:\x80[\x80-\xbf]|\x81[\x80-\xaf]))*")
"""UTF-8 of U+0080 to U+024F and U+2000 to U+206F."""
_ASCII = bytes(range(128))
_APART = bytes(code if code > 127 or ASCII_WORD.match(chr(code)) else ord(" ") for code in range(256))
"""What `bytes.translate` makes of UTF-8 so that `split` finds the words: in half the time of `re`."""
ASCII_PIECES, LATIN_PIECES = re.compile(rf"({ASCII_WORD.pattern})", re.ASCII), re.compile(r"(\w+)")


def latin_rest(text: str) -> str | None:
    """The characters that are not ASCII, if all are below U+0250 or general punctuation, else None.

    Bytes are looked at, since a set of characters that is not ASCII costs `re` four times as much.
    """
    rest = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return rest.decode() if _LATIN.fullmatch(rest) else None


def is_latin(text: str) -> bool:
    r"""Whether every character is below U+0250 or general punctuation.

    Then no mark and no letter of a script without spaces is among them, and its words are runs of `\w`.
    """
    return text.isascii() or latin_rest(text) is not None


def find_words(text: str) -> list[str]:
    """The words of a text as written, in order."""
    if not text.isascii():
        rest = latin_rest(text)
        if rest is None:
            return WORD.findall(text)
        for character in dict.fromkeys(rest):  # mostly a few dashes and quotation marks
            if not character.isalnum():
                text = text.replace(character, " ")
    return text.encode().translate(_APART).decode().split()


def split_words(text: str) -> list[str]:
    """The text between the words, and the words, in turn; it begins and ends with the former, which may be empty."""
    return (ASCII_PIECES if text.isascii() else LATIN_PIECES if is_latin(text) else _pieces()).split(text)


@cache
def _pieces() -> re.Pattern[str]:
    return re.compile(f"({WORD.pattern})")


def word_edges(text: str) -> Sequence[int]:
    """Where each word starts and ends, in turn; NumPy's integers where the text is Latin, since that is quicker.

    Only if somebody has loaded NumPy: to show a single document, loading it takes longer than the words.
    """
    if "numpy" not in sys.modules or not is_latin(text):
        return list(accumulate(map(len, split_words(text))))
    import numpy as np

    inside = np.zeros(len(text) + 2, np.bool_)
    inside[1:-1] = _latin_table()[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    edges: Sequence[int] = np.flatnonzero(inside[1:] != inside[:-1])  # type: ignore[assignment]  # as good as one
    return edges


@cache
def _latin_table() -> Any:
    """Whether each character up to U+206F is one of words, of those that `is_latin` lets pass."""
    import numpy as np

    return np.array(
        [
            ASCII_WORD.match(chr(code)) is not None or (0x80 <= code < 0x250 and chr(code).isalnum())
            for code in range(0x2070)
        ]
    )


def is_spaceless(word: str) -> bool:
    """Whether a word is one letter of a script written without spaces."""
    return len(word) == 1 and not word.isascii() and SPACELESS_LETTER.match(word) is not None


def has_spaceless(text: str) -> bool:
    """Whether any letter is of a script written without spaces."""
    return not is_latin(text) and SPACELESS_LETTER.search(text) is not None


def spaceless_count(text: str) -> int:
    """How many letters are of scripts written without spaces."""
    return 0 if is_latin(text) else len(SPACELESS_LETTER.findall(text))
