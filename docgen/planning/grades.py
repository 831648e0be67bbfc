"""How a fact's documents divide into grades: stated and implied; central, supporting and passing.

Every slot draws a point of the unit circle and places its facts around it, well apart; a fact's grade is the one in
whose part of [0, 1) it comes to lie. So the grades of a document's facts differ as far as the shares allow. Segment by
segment the cuts between the grades then move as far as it takes for every grade to be within one document of its share
of all documents so far. With a grade's share the documents between the two cuts change and few others. No rule can be
within one document at every size and nested in the share at once: every sequence has discrepancy of order log(count)
(Schmidt 1972). `follow` starts from a plan's own grades: a variation keeps them all but, where three grades must each
stay within one document, two.
"""

import numpy as np

from docgen.planning.constraints import Bools, Floats, Grid, Ints
from docgen.planning.layout import LENGTH_STRATA, Layout
from docgen.planning.priorities import Keys
from docgen.planning.seeded_draws import mix

__all__ = ["apportion", "circle", "follow", "grade", "halton", "regrade", "round_circle"]

SLACK = 1e-9
GOLDEN = 0.6180339887498949


def halton(numbers: Ints, base: int) -> Floats:
    """Radical inverse in `base` (Halton 1960), in [0, 1)."""
    rest, value, scale = numbers.copy(), np.zeros(len(numbers)), 1.0
    while rest.any():
        scale /= base
        value += scale * (rest % base)
        rest //= base
    return value


