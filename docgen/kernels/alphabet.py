r"""The table that turns UTF-8 into case-folded words: what counts as a word character, and what it folds to.

Words are those of `docgen.text.WORD` over case-folded text, with two differences, for scripts that `\w` cuts badly:

* combining marks (categories Mn, Mc) continue a word, where `\w` ends it: Hindi and decomposed accents stay whole;
* characters of scripts written without spaces (Han, kana, Thai, Lao, Khmer, Myanmar) are one word each, so that an
  edit touches n shingles of such a text, not n clauses.

On text without such characters the words are exactly `WORD.findall(text.casefold())`.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["EXPANSIONS", "LAST", "MARK", "SINGLE", "WORD", "fold_table"]

LAST = 0x323B0
"""Code points from here on are never part of a word (CJK extension H ends just before)."""

WORD, MARK, SINGLE = 1, 2, 3
EXPANSIONS = 3
"""The most code points that one folds to (full case folding, Unicode standard, section 5.18)."""

STRETCH = 1024

_SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, LAST - 1),
)


@cache
def fold_table() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """(class, folded) for every code point below LAST.

    `class` is 0 (not in a word), WORD, MARK or SINGLE; `folded` has shape (LAST, EXPANSIONS), unused places are 0.
    """
    kinds = np.zeros(LAST, np.uint8)
    folded = np.zeros((LAST, EXPANSIONS), np.uint32)
    folded[:, 0] = np.arange(LAST)
    for start in range(0, LAST, STRETCH):
        stretch = "".join(map(chr, range(start, min(start + STRETCH, LAST))))
        _classify(stretch, kinds[start : start + STRETCH])
        if stretch.casefold() != stretch:
            _fold(stretch, folded[start : start + STRETCH])
    for low, high in _SPACELESS:
        span = kinds[low : high + 1]
        span[span == WORD] = SINGLE
    return kinds, folded


def _classify(stretch: str, kinds: npt.NDArray[np.uint8]) -> None:
    kinds[:] = [character.isalnum() or character == "_" for character in stretch]
    for place in np.flatnonzero(kinds == 0).tolist():
        if unicodedata.category(stretch[place]) in ("Mn", "Mc"):
            kinds[place] = MARK


def _fold(stretch: str, folded: npt.NDArray[np.uint32]) -> None:
    for row, character in zip(folded, stretch, strict=True):
        fold = character.casefold()
        if fold != character:
            # The dot above that a capital dotted I folds to is no word character: it would split the word.
            points = [ord(part) for part in fold if part.isalnum() or part == "_"] or [ord(fold[0])]
            row[:] = 0
            row[: len(points)] = points
