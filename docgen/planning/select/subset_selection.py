"""Choosing documents that meet all targets together, from any corpus whose facts are known.

Documents with equal sets of facts are alike; how many to take of each set is decided in three steps. Logistic tilting
(calibration of survey weights, Deville and Särndal 1992) gives the numbers that meet the targets and stay nearest to a
plain random sample. They are rounded; swaps and then a small integer program put right the few documents that rounding
left wrong.
When tilting finds no solution, a linear program decides: it either finds one or the nearest, and with it the facts
whose targets bind.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import Bools, Floats, Grid
from docgen.planning.layout import Ints
from docgen.planning.seeded_draws import mix

__all__ = ["Choice", "choose", "doses"]

SAMPLE = 4000
"""Sets of facts that the last correction may touch, as a first try."""
ROUNDS, STEPS, BREADTH = 30, 400, (60, 400)
"""Samples to swap within, most swaps in each, and how many documents each step weighs against as many others."""
SECONDS = 10.0
WARM, NEAR = 20_000, 0.05
"""Sets that the starting point is found from, and how near to the targets, in documents, is near enough to round."""


@dataclass(frozen=True)
class Choice:
    """`rows`: the documents chosen, in corpus order. `counts` (F,): how many of them have each fact.

    `off` (F,): documents above (below: negative) the nearest number that is within one of the target; all zero when the
    targets are met. `binding`: facts without whose targets all others could be met.
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
    """Documents by set of facts: `sets` (G, F), `sizes` (G,), `of` (N,)."""

    sets: Floats
    sizes: Ints
    of: Ints


def choose(holds: Grid, targets: Floats, n: int, key: int) -> Choice:
    """Choose n of the N documents so that a share `targets` (F,) of them has each fact; `holds` is (N, F).

    When that is impossible the nearest choice comes back, with what binds. `PlanError` when there are fewer than n.
    """
    if n > len(holds):
        raise PlanError(f"{n} documents are wanted and there are {len(holds)}", "--n", f"Ask for at most {len(holds)}")
    groups = _group(holds)
    low, high = _bounds(targets, n)
    wanted = _tilt(groups, targets, n)
    binding: tuple[int, ...] = ()
    if wanted is None:
        wanted = _linear(groups, low, high, n)
        made = groups.sets.T @ wanted
        if ((made < low - 1e-6) | (made > high + 1e-6)).any():
            binding = _binding(groups, low, high, n)
            low, high = np.minimum(low, np.floor(made + 1e-6)), np.maximum(high, np.ceil(made - 1e-6))
    numbers = _mend(groups, _rounded(wanted, n), low, high)
    rows = _draw(groups, numbers, key)
    counts = holds[rows].sum(axis=0, dtype=np.int64)
    low, high = _bounds(targets, n)
    return Choice(rows, counts, np.minimum(counts - low, 0) + np.maximum(counts - high, 0), binding)


def doses(holds: Grid, shares: Floats, sizes: tuple[int, ...], key: int) -> list[Choice]:
    """Nested choices, one for each size in the order given: every smaller one lies inside all larger ones."""
    chosen: dict[int, Choice] = {}
    rows = np.arange(len(holds))
    for size in sorted(set(sizes), reverse=True):
        part = choose(holds[rows], shares, size, key)
        rows = rows[part.rows]
        chosen[size] = Choice(rows, part.counts, part.off, part.binding)
    return [chosen[size] for size in sizes]


def _bounds(targets: Floats, n: int) -> tuple[Ints, Ints]:
    """Lowest and highest number of documents that is less than one from each target; exactly 0 and n at the ends."""
    exact = targets * n
    low = np.where(targets >= 1, n, np.maximum(np.floor(exact - 1 + 1e-9) + 1, 0))
    high = np.where(targets <= 0, 0, np.minimum(np.ceil(exact + 1 - 1e-9) - 1, n))
    return low.astype(np.int64), high.astype(np.int64)


