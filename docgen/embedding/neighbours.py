"""Pairs of vectors whose cosine reaches a threshold: exact, by multiplying blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_PAIRS", "Pairs", "near_pairs"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

BLOCK = 1024
"""Rows multiplied at once: 4 MB of cosines."""
ROUNDING = 1e-6
"""So that copies have a cosine of 1."""
MOST_PAIRS = 100_000
"""The nearest so many are kept; `Pairs.found` counts all."""


@dataclass(frozen=True)
class Pairs:
    """`rows` (m, 2), the lower row first, and their cosines, nearest first; `found` of them reached the threshold."""

    rows: Ints
    cosine: Floats
    found: int


class _Nearest:
    """The best MOST_PAIRS so far."""

    def __init__(self, most: int) -> None:
        self._most, self.found = most, 0
        self._rows, self._cosine = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
        self._held = 0

    def add(self, rows: Ints, cosine: Floats) -> None:
        self._rows.append(rows)
        self._cosine.append(cosine)
        self.found += len(rows)
        self._held += len(rows)
        if self._held > 2 * self._most:
            self._cut()

    def _cut(self) -> Pairs:
        rows, cosine = np.concatenate(self._rows), np.concatenate(self._cosine)
        best = np.lexsort((rows[:, 1], rows[:, 0], -cosine))[: self._most]
        self._rows, self._cosine, self._held = [rows[best]], [cosine[best]], len(best)
        return Pairs(rows[best], cosine[best], self.found)

    def pairs(self) -> Pairs:
        return self._cut()


def near_pairs(
    vectors: Floats,
    least: float,
    groups: Ints | None = None,
    most: int = MOST_PAIRS,
    progress: Callable[[int], None] | None = None,
) -> Pairs:
    """All pairs of rows (of length 1) with a cosine of `least` or more, within equal `groups`.

    n rows of d numbers take n²d multiplications in blocks of 1,024 rows, a few megabytes at a time. `progress` is told
    how many rows have met all others.
    """
    near = _Nearest(most)
    groups = np.zeros(len(vectors), np.int64) if groups is None else groups
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    for rows in np.split(order, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1):
        _within(vectors, rows, least, near, progress)
    return near.pairs()


def _within(vectors: Floats, rows: Ints, least: float, near: _Nearest, progress: Callable[[int], None] | None) -> None:
    """The pairs among some rows, which are in ascending order."""
    for first in range(0, len(rows), BLOCK):
        mine = rows[first : first + BLOCK]
        left = vectors[mine]
        for second in range(first, len(rows), BLOCK):
            others = rows[second : second + BLOCK]
            cosine = left @ vectors[others].T
            a, b = np.nonzero(cosine >= least - ROUNDING)
            if first == second:
                a, b = a[a < b], b[a < b]
            near.add(np.stack([mine[a], others[b]], axis=1), np.minimum(cosine[a, b], 1))
        if progress:
            progress(len(mine))
