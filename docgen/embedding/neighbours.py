"""All pairs of vectors whose cosine reaches a threshold, exactly, by multiplying blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_PAIRS", "Pairs", "near_pairs"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

ROWS_PER_BLOCK = 1024
"""Rows multiplied at a time, which gives 4 MB of cosines."""
MAX_PAIRS = 100_000
"""The number of nearest pairs returned by default; `Pairs.found` counts all. Chosen as a bound on memory: 2 MB."""


@dataclass(frozen=True)
class Pairs:
    """`rows` (m, 2), the lower row first, and `cosine` (m,), nearest first; `found` counts all above the minimum."""

    rows: Ints
    cosine: Floats
    found: int


class _Nearest:
    """Collects pairs and keeps the `limit` nearest."""

    def __init__(self, limit: int) -> None:
        self._limit, self._found = limit, 0
        self._rows, self._cosine = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
        self._stored = 0

    def add(self, rows: Ints, cosine: Floats) -> None:
        self._rows.append(rows)
        self._cosine.append(cosine)
        self._found += len(rows)
        self._stored += len(rows)
        if self._stored > 2 * self._limit:
            self.pairs()

    def pairs(self) -> Pairs:
        rows, cosine = np.concatenate(self._rows), np.concatenate(self._cosine)
        best = np.lexsort((rows[:, 1], rows[:, 0], -cosine))[: self._limit]
        self._rows, self._cosine, self._stored = [rows[best]], [cosine[best]], len(best)
        return Pairs(rows[best], cosine[best], self._found)


def near_pairs(
    vectors: Floats,
    minimum: float,
    groups: Ints | None = None,
    limit: int = MAX_PAIRS,
    progress: Callable[[int], None] | None = None,
) -> Pairs:
    """The `limit` nearest pairs of unit `vectors` (n, d) with a cosine of `minimum` or more, within equal `groups`
    (n,).

    Takes n²d multiplications in blocks, a few megabytes at a time. `progress` is called with the number of rows that
    have been compared with all others since the last call.
    """
    near = _Nearest(limit)
    groups = np.zeros(len(vectors), np.int64) if groups is None else groups
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    for rows in np.split(order, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1):
        _within(vectors, rows, minimum, near, progress)
    return near.pairs()


def _within(
    vectors: Floats, rows: Ints, minimum: float, near: _Nearest, progress: Callable[[int], None] | None
) -> None:
    """Add the pairs among `rows`, which are in ascending order."""
    for first in range(0, len(rows), ROWS_PER_BLOCK):
        block = rows[first : first + ROWS_PER_BLOCK]
        left = vectors[block]
        for second in range(first, len(rows), ROWS_PER_BLOCK):
            others = rows[second : second + ROWS_PER_BLOCK]
            cosine = left @ vectors[others].T
            a, b = np.nonzero(cosine >= minimum - 1e-6)  # so that identical texts reach 1 despite float32's rounding
            if first == second:
                a, b = a[a < b], b[a < b]
            near.add(np.stack([block[a], others[b]], axis=1), np.minimum(cosine[a, b], 1))
        if progress:
            progress(len(block))
