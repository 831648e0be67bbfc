"""Subset selection: documents that meet all salience targets together, from any corpus whose facts are known.

Documents with equal sets of facts form a group; how many to take of each group is decided in three steps. Logistic
calibration (of survey weights, Deville and Särndal 1992) gives the numbers that meet the targets and stay nearest to a
simple random sample. These are rounded to whole documents. Swaps, then a small integer program, correct the few
documents that rounding left wrong. When calibration has no solution, a linear program finds the nearest one and the
facts whose targets bind.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import TOLERANCE, Bools, Floats, Grid, Ints, within_one
from docgen.planning.seeded_draws import mix

__all__ = ["Selection", "nested_subsets", "select_subset"]

# Chosen as bounds on time and memory for corpora of a million documents, which bench/selection.py measures.
SAMPLE_GROUPS = 4000
"""Groups that swaps and the integer program look at in one try; the program's second try takes ten times as many."""
SWAP_SAMPLES, MAX_SWAPS = 30, 400
"""Samples of groups to swap within, and the most swaps in each."""
BREADTH, LATE_BREADTH = 60, 400
"""Documents to add that each swap weighs against as many to drop: in the first three samples, and after."""
TIME_LIMIT_SECONDS = 10.0
"""Time limit of the integer program."""
START_GROUPS = 20_000
"""Groups in the sample that calibration starts from."""
CALIBRATION_TOLERANCE = 0.05
"""How near to its target, in documents, calibration has to bring every fact; rounding moves it by more anyway."""


@dataclass(frozen=True)
class Selection:
    """`rows`: the documents selected, in corpus order. `counts` (F,): how many of them have each fact.

    `off` (F,): documents above (below: negative) the nearest number that is within one of the target; all zero when the
    targets are met. `binding`: indices of facts without whose targets all others could be met.
    """

    rows: Ints
    counts: Ints
    off: Ints
    binding: tuple[int, ...] = ()

    @property
    def met(self) -> bool:
        """Whether every target is met to within one document."""
        return not self.off.any()


@dataclass(frozen=True)
class _Groups:
    """The N documents in G groups with equal sets of facts: `sets` (G, F), `sizes` (G,), `group_of` (N,)."""

    sets: Floats
    sizes: Ints
    group_of: Ints

    @classmethod
    def of(cls, holds: Grid) -> "_Groups":
        """Group documents by their sets of facts."""
        packed = np.packbits(holds, axis=1) if holds.shape[1] else np.zeros((len(holds), 1), dtype=np.uint8)
        codes = np.zeros(len(holds), dtype=np.int64)
        for column in packed.T:  # renumbering after every byte keeps the codes small
            _, codes = np.unique(codes * 256 + column, return_inverse=True)
        _, first, group_of, sizes = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
        return cls(holds[first].astype(float), sizes, group_of)


def select_subset(holds: Grid, targets: Floats, n: int, key: int) -> Selection:
    """Select n of N documents so that each fact is in its share `targets` (F,) of them; `holds` (N, F) is 1 for a fact.

    Returns the nearest selection, and the targets that bind, when the targets cannot all be met. Raises `PlanError`
    when there are fewer than n documents. `key` seeds the random draws.
    """
    if n > len(holds):
        raise PlanError(
            f"{n} documents are wanted and the corpus has {len(holds)}", "--n", f"Ask for at most {len(holds)}"
        )
    groups = _Groups.of(holds)
    low, high = _bounds(targets, n)
    numbers = _calibrate(groups, targets, n)
    binding: tuple[int, ...] = ()
    if numbers is None:
        numbers = _nearest(groups, low, high, n)
        reached = groups.sets.T @ numbers
        if ((reached < low - 1e-6) | (reached > high + 1e-6)).any():  # ten times the solver's tolerance
            binding = _binding(groups, low, high, n)
            low = np.minimum(low, np.floor(reached + 1e-6))
            high = np.maximum(high, np.ceil(reached - 1e-6))
    cumulative = np.floor(np.cumsum(numbers) + 0.5)  # rounding the cumulative sums lets neighbours even out
    cumulative[-1] = n
    whole = np.diff(cumulative, prepend=0.0).astype(np.int64)
    numbers_drawn = _correct(groups, whole, low, high)
    order = np.lexsort((mix(key, np.arange(len(holds))), groups.group_of))  # of each group the first ones, by the key
    starts = np.cumsum(groups.sizes) - groups.sizes
    place = np.arange(len(order)) - starts[groups.group_of[order]]
    rows = np.sort(order[place < numbers_drawn[groups.group_of[order]]])
    counts = holds[rows].sum(axis=0, dtype=np.int64)
    low, high = _bounds(targets, n)
    return Selection(rows, counts, np.minimum(counts - low, 0) + np.maximum(counts - high, 0), binding)


