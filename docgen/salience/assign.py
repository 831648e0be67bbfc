"""Which facts go into which slot, and how.

What is guaranteed, with d the change in one fact's number of documents:

- `vary` starts from a plan and changes as few slots as it can: exactly d while slots can take (or spare) the fact
  without breaking a constraint, and then the shortest chains of exchanges, each step of which changes one more slot.
- `assign` knows no other plan. Where no constraint binds, two of its plans differ in exactly d slots, because every
  fact takes the first slots of an order of its own. Where the minimum or maximum of facts per document bind, a slot
  in which the fact meets a full or an otherwise empty document makes another fact move, which costs one slot each.
"""

from dataclasses import dataclass, replace

import numpy as np

from docgen.salience.board import Board
from docgen.salience.demands import Bools, Demands, Floats, Grid, count_of, counts_of
from docgen.salience.grades import grade, halton, regrade
from docgen.salience.layout import Ints, Layout
from docgen.salience.priorities import Keys, background_keys, priority_keys, tracks_of
from docgen.salience.repair import balance, rebalance

__all__ = ["Assignment", "assign", "vary"]

TRADES = 20


GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Assignment:
    """`holds` (n, F) is 1 where a slot has a fact; `wanted` (F,) are the numbers aimed at, `keys` (F, n) the orders.

    `directness` and `prominence` (n, F) index the grades, in the order of the demands' columns; 0 where not held.
    """

    holds: Grid
    directness: Grid
    prominence: Grid
    background: Bools
    wanted: Ints
    keys: Keys


def assign(demands: Demands, layout: Layout, key: int) -> Assignment:
    """Meet every share to within one document and every constraint exactly; `PlanError` when that cannot be done."""
    n = len(layout)
    background = np.zeros(n, dtype=bool)
    background[_first(background_keys(layout, key), np.arange(n), count_of(demands.background, n))] = True
    wanted = counts_of(demands, n, n - int(background.sum()))
    keys = priority_keys(tracks_of(demands), layout, key)
    open_to = demands.allowed[:, layout.types] & ~background
    holds = _natural(demands, keys, open_to, wanted)
    balance(Board(demands, holds, layout.types, open_to, background, keys, wanted))
    directness, prominence = np.zeros_like(holds), np.zeros_like(holds)
    for fact, rows in _held(holds):
        place = _place(keys[fact], open_to[fact], rows)
        directness[rows, fact] = grade(_draws(place, 2, fact), demands.directness[fact])
        prominence[rows, fact] = grade(_draws(place, 3, fact), demands.prominence[fact])
    return Assignment(holds, directness, prominence, background, wanted, keys)


def vary(base: Assignment, demands: Demands, layout: Layout) -> Assignment:
    """The plan for other shares that differs from `base` in as few slots as possible; `PlanError` as `assign`.

    `demands` may differ from those of `base` in targets, directness and prominence alone.
    """
    n = len(layout)
    wanted = counts_of(demands, n, n - int(base.background.sum()))
    open_to = demands.allowed[:, layout.types] & ~base.background
    holds, background = base.holds.copy(), base.background.copy()
    board = Board(demands, holds, layout.types, open_to, background, base.keys, wanted, sticky=True)
    rebalance(board)
    for fewer in np.flatnonzero(wanted < base.wanted):
        _trade(board, base, int(fewer))
    directness, prominence = base.directness * holds, base.prominence * holds
    for fact, rows in _held(holds):
        place, kept = _place(base.keys[fact], open_to[fact], rows), base.holds[rows, fact] == 1
        for grades, shares, digits in (
            (directness, demands.directness[fact], 2),
            (prominence, demands.prominence[fact], 3),
        ):
            grades[rows, fact] = regrade(grades[rows, fact], kept, _draws(place, digits, fact), shares)
    return replace(
        base, holds=holds, directness=directness, prominence=prominence, background=background, wanted=wanted
    )


def _draws(place: Ints, base: int, fact: int) -> Floats:
    """Draws in [0, 1) by place, each fact's sequence turned by its own part of the circle.

    Unturned they all begin low, and a small plan would give every fact the same grade, hardly ever the rarer one.
    """
    return (halton(place, base) + (fact + 1) * GOLDEN) % 1.0


def _trade(board: Board, base: Assignment, fact: int) -> None:
    """Exchange slots that lost the fact for slots that kept it, so that no kept one has to change its grades."""
    for grades, others, shares in (
        (base.directness[:, fact], base.prominence[:, fact], board.demands.directness[fact]),
        (base.prominence[:, fact], base.directness[:, fact], board.demands.prominence[fact]),
    ):
        for _ in range(TRADES):
            kept = np.flatnonzero(board.holds[:, fact])
            excess = np.bincount(grades[kept], minlength=len(shares)) - shares * len(kept)
            most, least = int(np.argmax(excess)), int(np.argmin(excess))
            if max(excess[most], -excess[least]) < 1 - 1e-9:
                break
            lost = np.flatnonzero((base.holds[:, fact] == 1) & (board.holds[:, fact] == 0) & (grades == least))
            lost = lost[(board.holds[lost] != base.holds[lost]).sum(axis=1) == 1]
            kept = kept[(grades[kept] == most) & (board.touched[kept] == 0)]
            kept = kept[board.removable(fact, kept) & (board.loads[kept] > board.demands.minimum)]
            pairs = _same(others, lost, kept)
            if pairs is None:
                break
            board.put(fact, np.array([pairs[0]]), True)
            board.put(fact, np.array([pairs[1]]), False)


def _same(grades: Grid, lost: Ints, kept: Ints) -> tuple[int, int] | None:
    """A slot of each kind with equal grades: the first ones."""
    for kind in np.intersect1d(grades[lost], grades[kept]):
        return int(lost[grades[lost] == kind][0]), int(kept[grades[kept] == kind][0])
    return None


def _held(holds: Grid) -> list[tuple[int, Ints]]:
    return [(fact, np.flatnonzero(holds[:, fact])) for fact in range(holds.shape[1])]


def _place(keys: Keys, open_to: Bools, rows: Ints) -> Ints:
    """How many of the slots that the fact may have come before each of `rows` in its order."""
    return np.searchsorted(np.sort(keys[open_to]), keys[rows]).astype(np.int64)


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