def circle(layout: Layout, key: int, base: int) -> Floats:
    """Where each slot begins on the circle: evenly from group to group, at random from cell to cell of the grid."""
    column, group = layout.places % layout.width, layout.places // layout.width
    block = layout.types.astype(np.uint64) << np.uint64(40) | (group // LENGTH_STRATA).astype(np.uint64)
    shift = mix(mix(key, block), column) >> np.uint64(11)
    return (shift.astype(np.float64) / 2.0**53 + halton(group, base)) % 1.0


def round_circle(starts: Floats, keys: Keys, layout: Layout, turn: float) -> Floats:
    """A fact's draws in [0, 1): its slots' places on the circle, further by its stratum of priority and by `turn`.

    The facts of a document mostly have neighbouring strata, and steps of the golden ratio keep these apart.
    """
    strata = (keys.astype(np.uint64) * np.uint64(layout.width)) >> np.uint64(32)
    return (starts + strata.astype(np.float64) * GOLDEN + turn) % 1.0


def grade(draws: Floats, shares: Floats, done: Ints | None = None) -> Grid:
    """Grade of each draw in [0, 1), each grade's count within one of its share of them all and of those `done`."""
    done = np.zeros(len(shares), dtype=np.int64) if done is None else done
    total = len(draws) + int(done.sum())
    grades = np.searchsorted(np.cumsum(shares)[:-1], draws, side="right").astype(np.uint8)
    counts = np.bincount(grades, minlength=len(shares)) + done
    if (np.abs(counts - shares * total) < 1 - SLACK).all():
        return grades
    limits = np.cumsum(_reachable(counts, shares, total, done) - done)[:-1]
    order = np.argsort(draws, kind="stable")
    grades[order] = np.searchsorted(limits, np.arange(len(draws)), side="right").astype(np.uint8)
    return grades


def regrade(before: Grid, kept: Bools, draws: Floats, shares: Floats, first: Bools | None = None) -> Grid:
    """Grades of a varied set, each within one of its share, with few changes where `kept` says that `before` is held.

    Where `first` is true a grade changes sooner.
    """
    counts = np.bincount(before[kept], minlength=len(shares))
    none = np.zeros(len(shares), dtype=np.int64)
    return _moved(before, kept, draws, _reachable(counts, shares, len(before), none), first)


def follow(before: Grid, kept: Bools, draws: Floats, shares: tuple[Floats, Floats], ends: Ints) -> Grid:
    """Grades of a varied set whose shares go from `shares[0]` to `shares[1]`, by segments, and within one at last.

    Of the grades that are kept, each segment changes its part of the difference alone, and new ones make good what they
    can. `ends` number the documents at which segments end.
    """
    grades, turned = before.copy(), np.cumsum(shares[1] - shares[0])[:-1]
    done = shifted = np.zeros(len(shares[1]), dtype=np.int64)
    counted = start = 0
    for end in ends:
        part = slice(start, end)
        counted += int(kept[part].sum())
        shift = np.diff(np.ceil(turned * counted - 0.5), prepend=0, append=0).astype(np.int64)
        held = np.bincount(before[part][kept[part]], minlength=len(done))
        counts = held + shift - shifted
        while (counts < 0).any():  # what a short segment does not have is left to the next
            counts[np.argmax(counts)] -= 1
            counts[np.argmin(counts)] += 1
        goals = _filled(done + counts, shares[1], int(done.sum()) + end - start) - done
        grades[part] = _moved(before[part], kept[part], draws[part], goals)
        done, shifted, start = done + goals, shifted + counts - held, end
    return regrade(grades, np.ones(len(grades), dtype=bool), draws, shares[1], ~kept)


def _moved(before: Grid, kept: Bools, draws: Floats, goals: Ints, first: Bools | None = None) -> Grid:
    """Grades with these counts; those kept change only where there are too many of a kind, the nearest to the next."""
    counts = np.bincount(before[kept], minlength=len(goals))
    grades, free = before.copy(), ~kept
    for kind in np.flatnonzero(counts > goals):
        of_kind = np.flatnonzero(kept & (before == kind))
        out = draws[of_kind] if kind + 1 < len(goals) else -draws[of_kind]
        order = np.argsort(-out, kind="stable") if first is None else np.lexsort((-out, ~first[of_kind]))
        free[of_kind[order[: counts[kind] - goals[kind]]]] = True
    rows = np.flatnonzero(free)
    supply = np.repeat(np.arange(len(goals)), np.maximum(goals - counts, 0))
    grades[rows[np.argsort(draws[rows], kind="stable")]] = supply
    return grades


def _reachable(counts: Ints, shares: Floats, total: int, done: Ints) -> Ints:
    """Counts within one of the shares of `total`, none below what is `done`, as near to `counts` as that allows.

    There are such counts for two and three grades: of what is within one of its shares at one size, no more than one
    grade is due at the next, and one is free to take it.
    """
    exact = shares * total
    low = np.maximum(np.maximum(np.floor(exact - 1 + SLACK) + 1, 0).astype(np.int64), done)
    high = np.maximum(np.ceil(exact + 1 - SLACK).astype(np.int64) - 1, low)
    return _summed(np.clip(counts, low, high), exact, low, high, total)


def _filled(counts: Ints, shares: Floats, total: int) -> Ints:
    """Counts that sum to `total`, none below `counts`, as near to the shares as that allows."""
    exact = shares * total
    start = np.maximum(counts, np.floor(exact).astype(np.int64))
    return _summed(start, exact, counts, np.full_like(counts, total), total)


def _summed(counts: Ints, exact: Floats, low: Ints, high: Ints, total: int) -> Ints:
    """The counts made to sum to `total`, one up or down at a time, where most is lacking or over."""
    while (short := total - int(counts.sum())) != 0:
        step = 1 if short > 0 else -1
        able = (counts < high) if short > 0 else (counts > low)
        counts[np.argmax(np.where(able, step * (exact - counts), -np.inf))] += step
    return counts


def apportion(shares: Floats, count: int) -> Ints:
    """Whole numbers that sum to `count`, each within one of its share (largest remainders, ties to the first)."""
    exact = shares / shares.sum() * count
    floors = np.floor(exact).astype(np.int64)
    short = count - int(floors.sum())
    floors[np.argsort(floors - exact, kind="stable")[:short]] += 1
    return np.asarray(floors)