def nested_subsets(holds: Grid, shares: Floats, sizes: tuple[int, ...], key: int) -> list[Selection]:
    """Nested selections, one for each of `sizes` in that order: every smaller one is contained in all larger ones.

    `holds` (N, F) and `shares` (F,) as in `select_subset`.
    """
    selections: dict[int, Selection] = {}
    rows = np.arange(len(holds))
    for size in sorted(set(sizes), reverse=True):
        part = select_subset(holds[rows], shares, size, key)
        rows = rows[part.rows]
        selections[size] = Selection(rows, part.counts, part.off, part.binding)
    return [selections[size] for size in sizes]


def _bounds(targets: Floats, n: int) -> tuple[Ints, Ints]:
    """(F,) each: the lowest and highest count within one document of the target; 0 and n exactly for shares 0 and 1."""
    lowest, highest = within_one(targets * n)
    low = np.where(targets >= 1, n, np.maximum(lowest, 0))
    high = np.where(targets <= 0, 0, np.minimum(highest, n))
    return low.astype(np.int64), high.astype(np.int64)


def _calibrate(groups: _Groups, targets: Floats, n: int) -> Floats | None:
    """(G,): each group's size times a logistic function of its facts, by Newton's method on the dual.

    A sample of the groups gives the starting point. Returns None when there is no solution.
    """
    fits = ~((groups.sets[:, targets <= 0] > 0).any(axis=1) | (groups.sets[:, targets >= 1] == 0).any(axis=1))
    free = (targets > 0) & (targets < 1)
    design = np.column_stack([np.ones(int(fits.sum())), groups.sets[np.ix_(fits, free)]])
    goal, sizes = np.append(1.0, targets[free]) * n, groups.sizes[fits]
    start, step = np.zeros(design.shape[1]), -(-len(sizes) // START_GROUPS)
    if step > 1:
        part = sizes[::step].sum() / max(sizes.sum(), 1)
        start = _newton(design[::step], sizes[::step], goal * part, start)
    theta = _newton(design, sizes, goal, start)
    expected = sizes * _logistic(design @ theta)
    if np.abs(goal - design.T @ expected).max() > CALIBRATION_TOLERANCE:
        return None
    numbers = np.zeros(len(groups.sizes))
    numbers[fits] = expected
    return numbers


def _newton(design: Floats, sizes: Ints, goal: Floats, theta: Floats) -> Floats:
    """Coefficients at which the expected counts equal `goal`, starting from `theta`; stops when they diverge."""
    for _ in range(60):  # chosen as a bound: without a solution the ridge and the damping only keep steps finite
        rates = _logistic(design @ theta)
        gap = goal - design.T @ (sizes * rates)
        # A coefficient of 200 is a rate of 0 or 1 whatever the others say: the targets are out of reach.
        if np.abs(gap).max() < CALIBRATION_TOLERANCE or np.abs(theta).max() > 200:
            break
        # The ridge keeps the matrix regular where facts always come together.
        hessian = (design.T * (sizes * rates * (1 - rates))) @ design + 1e-6 * np.eye(len(theta))
        step = np.linalg.lstsq(hessian, gap, rcond=None)[0]
        # No coefficient moves by more than 4, a factor of 55 in the odds: a longer step may end where all rates are 0
        # or 1, and nothing says which way to go on.
        theta = theta + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
    return theta


def _logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)); beyond 40 a float cannot tell it from 0 or 1, and far beyond `exp` would overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))


