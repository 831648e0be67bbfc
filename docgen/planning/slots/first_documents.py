"""Rearranges the first documents of a plan so that facts and ideas fit as well as possible. Shares do not change.

The segments at the start of a plan have ten documents each, hardly two of a type: too few for facts to be exchanged
within types (`fact_exchange.py`, which looks after long segments). They are also what people read, and all of a small
corpus. Here two documents exchange one fact for another, with directness and prominence, or the prominence of a fact
that both have, whenever both together fit better. Each exchange is weighed exactly: too slow for long segments.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise, product

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL, MAX_CENTRAL, STATED
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Bools
from docgen.planning.slot_layout import Ints, Layout
from docgen.planning.slots.fact_exchange import bound_facts, row_groups, swap_facts

__all__ = ["MAX_SEGMENT_DOCUMENTS", "About", "rearrange"]

About = Callable[[Ints], Bools]

LEFT_OUT, NO_MATTER_OF_ITS_IDEA, SECOND_CENTRAL, TOO_MANY = 4, 3, 1, 100
"""What a misfit costs: a left-out fact that the idea is about, a central fact that it is not about, a second central
fact, and one beyond the limit. Chosen: a writer can treat a fact that the idea does not name, but not leave out the
obvious matter; the 13 of 82 central facts that a judge found only supporting shared their document with others."""
MAX_SEGMENT_DOCUMENTS = 20
"""Documents of a segment that is rearranged here. Chosen: segments have ten each up to the 100th document, then 50."""


def rearrange(assignment: Assignment, layout: Layout, about: About, granted: Bools) -> Assignment:
    """The assignment after exchanges within its short segments.

    `about` says for some slots what each of the K ideas that they may get is about, (slots, K, F); the best one counts.
    `granted` (F, F) says what a document with a fact may take for granted. Facts bound to others stay where they are.
    """
    slots = _Slots(assignment, layout, about, granted)
    facts = np.flatnonzero(~bound_facts(assignment.constraints)).tolist()
    for start, end in pairwise((0, *assignment.ends)):
        if end - start <= MAX_SEGMENT_DOCUMENTS:
            for rows in row_groups(layout.types, start, end):
                slots.improve(rows, facts)
            everyone = np.arange(start, end)
            misfits = np.count_nonzero(slots.costs(everyone) >= NO_MATTER_OF_ITS_IDEA)
            if misfits <= 0.05 * (end - start):  # too few to tilt a fact's share of a type
                slots.improve(everyone, facts)
            slots.move_prominence(everyone)
    return replace(assignment, holds=slots.holds, directness=slots.directness, prominence=slots.prominence)


class _Slots:
    """Facts and grades of all slots, (n, F), changed in place."""

    def __init__(self, assignment: Assignment, layout: Layout, about: About, granted: Bools) -> None:
        self.holds, self.directness = assignment.holds.copy(), assignment.directness.copy()
        self.prominence = assignment.prominence.copy()
        self._about, self._granted, self._types = about, granted.astype(np.int64), layout.types
        self._allowed = assignment.constraints.allowed

    def costs(self, rows: Ints) -> Ints:
        """(rows,): how badly facts and idea of each slot fit; 0 is a perfect fit."""
        return self._costs(rows, self.holds[rows] == 1, self._central(rows))

    def improve(self, rows: Ints, facts: list[int]) -> None:
        """Exchange facts and prominence among the rows until nothing is gained, or for some passes."""
        for _ in range(4):  # at most, to bound the time: it ends where nothing is left to gain
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
        takes = ~holds[:, wanted] & holds[:, given] & self._allowed[wanted, self._types[rows]]
        takes &= self._about(rows)[:, :, wanted].any(axis=1) | central[:, given]  # nothing else gains a row anything
        if takes.any():
            takes &= self.costs(rows) >= NO_MATTER_OF_ITS_IDEA
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
                slots = self.holds, self.directness, self.prominence
                swap_facts(slots, takers[pairs[0]], givers[pairs[1]], wanted, given)

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
        """What `costs` would be if the rows had these facts, (rows, F), and these of them were central."""
        about, number = self._about(rows), central.sum(axis=1)
        may_hold = holds.astype(np.int64) @ self._granted > 0  # the row's facts, and what they let it take for granted
        misfits = LEFT_OUT * (about & ~may_hold[:, None]).sum(axis=2)
        misfits += NO_MATTER_OF_ITS_IDEA * (central[:, None] & ~about).sum(axis=2)
        costs = misfits.min(axis=1)
        costs += SECOND_CENTRAL * np.maximum(0, number - 1) + TOO_MANY * np.maximum(0, number - MAX_CENTRAL)
        return np.asarray(costs, dtype=np.int64)

    def _central(self, rows: Ints) -> Bools:
        return np.asarray((self.holds[rows] == 1) & (self.prominence[rows] == CENTRAL))


def _worthwhile(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Places in both, best with best, as long as a pair gains anything together."""
    places = [np.argsort(-gains, kind="stable") for gains in (first, second)]
    pairs = min(map(len, places))
    gains = first[places[0][:pairs]] + second[places[1][:pairs]]
    end = int(np.count_nonzero(gains > 0))  # they fall, so these come first
    return places[0][:end], places[1][:end]
