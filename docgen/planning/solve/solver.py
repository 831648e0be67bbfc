"""What exchanges could not mend goes to the exact program: a plan, or a refusal with its reasons."""

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import Bools
from docgen.planning.layout import Ints
from docgen.planning.solve.infeasibility import reasons
from docgen.planning.solve.integer_program import Solution, classes_of, solve
from docgen.planning.solve.working_plan import Board

__all__ = ["settle"]


def settle(board: Board) -> None:
    """Solve exactly; background may move to other slots. Raises `PlanError` with the arithmetic."""
    classes = classes_of(board.demands, board.types)
    holds = np.column_stack([board.holds == 1, board.background])
    made = solve(board.demands, classes, holds, np.append(board.wanted, board.background.sum()))
    if made.off.any() or made.unfilled:
        simple = reasons(board.demands, board.wanted, board.types, int(board.background.sum()))
        what = "; ".join(simple[:4]) if simple else _complaint(board, made)
        raise PlanError(f"the demands cannot all be met: {what}", fix=_proposal(board, made))
    for kind in range(len(classes.sizes)):
        mine = made.classes == kind
        _rearrange(holds, np.flatnonzero(classes.of == kind), made.sets[mine], made.slots[mine])
    board.replace(np.arange(len(holds)), holds[:, :-1])
    board.background[:] = holds[:, -1]


def _rearrange(holds: Bools, rows: Ints, sets: Bools, slots: Ints) -> None:
    """Give slots of one class the sets decided on; a slot whose set is still wanted keeps it."""
    room = {facts.tobytes(): int(number) for facts, number in zip(sets, slots, strict=True)}
    free = []
    for row in rows:
        name = holds[row].tobytes()
        if room.get(name, 0):
            room[name] -= 1
        else:
            free.append(row)
    due = [facts for facts in sets for _ in range(room[facts.tobytes()])]
    for row, facts in zip(free, due, strict=True):
        holds[row] = facts


def _complaint(board: Board, made: Solution) -> str:
    facts = (*board.demands.facts, "background")
    wanted = np.append(board.wanted, board.background.sum())
    lines = [
        f"{facts[f]} is asked in {wanted[f]} of {len(board.holds)} documents and can be in "
        f"{'at most' if made.off[f] < 0 else 'no fewer than'} {wanted[f] + made.off[f]}, all else as asked"
        for f in np.flatnonzero(made.off)
    ]
    lines += [f"{made.unfilled} documents find no set of facts that they may carry"] if made.unfilled else []
    proof = "; proven by linear programming" if made.least > 1e-6 else ""
    return f"{'; '.join(lines)}{proof}"


def _proposal(board: Board, made: Solution) -> str:
    """The nearest demands that can be met."""
    n, facts = len(board.holds), (*board.demands.facts, "background")
    wanted = np.append(board.wanted, board.background.sum())
    nearest = [f"{facts[f]} {(wanted[f] + made.off[f]) / n:.4g}" for f in np.flatnonzero(made.off)]
    return f"The nearest shares that are possible: {', '.join(nearest)}" if nearest else "Lower facts_per_document min"