def _nearest(groups: _Groups, low: Ints, high: Ints, n: int) -> Floats:
    """(G,): numbers whose counts have the smallest total distance from the bounds, by linear programming."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, hstack, identity, vstack

    facts, count = len(low), len(groups.sizes)
    unit, sets = identity(facts, format="csr"), csr_matrix(groups.sets.T)
    above = hstack([sets, -unit, csr_matrix((facts, facts))])
    below = hstack([-sets, csr_matrix((facts, facts)), -unit])
    limit = np.concatenate([high, -low])
    total = hstack([csr_matrix(np.ones((1, count))), csr_matrix((1, 2 * facts))])
    bounds = np.zeros((count + 2 * facts, 2))
    bounds[:, 1] = np.concatenate([groups.sizes, np.full(2 * facts, np.inf)])
    cost = np.concatenate([np.zeros(count), np.ones(2 * facts)])
    optimum = linprog(cost, vstack([above, below]), limit, total, [n], bounds, method="highs")
    return np.asarray(optimum.x[:count])


def _binding(groups: _Groups, low: Ints, high: Ints, n: int) -> tuple[int, ...]:
    """Facts without whose target all others could be met."""
    binding = []
    for fact in range(len(low)):
        others = np.delete(np.arange(len(low)), fact)
        part = _Groups(groups.sets[:, others], groups.sizes, groups.group_of)
        reached = part.sets.T @ _nearest(part, low[others], high[others], n)
        if ((reached >= low[others] - 1e-6) & (reached <= high[others] + 1e-6)).all():
            binding.append(fact)
    return tuple(binding)


def _correct(groups: _Groups, numbers: Ints, low: Ints, high: Ints) -> Ints:
    """Move a few documents between groups until every count is within its bounds."""
    total = numbers.sum()
    fits = ~(groups.sets[:, high == 0].any(axis=1) | (groups.sets[:, low == total] == 0).any(axis=1))
    groups = _Groups(groups.sets, groups.sizes * fits, groups.group_of)
    numbers = np.clip(numbers, 0, groups.sizes)
    order = np.argsort(mix(1, np.arange(len(numbers))), kind="stable")
    for attempt in range(SWAP_SAMPLES if len(numbers) > SAMPLE_GROUPS else 0):
        part = np.union1d(_sample(numbers > 0, attempt), _sample(numbers < groups.sizes, attempt))
        numbers = _swap(groups, numbers, part, low, high, LATE_BREADTH if attempt > 2 else BREADTH)
    counts = groups.sets.T @ numbers
    if numbers.sum() == 0 or ((counts >= low) & (counts <= high)).all():
        return numbers
    for part in (order[:SAMPLE_GROUPS], order[: 10 * SAMPLE_GROUPS]):
        moved = _solve_moves(groups, numbers, part, low - counts, high - counts)
        if moved is not None:
            return moved
    return numbers


def _swap(groups: _Groups, numbers: Ints, part: Ints, low: Ints, high: Ints, breadth: int) -> Ints:
    """Steepest descent by swaps of one document for another, on the squared distance from the middle of the bounds.

    Each step weighs all swaps between the `breadth` groups of `part` that improve most on their own.
    """
    sets, sizes, own = groups.sets[part], groups.sizes[part], numbers[part]
    gap = (low + high) / 2 - groups.sets.T @ numbers
    weight = sets.sum(axis=1)
    for _ in range(MAX_SWAPS):
        if (np.abs(gap) <= (high - low) / 2 + TOLERANCE).all():
            break
        pull = 2 * (sets @ gap)
        add = _top(np.where(own < sizes, pull - weight, -np.inf), breadth)
        drop = _top(np.where(own > 0, -pull - weight, -np.inf), breadth)
        added, dropped = sets[add], sets[drop]
        change = (weight[add] - pull[add])[:, None] + (weight[drop] + pull[drop]) - 2 * added @ dropped.T
        best = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[best] >= -TOLERANCE:
            break
        own[add[best[0]]] += 1
        own[drop[best[1]]] -= 1
        gap = gap - added[best[0]] + dropped[best[1]]
    moved = numbers.copy()
    moved[part] = own
    return moved


def _sample(mask: Bools, key: int) -> Ints:
    """At most SAMPLE of the true places, drawn with the key."""
    places = np.flatnonzero(mask)
    drawn = np.unique(mix(key, np.arange(SAMPLE_GROUPS)) % np.uint64(max(len(places), 1))).astype(np.int64)
    return places[drawn[: len(places)]]


def _top(values: Floats, count: int) -> Ints:
    """Indices of the `count` largest values."""
    return np.argpartition(-values, min(count, len(values)) - 1)[:count]


def _solve_moves(groups: _Groups, numbers: Ints, part: Ints, low: Floats, high: Floats) -> Ints | None:
    """The fewest moves between the groups of `part` that change the counts by `low` to `high`, by integer programming.

    Returns the new numbers, or None when none were found in time.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, hstack

    sets = csr_matrix(np.vstack([groups.sets[part].T, np.ones(len(part))]))
    matrix: Any = hstack([sets, -sets], format="csr")
    room = np.concatenate([groups.sizes[part] - numbers[part], numbers[part]])
    optimum = milp(
        np.ones(2 * len(part)),
        constraints=LinearConstraint(matrix, np.append(low, 0), np.append(high, 0)),
        bounds=Bounds(0, room),
        integrality=np.ones(2 * len(part)),
        # A twentieth more moves than the fewest are as good, and found sooner.
        options={"time_limit": TIME_LIMIT_SECONDS, "mip_rel_gap": 0.05},
    )
    if optimum.x is None:
        return None
    change = np.rint(optimum.x).astype(np.int64)
    moved = numbers.copy()
    moved[part] += change[: len(part)] - change[len(part) :]
    return moved
