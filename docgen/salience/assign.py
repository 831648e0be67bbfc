"""Which facts go into which slot, and how: a plan from nothing. `vary` starts from a plan and changes few of its slots.

The plan is made in segments, up to one checkpoint after another. Each meets every share of all slots so far to within
one document, and is then left alone: a plan for more slots begins with the plan for fewer, slot by slot, up to the last
checkpoint that both were cut at, and from there on may differ. Demands so tight that a segment cannot meet them are the
exception: then that segment joins the next one, or a last repair changes what it must, in earlier slots too.

Two plans whose targets differ in one fact differ in d slots, the change in that fact's number of documents, where no
constraint binds: within a segment every fact takes the first slots of an order of its own. Rounding to whole documents
in each segment adds a few, mostly in the fact's own grades. Where the minimum or maximum of facts per document bind, a
slot in which the fact meets a full or an otherwise empty document makes another fact move, which costs one slot each.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from docgen.salience.board import Board
from docgen.salience.demands import Bools, Demands, Floats, Grid, count_of, counts_of
from docgen.salience.grades import circle, grade, round_circle
from docgen.salience.layout import Ints, Layout
from docgen.salience.priorities import Keys, background_keys, priority_keys, tracks_of
from docgen.salience.repair import finish, legalise, rebalance
from docgen.salience.segments import checkpoints, in_segments
from docgen.salience.spread import spread
from docgen.salience.suited import keep_implied_supporting, move_central, relax

__all__ = ["Assignment", "assign", "may_end"]


@dataclass(frozen=True)
class Assignment:
    """`holds` (n, F) is 1 where a slot has a fact; `keys` (F, n) are the facts' orders.

    `directness` and `prominence` (n, F) index the grades, in the order of the demands' columns; 0 where not held.
    `starts` (2, n) are where slots begin on the circles that grades are drawn from, `turns` (F,) what each fact adds.
    `ends` are the sizes at which segments end.
    """

    demands: Demands
    holds: Grid
    directness: Grid
    prominence: Grid
    background: Bools
    keys: Keys
    starts: Floats
    turns: Floats
    ends: tuple[int, ...]

    @property
    def counts(self) -> Ints:
        """(F,): documents with each fact."""
        return np.asarray(self.holds.sum(axis=0, dtype=np.int64))

    def draws(self, fact: int, rows: Ints, layout: Layout) -> list[Floats]:
        """The draws that decide the directness and the prominence of a fact in slots."""
        return [round_circle(own[rows], self.keys[fact, rows], layout, self.turns[fact]) for own in self.starts]


def assign(demands: Demands, layout: Layout, key: int) -> Assignment:
    """Meet every share to within one document and every constraint exactly; `PlanError` when that cannot be done."""
    tracks = tracks_of(demands)
    draft = _Draft(demands, layout, priority_keys(tracks, layout, key), background_keys(layout, key))
    ends, good = in_segments(checkpoints(len(layout)), draft.attempt)
    if not good:
        draft.finish()
    starts = np.stack([circle(layout, mix_key ^ key, base) for mix_key, base in ((0x6469, 2), (0x7072, 3))])
    none = np.zeros_like(draft.holds)
    made = Assignment(demands, draft.holds, none, none.copy(), draft.background, draft.keys, starts, tracks.turns, ends)
    done = [np.zeros(shares.shape, dtype=np.int64) for shares in (demands.directness, demands.prominence)]
    for start, end in pairwise((0, *ends)):
        _grade(made, layout, slice(start, end), done)
    return made


def _grade(made: Assignment, layout: Layout, rows: slice, done: list[Ints]) -> None:
    """Grade the facts of a segment; `done` counts the grades of each fact in the segments before, and then in these.

    Each grade is within one of its share of all documents so far. Then documents exchange grades: few have many
    central facts, these lie where they suit, and what is implied is supporting.
    """
    demands, holds = made.demands, made.holds[rows]
    directness, prominence, kinds = made.directness[rows], made.prominence[rows], layout.types[rows]
    for fact in range(len(demands.facts)):
        held = np.flatnonzero(holds[:, fact])
        direct, prominent = made.draws(fact, held + rows.start, layout)
        directness[held, fact] = grade(direct, demands.directness[fact], done[0][fact])
        prominence[held, fact] = grade(prominent, demands.prominence[fact], done[1][fact])
    spread(holds, prominence)
    if demands.suits is not None:
        move_central(holds, prominence, demands.suits[:, kinds].T)
    for fact in range(len(demands.facts)):
        own = holds[:, fact] == 1
        if demands.directness[fact, 1:].any():
            shares = demands.directness[fact], demands.prominence[fact]
            keep_implied_supporting(own, directness[:, fact], prominence[:, fact], kinds)
            relax(own, directness[:, fact], prominence[:, fact], shares, (done[0][fact], done[1][fact]))
        for grades, counts in ((directness, done[0]), (prominence, done[1])):
            counts[fact] += np.bincount(grades[own, fact], minlength=counts.shape[1])


class _Draft:
    """A plan in the making; `done` (F,) counts what the finished segments hold."""

    def __init__(self, demands: Demands, layout: Layout, keys: Keys, background_keys: Keys) -> None:
        n, facts = len(layout), len(demands.facts)
        self.demands, self.types, self.keys, self.background_keys = demands, layout.types, keys, background_keys
        self.background = np.zeros(n, dtype=bool)
        self.holds = np.zeros((n, facts), dtype=np.uint8)
        self.done = np.zeros(facts, dtype=np.int64)

    def attempt(self, start: int, end: int) -> bool:
        """Plan the slots from `start` to `end`; whether the plan may end there."""
        background = self.background[start:end]
        count = count_of(self.demands.background, end) - int(self.background[:start].sum())
        background[:] = False
        background[_first(self.background_keys[start:end], np.arange(end - start), count)] = True
        wanted = counts_of(self.demands, end, len(background) - int(background.sum()), self.done)
        open_to = self.demands.allowed[:, self.types[start:end]] & ~background
        self.holds[start:end] = _natural(self.demands, self.keys[:, start:end], open_to, wanted)
        board = self._board(start, end, wanted)
        legalise(board)
        rebalance(board)
        if good := may_end(board, self.done + board.counts, end):
            self.done = self.done + board.counts
        return good

    def finish(self) -> None:
        """Put right what the last segment could not within itself, in few slots, or raise `PlanError`."""
        n = len(self.holds)
        wanted = counts_of(self.demands, n, n - int(self.background.sum()))
        finish(self._board(0, n, wanted))

    def _board(self, start: int, end: int, wanted: Ints) -> Board:
        types, background = self.types[start:end], self.background[start:end]
        open_to = self.demands.allowed[:, types] & ~background
        return Board(self.demands, self.holds[start:end], types, open_to, background, self.keys[:, start:end], wanted)


def may_end(board: Board, counts: Ints, n: int) -> bool:
    """Whether `counts` are within one document of the shares of n, and no slot has too few facts."""
    return bool((np.abs(counts - board.demands.targets * n) < 1 - 1e-9).all()) and not board.lacking()


def _first(keys: Keys, among: Ints, count: int) -> Ints:
    """The `count` of `among` with the smallest keys, ties to the lowest slot; all when there are fewer."""
    if count >= len(among):
        return among
    if count <= 0:
        return among[:0]
    own = keys[among]
    cut = np.partition(own, count - 1)[count - 1]
    below = own < cut
    below[np.flatnonzero(own == cut)[: count - int(below.sum())]] = True
    return np.asarray(among[below])


def _natural(demands: Demands, keys: Keys, open_to: Bools, wanted: Ints) -> Grid:
    """Each fact in the first slots of its own order, where facts that need it come before all."""
    holds = np.zeros((keys.shape[1], keys.shape[0]), dtype=np.uint8)
    for fact in np.argsort(-demands.needs.sum(axis=1), kind="stable"):
        dependents = np.flatnonzero(demands.needs[:, fact])
        must = holds[:, dependents].any(axis=1)
        holds[must, fact] = 1
        free = np.flatnonzero(open_to[fact] & ~must)
        holds[_first(keys[fact], free, int(wanted[fact] - must.sum())), fact] = 1
    return holds
