"""The exact solver: what exchanges could not repair is solved as an integer program, or refused with the reasons."""

from dataclasses import replace

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import Bools, Ints
from docgen.planning.solve.infeasibility import infeasibility_reasons, proportional_counts
from docgen.planning.solve.integer_program import SECONDS, Solution, slot_classes, solve
from docgen.planning.solve.working_plan import WorkingPlan

__all__ = ["solve_exactly"]


def solve_exactly(plan: WorkingPlan) -> None:
    """Change the plan to meet every constraint; background may move to other slots.

    Raises `PlanError` with the arithmetic and the nearest feasible shares when no plan can.
    """
    classes = slot_classes(plan.constraints, plan.types)
    sets = np.column_stack([plan.holds == 1, plan.background])
    target_counts = np.append(plan.target_counts, plan.background.sum())
    solution = solve(plan.constraints, classes, sets, target_counts)
    if solution.deviation.any() or solution.unfilled:
        raise _infeasible(plan, solution, target_counts)
    for slot_class in range(len(classes.sizes)):
        columns = solution.class_of == slot_class
        _reassign(sets, np.flatnonzero(classes.class_of == slot_class), solution.sets[columns], solution.slots[columns])
    plan.set_rows(np.arange(len(sets)), sets[:, :-1])
    plan.background[:] = sets[:, -1]


def _reassign(slot_sets: Bools, rows: Ints, sets: Bools, counts: Ints) -> None:
    """Give the slots `rows` of one class each of `sets` as often as `counts` says; a slot keeps its set if it can."""
    remaining = {facts.tobytes(): int(count) for facts, count in zip(sets, counts, strict=True)}
    free = []
    for row in rows:
        key = slot_sets[row].tobytes()
        if remaining.get(key, 0):
            remaining[key] -= 1
        else:
            free.append(row)
    unplaced = [facts for facts in sets for _ in range(remaining[facts.tobytes()])]
    for row, facts in zip(free, unplaced, strict=True):
        slot_sets[row] = facts


def _infeasible(plan: WorkingPlan, solution: Solution, target_counts: Ints) -> PlanError:
    """What cannot be met and the nearest shares that can."""
    n, facts = len(plan.holds), (*plan.constraints.facts, "background")
    background, deviating = int(plan.background.sum()), np.flatnonzero(solution.deviation)
    reachable = target_counts + solution.deviation
    is_proven = solution.lower_bound > 1e-6  # well above the solver's own tolerance
    simple = infeasibility_reasons(plan.constraints, plan.target_counts, plan.types, background)
    problem = "; ".join(simple[:4])
    if not simple:
        lines = [
            f"{facts[f]} is wanted in {target_counts[f]} of {n} documents and can be in "
            f"{'at most' if solution.deviation[f] < 0 else 'no fewer than'} {reachable[f]}, everything else as asked"
            for f in deviating
        ]
        if solution.unfilled:
            lines.append(f"{solution.unfilled} documents have no set of facts that they may carry")
        proven = "; proven by linear programming" if is_proven else ""
        problem = f"{'; '.join(lines)}{proven}"
    if solution.ran_out_of_time and not simple and not is_proven:
        what = f"no plan was found within {SECONDS:.0f} seconds, which proves nothing: {problem}"
        return PlanError(what, fix="Loosen a constraint, change a share a little, or ask for fewer documents at first")
    near = proportional_counts(plan.constraints, plan.target_counts, plan.types, background)
    if simple and _can_be(plan, near):
        lowered = np.flatnonzero(near != plan.target_counts)
        nearest = _moves(plan, target_counts, near, lowered)
        return PlanError(f"the constraints cannot all be met: {problem}", fix=f"Feasible shares near those: {nearest}")
    nearest = _moves(plan, target_counts, reachable, deviating)
    fix = f"The nearest feasible shares: {nearest}" if nearest else "Lower facts_per_document min"
    if nearest and plan.target_counts.sum() < plan.constraints.minimum * (n - background):
        fix += "; or lower facts_per_document min"
    return PlanError(f"the constraints cannot all be met: {problem}", fix=fix)


def _moves(plan: WorkingPlan, before: Ints, after: Ints, changed: Ints) -> str:
    """The shares that change, from and to: of facts, and as number F of the background."""
    n, names = len(plan.holds), (*plan.constraints.facts, "background_share")
    return ", ".join(f"{names[f]} {before[f] / n:.4g} -> {after[f] / n:.4g}" for f in changed)


def _can_be(plan: WorkingPlan, counts: Ints) -> bool:
    """Whether a plan with these numbers of documents (F,) exists."""
    constraints = replace(plan.constraints, targets=counts / len(plan.holds))
    sets = np.column_stack([np.zeros_like(plan.holds, dtype=bool), np.ones(len(plan.holds), dtype=bool)])
    target_counts = np.append(counts, plan.background.sum())
    solution = solve(constraints, slot_classes(constraints, plan.types), sets, target_counts)
    return not (solution.deviation.any() or solution.unfilled)
