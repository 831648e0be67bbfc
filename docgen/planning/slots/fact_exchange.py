"""Exchanges facts between documents so that what an idea is about is in its document. Shares do not change.

Which facts a document has is decided before its idea, and an idea is about several facts: without exchanges most ideas
are about a fact that their document leaves out, and its writer has to avoid the obvious matter. Two documents
exchange one fact for another, with their directness and prominence, if one gets what its idea is about; and a fact's
prominence, if it becomes central where the idea is about it. Facts are exchanged within a type, so that they stay as
even over types as they were; where a segment has hardly two documents of each type, types exchange too.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL, MAX_CENTRAL, STATED
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Bools, Constraints, Grid
from docgen.planning.slot_layout import Ints, Layout

__all__ = ["bound_facts", "exchange_facts", "row_groups", "swap_facts"]


def exchange_facts(
    assignment: Assignment, layout: Layout, about: Bools, granted: Bools, longer_than: int = 0
) -> Assignment:
    """The assignment after exchanges within its segments of more than `longer_than` slots.

    `about` (n, F) says what each slot's idea is about, `granted` (F, F) what a document with a fact may take for
    granted. Facts bound to others stay where they are.
    """
    constraints = assignment.constraints
    slots = _Slots(
        assignment.holds.copy(),
        assignment.directness.copy(),
        assignment.prominence.copy(),
        about,
        granted,
        layout.types,
    )
    facts = np.flatnonzero(~bound_facts(constraints)).tolist()
    for start, end in pairwise((0, *assignment.ends)):
        if end - start <= longer_than:
            continue
        for rows in row_groups(layout.types, start, end):
            for wanted, given in product(facts, facts):
                if wanted != given:
                    slots.exchange(rows, wanted, given, constraints.allowed)
        for fact in range(len(constraints.facts)):
            slots.centre(np.arange(start, end), fact)
    return replace(assignment, holds=slots.holds, directness=slots.directness, prominence=slots.prominence)


def bound_facts(constraints: Constraints) -> Bools:
    """(F,): facts that must, or must not, be together with another."""
    relations = constraints.requires | constraints.excludes
    return np.asarray(relations.any(axis=0) | relations.any(axis=1))


def row_groups(types: Ints, start: int, end: int) -> Iterator[Ints]:
    """Rows of a segment that may exchange with each other: type by type, then all if most types have few."""
    kinds, sizes = np.unique(types[start:end], return_counts=True)
    for kind in kinds.tolist():
        yield start + np.flatnonzero(types[start:end] == kind)
    if len(kinds) > 1 and sizes.mean() < 3:  # with two of a type there is hardly a partner
        yield np.arange(start, end)


def swap_facts(slots: tuple[Grid, Grid, Grid], takers: Ints, givers: Ints, wanted: int, given: int) -> None:
    """Exchange, in place, the fact `wanted` of each giver for the fact `given` of its taker, with their grades.

    `slots` are facts, directness and prominence, (n, F) each.
    """
    for grid in slots:
        grid[takers, wanted], grid[givers, wanted] = grid[givers, wanted], 0
        grid[givers, given], grid[takers, given] = grid[takers, given], 0


class _Slots:
    """Facts and grades of all slots, (n, F), changed in place."""

    def __init__(
        self, holds: Grid, directness: Grid, prominence: Grid, about: Bools, granted: Bools, types: Ints
    ) -> None:
        self.holds, self.directness, self.prominence = holds, directness, prominence
        self._about, self._granted, self._types = about, granted.astype(np.int64), types

    def exchange(self, rows: Ints, wanted: int, given: int, allowed: Bools) -> None:
        """Give `wanted` to rows whose idea is about it, for `given`, which theirs is not about.

        It comes from rows whose idea is not about it, those first whose idea is about `given` and those in which it is
        central.
        """
        holds, about = self.holds[rows] == 1, self._about[rows]
        takes = (
            about[:, wanted]
            & ~holds[:, wanted]
            & holds[:, given]
            & ~about[:, given]
            & allowed[wanted, self._types[rows]]
        )
        if not takes.any():
            return
        gives = holds[:, wanted] & ~about[:, wanted] & ~holds[:, given] & allowed[given, self._types[rows]]
        may_take = self.holds[rows].astype(np.int64) @ self._granted[:, wanted] > 0  # these need not be given it
        takers, givers = rows[takes & ~may_take], rows[gives]
        central = self.prominence[givers, wanted] == CENTRAL
        givers = givers[np.lexsort((~central, ~self._about[givers, given]))]
        pairs = min(len(takers), len(givers))
        takers, givers = takers[:pairs], givers[:pairs]
        both = np.concatenate([takers, givers])
        counts = ((self.holds[both] == 1) & (self.prominence[both] == CENTRAL)).sum(axis=1)
        moves = (self.prominence[givers, wanted] == CENTRAL).astype(np.int64) - (
            self.prominence[takers, given] == CENTRAL
        )
        fits = (counts[:pairs] + moves <= MAX_CENTRAL) & (counts[pairs:] - moves <= MAX_CENTRAL)
        swap_facts((self.holds, self.directness, self.prominence), takers[fits], givers[fits], wanted, given)

    def centre(self, rows: Ints, fact: int) -> None:
        """Exchange prominence, so that the fact is central where the idea is about it; only where it is stated."""
        stated = rows[(self.holds[rows, fact] == 1) & (self.directness[rows, fact] == STATED)]
        central, about = self.prominence[stated, fact] == CENTRAL, self._about[stated, fact]
        counts = ((self.holds[stated] == 1) & (self.prominence[stated] == CENTRAL)).sum(axis=1)
        givers, takers = stated[central & ~about], stated[~central & about & (counts < MAX_CENTRAL)]
        pairs = min(len(givers), len(takers))
        givers, takers = givers[:pairs], takers[:pairs]
        self.prominence[givers, fact], self.prominence[takers, fact] = self.prominence[takers, fact], CENTRAL
