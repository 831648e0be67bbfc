"""Dividing a fact's documents into grades: stated or implied; central, supporting or passing.

Every slot draws a point on the unit circle and places its facts around it, well apart. A fact's grade is the arc of
[0, 1) that its position falls in, so the facts of one document differ in grade as far as the shares allow. In each
segment the boundaries between the arcs move just far enough for every grade to be within one document of its share of
all documents so far. When a share changes, the documents between the old and the new boundary change grade, and few
others do. No rule can both stay within one document at every size and be nested in the share: every sequence has
discrepancy of order log(count) (Schmidt 1972). `adjust_grades_by_segment` therefore starts from an existing plan's
grades and keeps them all for two grades, and nearly all where three must each stay within one document.
"""

import numpy as np

from docgen.planning.assignment.priorities import Keys
from docgen.planning.constraints import TOLERANCE, Bools, Floats, Grid, Ints, within_one
from docgen.planning.seeded_draws import mix
from docgen.planning.slot_layout import LENGTH_STRATA, Layout

__all__ = ["adjust_grades", "adjust_grades_by_segment", "assign_grades", "fact_positions", "halton", "slot_positions"]

GOLDEN_RATIO = 0.6180339887498949  # fractional part; its multiples are spread over [0, 1) as evenly as any number's


def halton(numbers: Ints, base: int) -> Floats:
    """Radical inverse in `base` (Halton 1960), in [0, 1)."""
    rest, value, scale = numbers.copy(), np.zeros(len(numbers)), 1.0
    while rest.any():
        scale /= base
        value += scale * (rest % base)
        rest //= base
    return value


