"""How a fact's documents divide into grades: stated and implied; central, supporting and passing.

A document's grade follows from its place k in the fact's own order: grade g when the k-th member of a low-discrepancy
sequence lies in g's part of [0, 1). The cuts move from the asked shares only as far as it takes to be within one
document. So changing a share moves only documents between the two cuts, and adding documents leaves the others' grades
alone but for that correction, a handful at most. No rule can be within one document, nested in the share and untouched
by additions all at once: every sequence has discrepancy of order log(count) (Schmidt 1972). `regrade` starts
from a plan's own grades: a variation keeps them all but, where three grades must each stay within one document, two.
"""

import numpy as np

from docgen.salience.demands import Bools, Floats, Grid
from docgen.salience.layout import Ints

__all__ = ["apportion", "grade", "halton", "regrade"]

SLACK = 1e-9


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
    grades = np.searchsorted(np.cumsum(shares)[:-1], draws, side="right").astype(np.uint8)
    counts = np.bincount(grades, minlength=len(shares))
    if (np.abs(counts - shares * count) < 1 - SLACK).all():
        return grades
    limits = np.cumsum(_reachable(counts, shares, count))[:-1]
    order = np.argsort(draws, kind="stable")
    grades[order] = np.searchsorted(limits, np.arange(count), side="right").astype(np.uint8)
    return grades


def regrade(before: Grid, kept: Bools, draws: Floats, shares: Floats) -> Grid:
    """Grades of a varied set, with as few changes as possible where `kept` says that `before` holds a grade already."""
    counts = np.bincount(before[kept], minlength=len(shares))
    goals = _reachable(counts, shares, len(before))
    grades, free = before.copy(), ~kept
    for kind in np.flatnonzero(counts > goals):
        of_kind = np.flatnonzero(kept & (before == kind))
        out = draws[of_kind] if kind + 1 < len(shares) else -draws[of_kind]
        free[of_kind[np.argsort(-out, kind="stable")[: counts[kind] - goals[kind]]]] = True
    rows = np.flatnonzero(free)
    supply = np.repeat(np.arange(len(shares)), np.maximum(goals - counts, 0))
    grades[rows[np.argsort(draws[rows], kind="stable")]] = supply
    return grades


def _reachable(counts: Ints, shares: Floats, total: int) -> Ints:
    """Counts within one of the shares of `total`, as near to `counts` from above as that allows."""
    exact = shares * total
    low = np.maximum(np.floor(exact - 1 + SLACK) + 1, 0).astype(np.int64)
    high = np.ceil(exact + 1 - SLACK).astype(np.int64) - 1
    goals = np.clip(counts, low, high)
    while (short := total - int(goals.sum())) != 0:
        step = 1 if short > 0 else -1
        able = (goals < high) if short > 0 else (goals > low)
        goals[np.argmax(np.where(able, step * (exact - goals), -np.inf))] += step
    return np.asarray(goals)


def apportion(shares: Floats, count: int) -> Ints:
    """Whole numbers that sum to `count`, each within one of its share (largest remainders, ties to the first)."""
    exact = shares / shares.sum() * count
    floors = np.floor(exact).astype(np.int64)
    short = count - int(floors.sum())
    floors[np.argsort(floors - exact, kind="stable")[:short]] += 1
    return np.asarray(floors)
