"""The integer program: meets constraints that local exchanges could not meet, or proves that nothing can.

Slots whose types allow the same facts form a class, so a plan is a number of slots for each (class, set of facts). That
is a linear program with a column for every admissible set, solved by column generation (Gilmore and Gomory 1961): the
dual prices say which set would improve it, and a small integer program finds that set. Deviations of a document or more
cost most, rounding within one document less, changed slots least. If even the linear optimum deviates, the constraints
are infeasible; otherwise the integer program over the columns generated gives the plan. Background is treated as one
more fact, with index F, that stands alone.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import Bools, Constraints, Floats, Ints, within_one

__all__ = ["SlotClasses", "Solution", "slot_classes", "solve"]

DEVIATION_COST, ROUNDING_COST = 10_000.0, 20.0
"""The cost of one document too many or too few, in changed slots: beyond one document from the share, and within it.
Chosen: far enough apart that feasibility decides before rounding, and rounding before the number of changed slots."""
UNFILLED_COST = 3 * DEVIATION_COST
"""The cost of a slot without a set. Chosen: above that of one more background slot, so that the nearest shares of
infeasible constraints are those of a whole plan."""

SECONDS = 20.0
"""For the integer program. Chosen as a safety bound: after it the best solution so far counts."""


@dataclass(frozen=True)
class SlotClasses:
    """K classes of interchangeable slots: `class_of` (n,) each slot's class; `allowed` (K, F); `sizes` (K,)."""

    class_of: Ints
    allowed: Bools
    sizes: Ints


@dataclass(frozen=True)
class Solution:
    """C columns: `sets` of facts (C, F + 1), the last being background, each with its class and number of slots (C,).

    `deviation` (F + 1,): documents above (below: negative) the nearest number that is within one of the share.
    `ran_out_of_time`: better ones may be there. `unfilled`: slots without an admissible set. `lower_bound`: no plan
    deviates by fewer documents in all than this, by the linear program.
    """

    sets: Bools
    class_of: Ints
    slots: Ints
    deviation: Ints
    unfilled: int
    lower_bound: float
    ran_out_of_time: bool = False


@dataclass
class _MasterProblem:
    """The columns generated so far, each a class and a set of facts, and how many slots have it in the current plan."""

    constraints: Constraints
    classes: SlotClasses
    target_counts: Ints
    exact: Floats
    sets: list[tuple[int, ...]] = field(default_factory=list)
    class_of: list[int] = field(default_factory=list)
    current: list[int] = field(default_factory=list)
    known: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def add(self, slot_class: int, facts: tuple[int, ...], current: int = 0) -> bool:
        """Add a column; returns False if it is already there."""
        if (slot_class, facts) in self.known:
            return False
        self.known.add((slot_class, facts))
        self.sets.append(facts)
        self.class_of.append(slot_class)
        self.current.append(current)
        return True


def slot_classes(constraints: Constraints, types: Ints) -> SlotClasses:
    """Group slots by the facts that their document types allow; a held-out fact (share 0) is allowed in none."""
    may_occur = constraints.allowed & (constraints.targets > 0)[:, None]
    allowed, class_of_type = np.unique(may_occur.T, axis=0, return_inverse=True)
    class_of = class_of_type[types]
    return SlotClasses(class_of, allowed, np.bincount(class_of, minlength=len(allowed)))


def solve(constraints: Constraints, classes: SlotClasses, holds: Bools, target_counts: Ints) -> Solution:
    """The number of slots for each class and set of facts: nearest to `target_counts`, then to the current plan
    `holds`.

    `holds` (n, F + 1) and `target_counts` (F + 1,) include background.
    """
    exact = np.append(constraints.targets, constraints.background) * len(holds)
    from_scratch = _MasterProblem(constraints, classes, target_counts, exact)
    for slot_class in range(len(classes.sizes)):
        from_scratch.add(slot_class, (len(constraints.facts),))
    lower_bound = _generate_columns(from_scratch)
    if lower_bound > 0.5:  # infeasible whatever the current plan is, since whole numbers deviate by one or more
        return _integer_solution(from_scratch, lower_bound)
    master = _MasterProblem(constraints, classes, target_counts, exact)
    for slot_class in range(len(classes.sizes)):
        rows = holds[classes.class_of == slot_class]
        _, first, numbers = np.unique(np.packbits(rows, axis=1), axis=0, return_index=True, return_counts=True)
        for facts, number in zip(rows[first], numbers, strict=True):
            if _admissible(constraints, facts):
                master.add(slot_class, tuple(np.flatnonzero(facts).tolist()), int(number))
    for slot_class, members in zip(from_scratch.class_of, from_scratch.sets, strict=True):
        master.add(slot_class, members)
    lower_bound = _generate_columns(master)
    return _integer_solution(master, lower_bound)


def _admissible(constraints: Constraints, facts: Bools) -> bool:
    """Whether a slot may have this set of facts (F + 1,), its type aside."""
    facts, background = facts[:-1], bool(facts[-1])
    if background:
        return not facts.any()
    if (constraints.targets[facts] == 0).any():
        return False
    missing = constraints.requires[facts].any(axis=0) & ~facts
    excluded = constraints.excludes[np.ix_(facts, facts)].any()
    return bool(constraints.minimum <= facts.sum() <= constraints.maximum and not missing.any() and not excluded)


