"""How a fact's documents divide into grades: stated and implied; central, supporting and passing.

A document's grade follows from its place k in the fact's own order: grade g when the k-th member of a low-discrepancy
sequence lies in g's part of [0, 1). The cuts move from the asked shares only as far as it takes to be within one
document. Changing a share moves only documents between the two cuts. Adding documents leaves the others' grades alone
but for the cut's own correction, a handful at most: no rule does better than O(log count) in all three respects at once
(within one document, nested in the share, stable in the count), as every sequence has discrepancy of that order
(Schmidt 1972).
"""

import numpy as np

from docgen.salience.demands import Floats, Grid
from docgen.salience.layout import Ints

__all__ = ["apportion", "grade", "halton"]


def halton(numbers: Ints, base: int) -> Floats:
    """Radical inverse in `base` (Halton 1960), in [0, 1)."""
    rest, value, scale = numbers.copy(), np.zeros(len(numbers)), 1.0
    while rest.any():
        scale /= base
        value += scale * (rest % base)
        rest //= base
    return value


def grade(draws: Floats, shares: Floats) -> Grid:
    """Grade of each draw in [0, 1), each grade's count within one of its share of them all."""
    count = len(draws)
    cuts = np.cumsum(shares)[:-1]
    grades = np.searchsorted(cuts, draws, side="right").astype(np.uint8)
    counts = np.bincount(grades, minlength=len(shares))
    if (np.abs(counts - shares * count) < 1).all():
        return grades
    limits = np.cumsum(apportion(shares, count))[:-1]
    order = np.argsort(draws, kind="stable")
    grades[order] = np.searchsorted(limits, np.arange(count), side="right").astype(np.uint8)
    return grades


def apportion(shares: Floats, count: int) -> Ints:
    """Whole numbers that sum to `count`, each within one of its share (largest remainders, ties to the first)."""
    exact = shares / shares.sum() * count
    floors = np.floor(exact).astype(np.int64)
    short = count - int(floors.sum())
    floors[np.argsort(floors - exact, kind="stable")[:short]] += 1
    return np.asarray(floors)
