r"""The table that turns UTF-8 into case-folded words: what counts as a word character, and what it folds to.

Words are those of `docgen.text.word_definition.WORD` over case-folded text; tests/kernels compares the two.
"""

import re
from functools import cache

import numpy as np
import numpy.typing as npt

from docgen.text.word_definition import MARK_RUNS, SPACELESS

__all__ = ["EXPANSIONS", "LAST", "MARK", "SINGLE", "WORD", "fold_table"]

LAST = 0x323B0
"""Code points from here on are never part of a word (CJK extension H ends just before)."""

WORD, MARK, SINGLE = 1, 2, 3
EXPANSIONS = 3
"""The most code points that one folds to (full case folding, Unicode standard, section 5.18)."""

STRETCH = 64
"""Code points whose folding is looked at together: few stretches hold one that changes. Chosen by time."""


@cache
def fold_table() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """(class, folded) for every code point below LAST.

    `class` is 0 (not in a word), WORD, MARK or SINGLE; `folded` has shape (LAST, EXPANSIONS), unused places are 0.
    """
    kinds = np.zeros(LAST, np.uint8)
    folded = np.zeros((LAST, EXPANSIONS), np.uint32)
    folded[:, 0] = np.arange(LAST)
    alphabet = np.arange(LAST, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    for run in re.finditer(r"\w+", alphabet):
        kinds[run.start() : run.end()] = WORD
    for first, last in MARK_RUNS:
        span = kinds[first : last + 1]
        span[span == 0] = MARK
    for start in range(0, LAST, STRETCH):
        stretch = alphabet[start : start + STRETCH]
        if stretch.casefold() != stretch:
            _fold(stretch, kinds[start : start + STRETCH], folded[start : start + STRETCH])
    for low, high in SPACELESS:
        span = kinds[low : high + 1]
        span[span == WORD] = SINGLE
    return kinds, folded


def _fold(stretch: str, kinds: npt.NDArray[np.uint8], folded: npt.NDArray[np.uint32]) -> None:
    """Enter the characters that fold to others; U+0345, a mark, folds to a letter and so is one."""
    for place, character in enumerate(stretch):
        fold = character.casefold()
        if fold != character:
            folded[place] = 0
            folded[place, : len(fold)] = [ord(part) for part in fold]
            if fold[0].isalnum():
                kinds[place] = WORD
