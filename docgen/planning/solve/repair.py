"""Repairing a plan: first slots that break a constraint, then facts in too many or too few documents.

Every step looks only at the slot itself and at fixed orders, so a change of one fact's share stays local.
"""

from collections import deque
from itertools import pairwise

import numpy as np

from docgen.planning.assignment.priorities import Keys
from docgen.planning.constraints import Bools, Floats, Ints
from docgen.planning.solve.solver import solve_exactly
from docgen.planning.solve.working_plan import WorkingPlan

__all__ = ["repair_counts", "repair_or_solve", "repair_slots"]

CHUNK_SLOTS = 1 << 16  # slots repaired at once; chosen: bounds the (rows, F) work arrays to some 25 MB for 50 facts
NO_FACT = -1
"""In a chain, in the place of a fact: a document gains a fact for none, or loses one for none."""


def repair_slots(plan: WorkingPlan) -> None:
    """Rebuild the slots that break a constraint; one that finds too few facts to reach the minimum keeps fewer."""
    for start in range(0, len(plan.holds), CHUNK_SLOTS):
        _repair_chunk(plan, np.arange(start, min(start + CHUNK_SLOTS, len(plan.holds))))


def repair_counts(plan: WorkingPlan) -> None:
    """Bring every fact to its target count in as few slots as possible, as far as exchanges can; slots stay legal."""
    for fact in np.flatnonzero(plan.surplus() > 0):  # remove, last in the fact's order first
        rows = np.flatnonzero(plan.holds[:, fact])
        able = rows[plan.can_remove(int(fact), rows) & (plan.loads[rows] > plan.constraints.minimum)]
        count = min(int(plan.surplus()[fact]), len(able))
        plan.set_fact(int(fact), _lowest(~plan.keys[fact], able, count), False)
    for fact in np.flatnonzero(plan.surplus() < 0):  # add, first in the fact's order first
        rows = np.flatnonzero(plan.eligible[fact] & (plan.holds[:, fact] == 0))
        able = rows[plan.can_add(int(fact), rows) & (plan.loads[rows] < plan.constraints.maximum)]
        count = min(-int(plan.surplus()[fact]), len(able))
        plan.set_fact(int(fact), _lowest(plan.keys[fact], able, count), True)
    for _ in range(10_000):  # a safety bound: a plan that needs more chains goes to the integer program
        surplus = plan.surplus()
        if not surplus.any():
            return
        chain = _shortest_chain(plan, surplus)
        if chain is None:
            return
        _apply_chain(plan, chain, surplus)


def repair_or_solve(plan: WorkingPlan) -> None:
    """Meet every count and fill every slot, by the integer program if need be; raises `PlanError` if impossible."""
    repair_counts(plan)
    if plan.surplus().any() or plan.has_underfilled():
        solve_exactly(plan)


def _repair_chunk(plan: WorkingPlan, rows: Ints) -> None:
    """Rebuild the slots of `rows` that break a constraint, adding their facts in the slot's own order of priority."""
    constraints, has_fact, loads = plan.constraints, plan.holds[rows].T == 1, plan.loads[rows]
    broken = (loads > constraints.maximum) | ((loads < constraints.minimum) & ~plan.background[rows])
    for first, second in np.argwhere(constraints.excludes):
        broken |= has_fact[first] & has_fact[second]
    for first, second in np.argwhere(constraints.requires):
        broken |= has_fact[first] & ~has_fact[second]
    rows = rows[broken]
    if not len(rows):
        return
    keys = plan.keys[:, rows].T.astype(np.float64)
    sets = np.zeros((len(rows), len(constraints.facts)), dtype=bool)
    _add_in_order(plan, rows, sets, np.where(plan.holds[rows] == 1, keys, np.inf), constraints.maximum)
    # How near each fact is to taking the slot by its own order: at twice the share it takes slots up to twice the key.
    closeness = keys / np.maximum(constraints.targets, 1e-9)
    closeness[:, plan.target_counts <= 0] = np.inf
    underfilled = ~plan.background[rows]
    for _ in range(constraints.minimum):
        underfilled &= sets.sum(axis=1) < constraints.minimum
        some = np.flatnonzero(underfilled)
        part = sets[some]
        _add_in_order(plan, rows[some], part, closeness[some], constraints.maximum, constraints.minimum)
        sets[some] = part
    plan.set_rows(rows, sets)


