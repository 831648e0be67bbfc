r"""The table that turns UTF-8 into case-folded words: what counts as a word character, and what it folds to.

Words are those of `docgen.text.word_definition.WORD` over case-folded text; tests/kernels compares the two.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from docgen.text.word_definition import SPACELESS

__all__ = ["EXPANSIONS", "LAST", "MARK", "SINGLE", "WORD", "fold_table"]

LAST = 0x323B0
"""Code points from here on are never part of a word (CJK extension H ends just before)."""

WORD, MARK, SINGLE = 1, 2, 3
EXPANSIONS = 3
"""The most code points that one folds to (full case folding, Unicode standard, section 5.18)."""

STRETCH = 1024


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
    for low, high in SPACELESS:
        span = kinds[low : high + 1]
        span[span == WORD] = SINGLE
    return kinds, folded


def _classify(stretch: str, kinds: npt.NDArray[np.uint8]) -> None:
    kinds[:] = [character.casefold()[0].isalnum() or character == "_" for character in stretch]
    for place in np.flatnonzero(kinds == 0).tolist():
        if unicodedata.category(stretch[place]) in ("Mn", "Mc"):
            kinds[place] = MARK


def _fold(stretch: str, folded: npt.NDArray[np.uint32]) -> None:
    for row, character in zip(folded, stretch, strict=True):
        fold = character.casefold()
        if fold != character:
            row[:] = 0
            row[: len(fold)] = [ord(part) for part in fold]
