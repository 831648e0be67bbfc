"""A plan for other shares that differs from a given plan in as few slots as possible.

With d the change in one fact's number of documents: d slots change while slots can take (or spare) the fact without
breaking a constraint, and then the shortest chains of exchanges, each step of which changes one more slot; and a few
whose grades could not stay. The plan's own segments are varied one by one, so that a varied plan for more slots begins
with that for fewer too, but for the grades that only its last size asks for.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from docgen.salience.assign import Assignment, may_end
from docgen.salience.board import Board
from docgen.salience.demands import Bools, Demands, Grid, counts_of
from docgen.salience.grades import follow
from docgen.salience.layout import Ints, Layout
from docgen.salience.repair import finish, rebalance
from docgen.salience.segments import in_segments
from docgen.salience.suited import keep_implied_supporting

__all__ = ["vary"]

TRADES, SLACK = 20, 1e-9


def vary(base: Assignment, demands: Demands, layout: Layout) -> Assignment:
    """The plan for other shares nearest to `base`; `PlanError` as `assign`.

    `demands` may differ from those of `base` in targets, directness and prominence alone.
    """
    variation = _Variation(base, demands, layout)
    ends, good = in_segments(base.ends, variation.attempt)
    if not good:
        variation.finish()
    holds = variation.holds
    made = replace(
        base, holds=holds, directness=base.directness * holds, prominence=base.prominence * holds,
        background=variation.background, demands=demands, ends=ends,
    )  # fmt: skip
    for fact in range(len(demands.facts)):
        rows = np.flatnonzero(holds[:, fact])
        kept, cuts, draws = base.holds[rows, fact] == 1, np.searchsorted(rows, ends), made.draws(fact, rows, layout)
        for grades, own, before, after in (
            (made.directness, draws[0], base.demands.directness[fact], demands.directness[fact]),
            (made.prominence, draws[1], base.demands.prominence[fact], demands.prominence[fact]),
        ):
            grades[rows, fact] = follow(grades[rows, fact], kept, own, (before, after), cuts)
        if demands.directness[fact, 1:].any():
            _keep_apart(made, layout, fact, base.holds[:, fact] == 0)
    return made


def _keep_apart(made: Assignment, layout: Layout, fact: int, new: Bools) -> None:
    """What is implied is supporting; the fact's new documents change rather than those that had it."""
    for start, end in pairwise((0, *made.ends)):
        rows = slice(start, end)
        held, prominence = made.holds[rows, fact] == 1, made.prominence[rows, fact]
        keep_implied_supporting(held, made.directness[rows, fact], prominence, layout.types[rows], new[rows])


class _Variation:
    """A variation in the making. `before` and `done` (F,) count what the finished segments hold in `base` and here."""

    def __init__(self, base: Assignment, demands: Demands, layout: Layout) -> None:
        self.base, self.demands, self.types = base, demands, layout.types
        self.holds, self.background = base.holds.copy(), base.background.copy()
        self.before = np.zeros(len(demands.facts), dtype=np.int64)
        self.done = self.before
        self.grades = base.directness, base.prominence
        self.kept = [np.zeros(shares.shape, dtype=np.int64) for shares in (demands.directness, demands.prominence)]

    def attempt(self, start: int, end: int) -> bool:
        """Vary the slots from `start` to `end`; whether the plan may end there."""
        rows, base = slice(start, end), self.base.holds[start:end]
        self.holds[rows] = base
        before = self.before + base.sum(axis=0, dtype=np.int64)
        carrying = end - start - int(self.background[rows].sum())
        wanted = counts_of(self.demands, end, carrying, self.done, self._goal(before, end))
        board = self._board(start, end, wanted)
        fewer = np.flatnonzero(board.surplus() > 0)
        rebalance(board)
        for fact in fewer:
            self._trade(board, rows, int(fact))
        good = may_end(board, self.done + board.counts, end)
        if good:
            self.before, self.done = before, self.done + board.counts
            for kept, grades in zip(self.kept, self.grades, strict=True):
                for fact in fewer:
                    both = (base[:, fact] == 1) & (board.holds[:, fact] == 1)
                    kept[fact] += np.bincount(grades[rows, fact][both], minlength=len(kept[fact]))
        return good

    def finish(self) -> None:
        """Put right what the last segment could not within itself, in few slots, or raise `PlanError`."""
        n = len(self.holds)
        finish(self._board(0, n, counts_of(self.demands, n, n - int(self.background.sum()))))

    def _goal(self, before: Ints, end: int) -> Ints:
        """(F,): documents of the slots up to `end`, so that no segment gains what a later one would lose again."""
        exact = self.demands.targets * end
        goal = before + np.ceil((self.demands.targets - self.base.demands.targets) * end - 0.5 - SLACK).astype(np.int64)
        return np.clip(goal, np.floor(exact - 1 + SLACK) + 1, np.ceil(exact + 1 - SLACK) - 1).astype(np.int64)

    def _board(self, start: int, end: int, wanted: Ints) -> Board:
        rows = slice(start, end)
        types, background, keys = self.types[rows], self.background[rows], self.base.keys[:, rows]
        open_to = self.demands.allowed[:, types] & ~background
        return Board(self.demands, self.holds[rows], types, open_to, background, keys, wanted, sticky=True)

    def _trade(self, board: Board, rows: slice, fact: int) -> None:
        """Exchange slots that lost the fact for slots that kept it, so that no kept one has to change its grades."""
        base, columns = self.base.holds[rows], [grades[rows, fact] for grades in self.grades]
        shares = self.demands.directness[fact], self.demands.prominence[fact]
        for grades, others, wanted, earlier in zip(columns, columns[::-1], shares, self.kept, strict=True):
            for _ in range(TRADES):
                kept = np.flatnonzero(board.holds[:, fact] & base[:, fact])
                counts = earlier[fact] + np.bincount(grades[kept], minlength=len(wanted))
                excess = counts - wanted * counts.sum()
                most, least = int(np.argmax(excess)), int(np.argmin(excess))
                if max(excess[most], -excess[least]) < 1 - SLACK:
                    break
                lost = np.flatnonzero((base[:, fact] == 1) & (board.holds[:, fact] == 0) & (grades == least))
                lost = lost[(board.holds[lost] != base[lost]).sum(axis=1) == 1]
                kept = kept[(grades[kept] == most) & (board.touched[kept] == 0)]
                kept = kept[board.removable(fact, kept) & (board.loads[kept] > self.demands.minimum)]
                pair = _same(others, lost, kept)
                if pair is None:
                    break
                board.put(fact, np.array([pair[0]]), True)
                board.put(fact, np.array([pair[1]]), False)


def _same(grades: Grid, lost: Ints, kept: Ints) -> tuple[int, int] | None:
    """A slot of each kind with equal grades: the first ones."""
    for kind in np.intersect1d(grades[lost], grades[kept]):
        return int(lost[grades[lost] == kind][0]), int(kept[grades[kept] == kind][0])
    return None