def _group(holds: Grid) -> _Groups:
    packed = np.packbits(holds, axis=1) if holds.shape[1] else np.zeros((len(holds), 1), dtype=np.uint8)
    codes = np.zeros(len(holds), dtype=np.int64)
    for column in packed.T:  # renumbering after every byte keeps the codes small
        _, codes = np.unique(codes * 256 + column, return_inverse=True)
    _, first, of, sizes = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    return _Groups(holds[first].astype(float), sizes, of)


def _tilt(groups: _Groups, targets: Floats, n: int) -> Floats | None:
    """Numbers of each set, sizes times a logistic of its facts, by Newton's method on the dual; None: no solution.

    A sample of the sets gives the starting point.
    """
    fits = ~((groups.sets[:, targets <= 0] > 0).any(axis=1) | (groups.sets[:, targets >= 1] == 0).any(axis=1))
    free = (targets > 0) & (targets < 1)
    design = np.column_stack([np.ones(int(fits.sum())), groups.sets[np.ix_(fits, free)]])
    goal, sizes = np.append(1.0, targets[free]) * n, groups.sizes[fits]
    start, step = np.zeros(design.shape[1]), -(-len(sizes) // WARM)
    if step > 1:
        part = sizes[::step].sum() / max(sizes.sum(), 1)
        start = _newton(design[::step], sizes[::step], goal * part, start)
    theta = _newton(design, sizes, goal, start)
    taken = sizes * _logistic(design @ theta)
    if np.abs(goal - design.T @ taken).max() > NEAR:
        return None
    numbers = np.zeros(len(groups.sizes))
    numbers[fits] = taken
    return numbers


def _newton(design: Floats, sizes: Ints, goal: Floats, theta: Floats) -> Floats:
    for _ in range(60):
        taken = _logistic(design @ theta)
        gap = goal - design.T @ (sizes * taken)
        if np.abs(gap).max() < NEAR or np.abs(theta).max() > 200:
            break
        hessian = (design.T * (sizes * taken * (1 - taken))) @ design + 1e-6 * np.eye(len(theta))
        step = np.linalg.lstsq(hessian, gap, rcond=None)[0]
        theta = theta + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
    return theta


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -40, 40))))


def _linear(groups: _Groups, low: Ints, high: Ints, n: int) -> Floats:
    """Numbers of each set with the smallest sum of distances from the bounds."""
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
    made = linprog(cost, vstack([above, below]), limit, total, [n], bounds, method="highs")
    return np.asarray(made.x[:count])


def _binding(groups: _Groups, low: Ints, high: Ints, n: int) -> tuple[int, ...]:
    """Facts whose target alone stands in the way of all the others."""
    found = []
    for fact in range(len(low)):
        others = np.delete(np.arange(len(low)), fact)
        part = _Groups(groups.sets[:, others], groups.sizes, groups.of)
        made = part.sets.T @ _linear(part, low[others], high[others], n)
        if ((made >= low[others] - 1e-6) & (made <= high[others] + 1e-6)).all():
            found.append(fact)
    return tuple(found)


def _rounded(wanted: Floats, n: int) -> Ints:
    """Whole numbers with the same sum, each within one: cumulative sums are rounded, so neighbours even out."""
    steps = np.floor(np.cumsum(wanted) + 0.5)
    steps[-1] = n
    return np.diff(steps, prepend=0.0).astype(np.int64)