def _add_in_order(
    plan: WorkingPlan, rows: Ints, sets: Bools, cost: Floats, maximum: int, enough: int | None = None
) -> None:
    """Add to `sets` (rows, F) in place, in order of `cost`, each fact that fits, with all it requires.

    Stops at `enough` facts in a slot; a cost of inf means never.
    """
    constraints = plan.constraints
    closure = constraints.requires | np.eye(len(constraints.facts), dtype=bool)
    order = np.argsort(cost, axis=1, kind="stable")
    lines = np.arange(len(rows))
    loads = sets.sum(axis=1)
    for place in range(order.shape[1]):
        fact = order[:, place]
        candidate = np.isfinite(cost[lines, fact])
        if not candidate.any():
            break
        extra = closure[fact] & ~sets
        fits = candidate & (loads + extra.sum(axis=1) <= maximum) & ~(constraints.excludes[fact] & sets).any(axis=1)
        fits &= plan.eligible[fact, rows] & ~constraints.excludes[fact, fact]
        if enough is not None:
            fits &= loads < enough
        sets |= extra & fits[:, None]
        loads = sets.sum(axis=1)


def _lowest(keys: Keys, rows: Ints, count: int) -> Ints:
    return rows[np.argsort(keys[rows], kind="stable")[:count]]


def _shortest_chain(plan: WorkingPlan, surplus: Ints) -> list[int] | None:
    """The shortest chain of facts, each making way for the next, that reduces the surplus, by breadth-first search.

    NO_FACT stands for none: it may end a chain that begins with a fact too many, and begin one that ends with a fact
    too few.
    """
    sources = [int(f) for f in np.flatnonzero(surplus > 0)]
    goals = {int(f) for f in np.flatnonzero(surplus < 0)}
    for starts, targets in ((sources, goals | {NO_FACT}), ([NO_FACT], goals)):
        visited, queue = set(starts), deque([start] for start in starts)
        while queue:
            chain = queue.popleft()
            for following in _successors(plan, chain[-1]):
                if following in visited:
                    continue
                if following in targets:
                    return [*chain, following]
                visited.add(following)
                queue.append([*chain, following])
    return None


def _successors(plan: WorkingPlan, fact: int) -> list[int]:
    """The facts that `fact` can make way for somewhere."""
    others = [f for f in range(len(plan.constraints.facts)) if f != fact]
    successors = [f for f in others if len(_exchange_slots(plan, fact, f))]
    if plan.prefer_changed:  # first those whose chain can go on through slots that are changed anyway
        changed = (plan.last_changed > 0) & (plan.loads > plan.constraints.minimum)
        successors.sort(key=lambda f: -int((plan.holds[:, f] & changed).sum()))
    if fact != NO_FACT and len(_exchange_slots(plan, fact, NO_FACT)):
        successors.append(NO_FACT)
    return successors


def _exchange_slots(plan: WorkingPlan, leaves: int, enters: int) -> Ints:
    """Slots in which `leaves` can make way for `enters`, the best first."""
    constraints = plan.constraints
    if leaves == NO_FACT:
        rows = np.flatnonzero(plan.eligible[enters] & (plan.holds[:, enters] == 0))
        rows = rows[plan.can_add(enters, rows) & (plan.loads[rows] < constraints.maximum)]
        return rows[np.lexsort((plan.keys[enters, rows], -plan.last_changed[rows]))]
    rows = np.flatnonzero(plan.holds[:, leaves])
    rows = rows[plan.can_remove(leaves, rows)]
    if enters == NO_FACT:
        rows = rows[plan.loads[rows] > constraints.minimum]
        return rows[np.lexsort((~plan.keys[leaves, rows], -plan.last_changed[rows]))]
    rows = rows[plan.can_add(enters, rows, without=leaves)]
    gain = plan.keys[enters, rows].astype(np.int64) - plan.keys[leaves, rows].astype(np.int64)
    return rows[np.lexsort((gain, -plan.last_changed[rows]))]


def _apply_chain(plan: WorkingPlan, chain: list[int], surplus: Ints) -> None:
    """Make the chain's exchanges in as many slots as its ends and every step allow."""
    ends = [abs(int(surplus[f])) for f in (chain[0], chain[-1]) if f != NO_FACT]
    steps = list(pairwise(chain))
    slots = [_exchange_slots(plan, leaves, enters) for leaves, enters in steps]
    count = min([*ends, *map(len, slots)])
    already_changed = int((plan.last_changed[slots[-1][:count]] > 0).sum())
    count = already_changed or count
    for leaves, enters in steps:
        rows = _exchange_slots(plan, leaves, enters)[:count]
        if leaves != NO_FACT:
            plan.set_fact(leaves, rows, False)
        if enters != NO_FACT:
            plan.set_fact(enters, rows, True)
