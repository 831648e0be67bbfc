"""Meeting demands that local exchanges could not meet, or proving that they cannot be met.

Slots of types that admit the same facts are alike, so a plan is a number of slots for each (class of slots, set of
facts). That is a linear program with a column for every admissible set; columns are made as they are needed (Gilmore
and Gomory 1961): the dual prices say which set would help, and a small integer program finds it. Documents off by one
or more cost most, roundings less, slots that change least. A linear optimum that is off proves the demands impossible;
otherwise the integer program over the columns found gives the plan. Background counts as one more fact, F, that stands
alone.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from docgen.planning.constraints import Bools, Demands, Floats
from docgen.planning.layout import Ints

__all__ = ["Classes", "Solution", "classes_of", "solve"]

OFF, ROUNDED = 10_000.0, 20.0
"""What a document too many or too few costs, in changed slots: beyond one from the share, and within."""
ROUNDS, SECONDS = 300, 20.0


@dataclass(frozen=True)
class Classes:
    """Slots that are alike. `of` (n,): each slot's class; `allowed` (K, F); `sizes` (K,)."""

    of: Ints
    allowed: Bools
    sizes: Ints


@dataclass(frozen=True)
class Solution:
    """Sets of facts (C, F + 1) with their class and number of slots (C,); the last fact stands for background.

    `off` (F + 1,): documents above (below: negative) the nearest number within one of the share. `unfilled` slots find
    no admissible set. `least`: no plan at all has fewer documents off than this, by the linear program.
    """

    sets: Bools
    classes: Ints
    slots: Ints
    off: Ints
    unfilled: int
    least: float