def _mend(groups: _Groups, numbers: Ints, low: Ints, high: Ints) -> Ints:
    """Move few documents between sets until all bounds hold."""
    total = numbers.sum()
    fits = ~(groups.sets[:, high == 0].any(axis=1) | (groups.sets[:, low == total] == 0).any(axis=1))
    groups = _Groups(groups.sets, groups.sizes * fits, groups.of)
    numbers = np.clip(numbers, 0, groups.sizes)
    order = np.argsort(mix(1, np.arange(len(numbers))), kind="stable")
    for attempt in range(ROUNDS if len(numbers) > SAMPLE else 0):
        part = np.union1d(_some(numbers > 0, attempt), _some(numbers < groups.sizes, attempt))
        numbers = _swap(groups, numbers, part, low, high, BREADTH[attempt > 2])
    counts = groups.sets.T @ numbers
    if numbers.sum() == 0 or ((counts >= low) & (counts <= high)).all():
        return numbers
    for part in (order[:SAMPLE], order[: 10 * SAMPLE]):
        moved = _exchange(groups, numbers, part, low - counts, high - counts)
        if moved is not None:
            return moved
    return numbers


def _swap(groups: _Groups, numbers: Ints, part: Ints, low: Ints, high: Ints, breadth: int) -> Ints:
    """Steepest descent in swaps of one document for another, on the squared distance from the middle of the bounds.

    Each step looks at all swaps between the documents of `part` that do most good on their own.
    """
    sets, sizes, own = groups.sets[part], groups.sizes[part], numbers[part]
    gap = (low + high) / 2 - groups.sets.T @ numbers
    weight = sets.sum(axis=1)
    for _ in range(STEPS):
        if (np.abs(gap) <= (high - low) / 2 + 1e-9).all():
            break
        pull = 2 * (sets @ gap)
        add = _top(np.where(own < sizes, pull - weight, -np.inf), breadth)
        drop = _top(np.where(own > 0, -pull - weight, -np.inf), breadth)
        one, other = sets[add], sets[drop]
        alone = weight[add] - pull[add], weight[drop] + pull[drop]
        value = alone[0][:, None] + alone[1] - 2 * one @ other.T
        best = np.unravel_index(int(np.argmin(value)), value.shape)
        if value[best] >= -1e-9:
            break
        own[add[best[0]]] += 1
        own[drop[best[1]]] -= 1
        gap = gap - one[best[0]] + other[best[1]]
    moved = numbers.copy()
    moved[part] = own
    return moved


def _some(mask: Bools, key: int) -> Ints:
    """At most SAMPLE of the true places, drawn with the key."""
    places = np.flatnonzero(mask)
    return places[
        np.unique(mix(key, np.arange(SAMPLE)) % np.uint64(max(len(places), 1))).astype(np.int64)[: len(places)]
    ]


def _top(values: Floats, count: int) -> Ints:
    return np.argpartition(-values, min(count, len(values)) - 1)[:count]


def _exchange(groups: _Groups, numbers: Ints, part: Ints, low: Floats, high: Floats) -> Ints | None:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, hstack

    sets = csr_matrix(np.vstack([groups.sets[part].T, np.ones(len(part))]))
    matrix: Any = hstack([sets, -sets], format="csr")
    room = np.concatenate([groups.sizes[part] - numbers[part], numbers[part]])
    made = milp(
        np.ones(2 * len(part)),
        constraints=LinearConstraint(matrix, np.append(low, 0), np.append(high, 0)),
        bounds=Bounds(0, room),
        integrality=np.ones(2 * len(part)),
        options={"time_limit": SECONDS, "mip_rel_gap": 0.05},
    )
    if made.x is None:
        return None
    change = np.rint(made.x).astype(np.int64)
    moved = numbers.copy()
    moved[part] += change[: len(part)] - change[len(part) :]
    return moved


def _draw(groups: _Groups, numbers: Ints, key: int) -> Ints:
    """The documents of each set in an order drawn with the key, the first ones of it; in corpus order."""
    order = np.lexsort((mix(key, np.arange(len(groups.of))), groups.of))
    starts = np.cumsum(groups.sizes) - groups.sizes
    place = np.arange(len(order)) - starts[groups.of[order]]
    taken: Bools = place < numbers[groups.of[order]]
    return np.sort(order[taken])