def slot_positions(layout: Layout, key: int, base: int) -> Floats:
    """(n,) in [0, 1): each slot's point on the circle, even from group to group and random from cell to cell."""
    column, group = layout.places % layout.width, layout.places // layout.width
    block = layout.types.astype(np.uint64) << np.uint64(40) | (group // LENGTH_STRATA).astype(np.uint64)
    shift = mix(mix(key, block), column) >> np.uint64(11)
    return (shift.astype(np.float64) / 2.0**53 + halton(group, base)) % 1.0


def fact_positions(starts: Floats, keys: Keys, layout: Layout, turn: float) -> Floats:
    """A fact's positions in [0, 1): its slots' points, moved on by its stratum of priority in the slot and by `turn`.

    The facts of one document mostly have neighbouring strata, which steps of the golden ratio keep well apart.
    """
    strata = (keys.astype(np.uint64) * np.uint64(layout.width)) >> np.uint64(32)
    return (starts + strata.astype(np.float64) * GOLDEN_RATIO + turn) % 1.0


def assign_grades(positions: Floats, shares: Floats, finished: Ints | None = None) -> Grid:
    """The grade at each position in [0, 1).

    Each grade's count, together with the documents `finished` in earlier segments, is within one of its share of the
    total.
    """
    finished = np.zeros(len(shares), dtype=np.int64) if finished is None else finished
    total = len(positions) + int(finished.sum())
    grades = np.searchsorted(np.cumsum(shares)[:-1], positions, side="right").astype(np.uint8)
    counts = np.bincount(grades, minlength=len(shares)) + finished
    if (np.abs(counts - shares * total) < 1 - TOLERANCE).all():
        return grades
    boundaries = np.cumsum(_reachable(counts, shares, total, finished) - finished)[:-1]
    order = np.argsort(positions, kind="stable")
    grades[order] = np.searchsorted(boundaries, np.arange(len(positions)), side="right").astype(np.uint8)
    return grades


def adjust_grades(
    before: Grid, staying: Bools, positions: Floats, shares: Floats, change_first: Bools | None = None
) -> Grid:
    """Grades each within one document of its share, with few changes among `staying` documents, which have `before`.

    Where `change_first` is true a grade changes before others do.
    """
    counts = np.bincount(before[staying], minlength=len(shares))
    none = np.zeros(len(shares), dtype=np.int64)
    return _with_counts(before, staying, positions, _reachable(counts, shares, len(before), none), change_first)


def adjust_grades_by_segment(
    before: Grid, staying: Bools, positions: Floats, shares: tuple[Floats, Floats], ends: Ints
) -> Grid:
    """Grades after a change from `shares[0]` to `shares[1]`, segment by segment, each within one document at the end.

    `staying` documents have the fact in both plans and start from their grade `before`; the others are new. Each
    segment changes its own part of the difference among those staying, and its new documents even out the rest as far
    as they can. `ends` number the fact's documents at which segments end.
    """
    grades, boundary_moves = before.copy(), np.cumsum(shares[1] - shares[0])[:-1]
    finished = total_shift = np.zeros(len(shares[1]), dtype=np.int64)
    kept_so_far = start = 0
    for end in ends:
        part = slice(start, end)
        kept_so_far += int(staying[part].sum())
        shift = np.diff(np.ceil(boundary_moves * kept_so_far - 0.5), prepend=0, append=0).astype(np.int64)
        counts_before = np.bincount(before[part][staying[part]], minlength=len(finished))
        counts = counts_before + shift - total_shift
        while (counts < 0).any():  # what a short segment does not have is left to the next
            counts[np.argmax(counts)] -= 1
            counts[np.argmin(counts)] += 1
        low, total = finished + counts, int(finished.sum()) + end - start
        exact = shares[1] * total
        nearest = np.maximum(low, np.floor(exact).astype(np.int64))
        goals = _adjust_sum(nearest, exact, low, np.full_like(low, total), total) - finished
        grades[part] = _with_counts(before[part], staying[part], positions[part], goals)
        finished, total_shift, start = finished + goals, total_shift + counts - counts_before, end
    return adjust_grades(grades, np.ones(len(grades), dtype=bool), positions, shares[1], ~staying)


def _with_counts(
    before: Grid, staying: Bools, positions: Floats, goals: Ints, change_first: Bools | None = None
) -> Grid:
    """Grades with the counts `goals`; of those staying only surplus ones change, nearest to the boundary first."""
    counts = np.bincount(before[staying], minlength=len(goals))
    grades, free = before.copy(), ~staying
    for grade in np.flatnonzero(counts > goals):
        rows = np.flatnonzero(staying & (before == grade))
        nearness = positions[rows] if grade + 1 < len(goals) else -positions[rows]
        first = np.argsort(-nearness, kind="stable")
        if change_first is not None:
            first = np.lexsort((-nearness, ~change_first[rows]))
        free[rows[first[: counts[grade] - goals[grade]]]] = True
    rows = np.flatnonzero(free)
    supply = np.repeat(np.arange(len(goals)), np.maximum(goals - counts, 0))
    grades[rows[np.argsort(positions[rows], kind="stable")]] = supply
    return grades


def _reachable(counts: Ints, shares: Floats, total: int, finished: Ints) -> Ints:
    """Counts within one of the shares of `total`, none below `finished`, as near to `counts` as that allows.

    They exist for two and three grades: when every grade is within one of its share at one size, at most one grade is
    due at the next size, and the new document is free to take it.
    """
    exact = shares * total
    lowest, highest = within_one(exact)
    low = np.maximum(np.maximum(lowest, 0).astype(np.int64), finished)
    high = np.maximum(highest.astype(np.int64), low)
    return _adjust_sum(np.clip(counts, low, high), exact, low, high, total)


def _adjust_sum(counts: Ints, exact: Floats, low: Ints, high: Ints, total: int) -> Ints:
    """`counts` changed in place to sum to `total`, one step at a time where a count is furthest from `exact`."""
    while (missing := total - int(counts.sum())) != 0:
        step = 1 if missing > 0 else -1
        movable = (counts < high) if missing > 0 else (counts > low)
        counts[np.argmax(np.where(movable, step * (exact - counts), -np.inf))] += step
    return counts