@dataclass
class _Master:
    """The program so far: columns (a class and a set of facts) with the slots that have it now."""

    demands: Demands
    classes: Classes
    wanted: Ints
    exact: Floats
    sets: list[tuple[int, ...]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    now: list[int] = field(default_factory=list)
    known: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def add(self, kind: int, facts: tuple[int, ...], now: int = 0) -> bool:
        """Add a column unless it is there."""
        if (kind, facts) in self.known:
            return False
        self.known.add((kind, facts))
        self.sets.append(facts)
        self.kinds.append(kind)
        self.now.append(now)
        return True


def classes_of(demands: Demands, types: Ints) -> Classes:
    """Group slots by what their types admit."""
    patterns, of_type = np.unique(demands.allowed.T, axis=0, return_inverse=True)
    of = of_type[types]
    return Classes(of, patterns, np.bincount(of, minlength=len(patterns)))


def solve(demands: Demands, classes: Classes, holds: Bools, wanted: Ints) -> Solution:
    """Numbers of slots for each class and set of facts: nearest to `wanted`, then to what the slots hold now.

    `holds` (n, F + 1) and `wanted` (F + 1,) include background.
    """
    exact = np.append(demands.targets, demands.background) * len(holds)
    master = _Master(demands, classes, wanted, exact)
    for kind in range(len(classes.sizes)):
        master.add(kind, (len(demands.facts),))
    if (
        least := _generate(master)
    ) > 0.5:  # impossible, whatever the slots hold now; whole numbers are off by one or more
        return _whole(master, least)
    held = _Master(demands, classes, wanted, exact)
    for kind in range(len(classes.sizes)):
        rows = holds[classes.of == kind]
        _, first, numbers = np.unique(np.packbits(rows, axis=1), axis=0, return_index=True, return_counts=True)
        for facts, number in zip(rows[first], numbers, strict=True):
            if _legal(demands, facts):
                held.add(kind, tuple(np.flatnonzero(facts).tolist()), int(number))
    for kind, members in zip(master.kinds, master.sets, strict=True):
        held.add(kind, members)
    least = _generate(held)
    return _whole(held, least)


def _legal(demands: Demands, facts: Bools) -> bool:
    facts, background = facts[:-1], bool(facts[-1])
    if background:
        return not facts.any()
    missing = demands.needs[facts].any(axis=0) & ~facts
    barred = demands.bars[np.ix_(facts, facts)].any()
    return bool(demands.minimum <= facts.sum() <= demands.maximum and not missing.any() and not barred)


def _generate(master: _Master) -> float:
    """Add columns until none helps; returns the documents that the linear program leaves off."""
    from scipy.optimize import linprog

    facts, kinds = len(master.wanted), len(master.classes.sizes)
    for _ in range(ROUNDS):
        cost, matrix, right, bounds = _program(master)
        made = linprog(cost, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
        duals = np.asarray(made.eqlin.marginals)
        offers = [(kind, _price(master, kind, duals[: facts - 1])) for kind in range(kinds)]
        added = [
            master.add(kind, offer)
            for kind, offer in offers
            if offer is not None and duals[list(offer)].sum() + duals[facts + kind] > 1 + 1e-6
        ]
        if not any(added):
            break
    return float(made.x[cost == OFF].sum())


def _program(master: _Master) -> tuple[Floats, Any, Floats, Any]:
    """Cost, matrix, right side and bounds; a row for each fact, then one for each class.

    Variables: slots that keep each column, slots that change to it; for each fact documents too few and too many within
    one of the share, and beyond; for each class slots without a set.
    """
    from scipy.sparse import coo_matrix, hstack, identity

    columns, facts, kinds = len(master.sets), len(master.wanted), len(master.classes.sizes)
    sizes = [len(members) for members in master.sets]
    rows = np.concatenate(
        [np.array([f for s in master.sets for f in s], dtype=int), facts + np.array(master.kinds, int)]
    )
    lines = np.concatenate([np.repeat(np.arange(columns), sizes), np.arange(columns)])
    sets = coo_matrix((np.ones(len(rows)), (rows, lines)), shape=(facts + kinds, columns))
    unit = identity(facts + kinds, format="csc")
    few, slack = unit[:, :facts], unit[:, facts:]
    matrix = hstack([sets, sets, few, -few, few, -few, slack], format="csc")
    cost = np.repeat([0, 1, ROUNDED, OFF, OFF], [columns, columns, 2 * facts, 2 * facts, kinds])
    below = master.wanted - np.maximum(np.floor(master.exact - 1 + 1e-9) + 1, 0)
    above = np.ceil(master.exact + 1 - 1e-9) - 1 - master.wanted
    upper = np.concatenate([master.now, np.full(columns, np.inf), below, above, np.full(2 * facts + kinds, np.inf)])
    right = np.concatenate([master.wanted, master.classes.sizes]).astype(float)
    return cost.astype(float), matrix, right, np.stack([np.zeros(len(upper)), np.maximum(upper, 0)], axis=1)


def _price(master: _Master, kind: int, prices: Floats) -> tuple[int, ...] | None:
    """The admissible set of facts with the highest sum of prices for a class, None when no set is admissible."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    demands, facts = master.demands, len(prices)
    first, second = np.nonzero(demands.needs)
    left, right = np.nonzero(np.triu(demands.bars))
    matrix = np.zeros((1 + len(first) + len(left), facts))
    matrix[0] = 1
    lines = 1 + np.arange(len(first))
    matrix[lines, first], matrix[lines, second] = 1, -1
    lines = 1 + len(first) + np.arange(len(left))
    matrix[lines, left] += 1
    matrix[lines, right] += 1
    high = np.concatenate([[demands.maximum], np.zeros(len(first)), np.ones(len(left))])
    low = np.concatenate([[demands.minimum], np.full(len(first) + len(left), -np.inf)])
    made = milp(
        -prices,
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(0, master.classes.allowed[kind].astype(float)),
        integrality=np.ones(facts),
    )
    return None if made.x is None else tuple(np.flatnonzero(made.x > 0.5).tolist())


def _whole(master: _Master, least: float) -> Solution:
    """Whole numbers over the columns found."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    cost, matrix, right, bounds = _program(master)
    options = {"time_limit": SECONDS, "mip_rel_gap": 0.0}
    whole = LinearConstraint(matrix, right, right)
    made = milp(cost, constraints=whole, bounds=Bounds(*bounds.T), integrality=np.ones(len(cost)), options=options)
    columns, facts = len(master.sets), len(master.wanted)
    x = np.rint(made.x).astype(np.int64)
    off = x[2 * columns + 2 * facts :]
    sets = np.zeros((columns, facts), dtype=bool)
    for line, members in enumerate(master.sets):
        sets[line, list(members)] = True
    return Solution(
        sets=sets,
        classes=np.array(master.kinds, dtype=np.int64),
        slots=x[:columns] + x[columns : 2 * columns],
        off=off[facts : 2 * facts] - off[:facts],
        unfilled=int(off[2 * facts :].sum()),
        least=least,
    )