def _generate_columns(master: _MasterProblem) -> float:
    """Add columns until none improves the linear program; returns the documents by which its optimum deviates."""
    from scipy.optimize import linprog

    facts, class_count = len(master.target_counts), len(master.classes.sizes)
    for _ in range(300):  # a safety bound: the columns so far give a plan too
        cost, matrix, right, bounds = _linear_program(master)
        optimum = linprog(cost, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
        duals = np.asarray(optimum.eqlin.marginals)
        offers = [(k, _best_set(master, k, duals[: facts - 1])) for k in range(class_count)]
        # A set improves the program if it is worth more than the 1 that a changed slot costs; 1e-6 is well above the
        # solver's own tolerance.
        added = [
            master.add(k, offer)
            for k, offer in offers
            if offer is not None and duals[list(offer)].sum() + duals[facts + k] > 1 + 1e-6
        ]
        if not any(added):
            break
    return float(optimum.x[cost >= DEVIATION_COST].sum())


def _linear_program(master: _MasterProblem) -> tuple[Floats, Any, Floats, Any]:
    """Cost, matrix, right-hand side and bounds; the rows are the facts, then the classes.

    Variables: for each column the slots that keep it and the slots that change to it; for each fact the documents too
    few and too many, first within one of the share, then beyond; for each class the slots without a set.
    """
    from scipy.sparse import coo_matrix, hstack, identity

    columns, facts, class_count = len(master.sets), len(master.target_counts), len(master.classes.sizes)
    sizes = [len(members) for members in master.sets]
    rows = np.concatenate(
        [np.array([f for s in master.sets for f in s], dtype=int), facts + np.array(master.class_of, int)]
    )
    lines = np.concatenate([np.repeat(np.arange(columns), sizes), np.arange(columns)])
    sets = coo_matrix((np.ones(len(rows)), (rows, lines)), shape=(facts + class_count, columns))
    unit = identity(facts + class_count, format="csc")
    few, slack = unit[:, :facts], unit[:, facts:]
    matrix = hstack([sets, sets, few, -few, few, -few, slack], format="csc")
    widths = [columns, columns, 2 * facts, 2 * facts, class_count]
    cost = np.repeat([0, 1, ROUNDING_COST, DEVIATION_COST, UNFILLED_COST], widths)
    lowest, highest = within_one(master.exact)
    below, above = master.target_counts - np.maximum(lowest, 0), highest - master.target_counts
    free = np.full(2 * facts + class_count, np.inf)
    upper = np.concatenate([master.current, np.full(columns, np.inf), below, above, free])
    right = np.concatenate([master.target_counts, master.classes.sizes]).astype(float)
    return cost.astype(float), matrix, right, np.stack([np.zeros(len(upper)), np.maximum(upper, 0)], axis=1)


def _best_set(master: _MasterProblem, slot_class: int, prices: Floats) -> tuple[int, ...] | None:
    """The pricing problem: the admissible set with the highest sum of `prices` (F,); None when no set is admissible."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    constraints, facts = master.constraints, len(prices)
    fact, required = np.nonzero(constraints.requires)
    left, right = np.nonzero(np.triu(constraints.excludes))
    matrix = np.zeros((1 + len(fact) + len(left), facts))
    matrix[0] = 1
    lines = 1 + np.arange(len(fact))
    matrix[lines, fact], matrix[lines, required] = 1, -1
    lines = 1 + len(fact) + np.arange(len(left))
    matrix[lines, left] += 1
    matrix[lines, right] += 1
    high = np.concatenate([[constraints.maximum], np.zeros(len(fact)), np.ones(len(left))])
    low = np.concatenate([[constraints.minimum], np.full(len(fact) + len(left), -np.inf)])
    optimum = milp(
        -prices,
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(0, master.classes.allowed[slot_class].astype(float)),
        integrality=np.ones(facts),
    )
    return None if optimum.x is None else tuple(np.flatnonzero(optimum.x > 0.5).tolist())


def _integer_solution(master: _MasterProblem, lower_bound: float) -> Solution:
    """The best whole numbers of slots over the columns generated."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    cost, matrix, right, bounds = _linear_program(master)
    options = {"time_limit": SECONDS, "mip_rel_gap": 0.0}
    equalities = LinearConstraint(matrix, right, right)
    optimum = milp(
        cost, constraints=equalities, bounds=Bounds(*bounds.T), integrality=np.ones(len(cost)), options=options
    )
    columns, facts = len(master.sets), len(master.target_counts)
    if optimum.x is None:
        what = f"no plan was found within {SECONDS:.0f} seconds, which proves nothing"
        raise PlanError(what, fix="Loosen a constraint, or ask for fewer documents at first")
    x = np.rint(optimum.x).astype(np.int64)
    beyond = x[2 * columns + 2 * facts :]
    sets = np.zeros((columns, facts), dtype=bool)
    for line, members in enumerate(master.sets):
        sets[line, list(members)] = True
    return Solution(
        sets=sets,
        class_of=np.array(master.class_of, dtype=np.int64),
        slots=x[:columns] + x[columns : 2 * columns],
        deviation=beyond[facts : 2 * facts] - beyond[:facts],
        unfilled=int(beyond[2 * facts :].sum()),
        lower_bound=lower_bound,
        ran_out_of_time=optimum.status == 1,  # scipy's for a limit that was reached
    )
