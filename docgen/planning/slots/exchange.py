"""Exchanges facts between documents so that what an idea is about is in its document. No share changes by that.

Which facts a document has is decided before its idea, and an idea is about several facts: without exchanges most ideas
are about a fact that their document leaves out, and its writer has to walk around the obvious matter; or a document is
to be about a fact that its idea has nothing to do with. Two documents exchange one fact for another, with their
directness and prominence, or the prominence of a fact that both have, if that makes both together fit better. Facts are
exchanged within a type, so that they stay as even over types as they were; types exchange too where a segment has
hardly two documents of a type each, and for the few documents that do not fit after that.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise, product

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL, MAX_CENTRAL, STATED
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Bools, Constraints
from docgen.planning.layout import Ints, Layout

__all__ = ["About", "exchange_facts"]

About = Callable[[Ints], Bools]

LEFT_OUT, NO_MATTER_OF_ITS_IDEA, SECOND_CENTRAL, TOO_MANY = 4, 3, 1, 100
"""What a misfit costs: a left-out fact that the idea is about, a central fact that it is not about, a second central
fact, and one beyond the limit. Chosen: a writer can treat a fact that the idea does not name, but not leave out the
obvious matter; judges found each single central fact central, and of two in one document one in six only supporting."""
FEW = 3
"""Documents of a type in a segment under which types exchange too. Chosen: two leave hardly a partner."""
RARE = 0.05
"""Share of a segment's documents that may exchange across types: too few to tilt a fact's share of a type."""
PASSES = 4
"""Times that all pairs of facts are tried at most; it ends where nothing is left to gain."""


def exchange_facts(
    assignment: Assignment, layout: Layout, about: About, granted: Bools, longest: int | None = None
) -> Assignment:
    """The assignment after exchanges within its segments, those of `longest` slots at most.

    `about` says for some slots what each of the K ideas that they may get is about, (slots, K, F); the best one counts.
    `granted` (F, F) says what a document with a fact may take for granted. Facts bound to others stay where they are.
    """
    slots = _Slots(assignment, layout, about, granted)
    facts = np.flatnonzero(~_bound(assignment.constraints)).tolist()
    for start, end in pairwise((0, *assignment.ends)):
        if longest is not None and end - start > longest:
            continue
        for rows in _groups(layout.types, start, end):
            slots.improve(rows, facts)
        everyone = np.arange(start, end)
        if np.count_nonzero(slots.costs(everyone) >= NO_MATTER_OF_ITS_IDEA) <= RARE * (end - start):
            slots.improve(everyone, facts)
        slots.move_prominence(everyone)
    return replace(assignment, holds=slots.holds, directness=slots.directness, prominence=slots.prominence)


def _bound(constraints: Constraints) -> Bools:
    """(F,): facts that must, or must not, be together with another."""
    relations = constraints.requires | constraints.excludes
    return np.asarray(relations.any(axis=0) | relations.any(axis=1))


def _groups(types: Ints, start: int, end: int) -> Iterator[Ints]:
    """Rows of a segment that may exchange with each other: type by type, then all if most types have few."""
    kinds, sizes = np.unique(types[start:end], return_counts=True)
    for kind in kinds.tolist():
        yield start + np.flatnonzero(types[start:end] == kind)
    if len(kinds) > 1 and sizes.mean() < FEW:
        yield np.arange(start, end)


class _Slots:
    """Facts and grades of all slots, (n, F), changed in place."""

    def __init__(self, assignment: Assignment, layout: Layout, about: About, granted: Bools) -> None:
        self.holds, self.directness = assignment.holds.copy(), assignment.directness.copy()
        self.prominence = assignment.prominence.copy()
        self._about, self._granted, self._types = about, granted.astype(np.int64), layout.types
        self._allowed = assignment.constraints.allowed

    def costs(self, rows: Ints) -> Ints:
        """(rows,): how badly facts and idea of each slot go together; 0 is a perfect fit."""
        return self._costs(rows, self.holds[rows] == 1, self._central(rows))

    def improve(self, rows: Ints, facts: list[int]) -> None:
        """Exchange facts and prominence among the rows until that gains nothing, or after some passes."""
        for _ in range(PASSES):
            before = int(self.costs(rows).sum())
            if not before:
                return
            for wanted, given in product(facts, facts):
                if wanted != given:
                    self._exchange(rows, wanted, given)
            self.move_prominence(rows)
            if int(self.costs(rows).sum()) == before:
                return

    def move_prominence(self, rows: Ints) -> None:
        """Exchange prominence, so that facts are central where ideas are about them; only where they are stated."""
        for fact in range(self.holds.shape[1]):
            stated = rows[(self.holds[rows, fact] == 1) & (self.directness[rows, fact] == STATED)]
            is_central = self.prominence[stated, fact] == CENTRAL
            givers, takers = stated[is_central], stated[~is_central]
            pairs = _worthwhile(*(self._gains(group, None, None, fact) for group in (givers, takers)))
            givers, takers = givers[pairs[0]], takers[pairs[1]]
            own = self.prominence[takers, fact]
            self.prominence[givers, fact], self.prominence[takers, fact] = own, CENTRAL

    def _exchange(self, rows: Ints, wanted: int, given: int) -> None:
        """Give `wanted` to rows that fit better with it, for `given`; it comes from rows that can do without.

        What a row gains depends on whether the fact that it gets is central where it comes from.
        """
        holds, central = self.holds[rows] == 1, self._central(rows)
        misfit = self.costs(rows) >= NO_MATTER_OF_ITS_IDEA
        takes = misfit & ~holds[:, wanted] & holds[:, given] & self._allowed[wanted, self._types[rows]]
        if not takes.any():
            return
        gives = holds[:, wanted] & ~holds[:, given] & self._allowed[given, self._types[rows]]
        for given_central, wanted_central in product((True, False), repeat=2):
            takers = rows[takes & (central[:, given] == given_central)]
            givers = rows[gives & (central[:, wanted] == wanted_central)]
            takers = takers[self.holds[takers, given] == 1]
            givers = givers[self.holds[givers, wanted] == 1]
            if len(takers) and len(givers):
                gains = (
                    self._gains(takers, (wanted, wanted_central), given, None),
                    self._gains(givers, (given, given_central), wanted, None),
                )
                pairs = _worthwhile(*gains)
                self._swap(takers[pairs[0]], givers[pairs[1]], wanted, given)

    def _gains(self, rows: Ints, gets: tuple[int, bool] | None, loses: int | None, turns: int | None) -> Ints:
        """(rows,): what costs go down by if rows get a fact (central or not), lose one, turn one's being central."""
        holds, central = self.holds[rows] == 1, self._central(rows)
        before = self._costs(rows, holds, central)
        if loses is not None:
            holds[:, loses] = central[:, loses] = False
        if gets is not None:
            holds[:, gets[0]], central[:, gets[0]] = True, gets[1]
        if turns is not None:
            central[:, turns] = ~central[:, turns]
        return before - self._costs(rows, holds, central)

    def _costs(self, rows: Ints, holds: Bools, central: Bools) -> Ints:
        about, number = self._about(rows), central.sum(axis=1)
        misfits = LEFT_OUT * (about & ~self._may_hold(holds)[:, None]).sum(axis=2)
        misfits += NO_MATTER_OF_ITS_IDEA * (central[:, None] & ~about).sum(axis=2)
        costs = misfits.min(axis=1)
        costs += SECOND_CENTRAL * np.maximum(0, number - 1) + TOO_MANY * np.maximum(0, number - MAX_CENTRAL)
        return np.asarray(costs, dtype=np.int64)

    def _may_hold(self, holds: Bools) -> Bools:
        """(rows, F): what rows with these facts have or may take for granted."""
        return np.asarray(holds.astype(np.int64) @ self._granted > 0)

    def _central(self, rows: Ints) -> Bools:
        return np.asarray((self.holds[rows] == 1) & (self.prominence[rows] == CENTRAL))

    def _swap(self, takers: Ints, givers: Ints, wanted: int, given: int) -> None:
        for grades in (self.holds, self.directness, self.prominence):
            grades[takers, wanted], grades[givers, wanted] = grades[givers, wanted], 0
            grades[givers, given], grades[takers, given] = grades[takers, given], 0


def _worthwhile(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Places in both, best with best, as long as a pair gains anything together."""
    places = [np.argsort(-gains, kind="stable") for gains in (first, second)]
    pairs = min(map(len, places))
    gains = first[places[0][:pairs]] + second[places[1][:pairs]]
    end = int(np.count_nonzero(gains > 0))  # they fall, so these come first
    return places[0][:end], places[1][:end]
