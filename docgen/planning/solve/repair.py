"""Mending a plan: slots that break a constraint, then facts that came out too often or too rarely.

Each step looks at the slot itself and at fixed orders, so a change of one fact's share stays local.
"""

from collections import deque
from itertools import pairwise

import numpy as np

from docgen.planning.constraints import Bools, Floats
from docgen.planning.layout import Ints
from docgen.planning.priorities import Keys
from docgen.planning.solve.solver import settle
from docgen.planning.solve.working_plan import Board

__all__ = ["finish", "legalise", "rebalance"]

CHUNK = 1 << 16


def legalise(board: Board) -> None:
    """Rebuild the slots that break a constraint; a slot that finds no facts to reach the minimum is left with fewer."""
    for start in range(0, len(board.holds), CHUNK):
        _legalise(board, np.arange(start, min(start + CHUNK, len(board.holds))))


def rebalance(board: Board) -> None:
    """Make the counts right in as few slots as possible, all slots being legal, as far as exchanges can."""
    _shed(board)
    _fill(board)
    _exchange(board)


def finish(board: Board) -> None:
    """Make every count right and every slot full enough, or raise `PlanError` with what is missing."""
    rebalance(board)
    if board.surplus().any() or board.lacking():
        settle(board)


def _legalise(board: Board, rows: Ints) -> None:
    """Rebuild the slots of `rows` that break a constraint, taking their facts in the slot's own order of priority."""
    demands, held, loads = board.demands, board.holds[rows].T == 1, board.loads[rows]
    bad = (loads > demands.maximum) | ((loads < demands.minimum) & ~board.background[rows])
    for first, second in np.argwhere(demands.bars):
        bad |= held[first] & held[second]
    for first, second in np.argwhere(demands.needs):
        bad |= held[first] & ~held[second]
    rows = rows[bad]
    if not len(rows):
        return
    keys = board.keys[:, rows].T.astype(np.float64)
    kept = np.zeros((len(rows), len(demands.facts)), dtype=bool)
    _take(board, rows, kept, np.where(board.holds[rows] == 1, keys, np.inf), demands.maximum)
    closeness = keys / np.maximum(demands.targets, 1e-9)
    closeness[:, board.wanted <= 0] = np.inf
    lacking = ~board.background[rows]
    for _ in range(demands.minimum):
        lacking &= kept.sum(axis=1) < demands.minimum
        some = np.flatnonzero(lacking)
        part = kept[some]
        _take(board, rows[some], part, closeness[some], demands.maximum, demands.minimum)
        kept[some] = part
    board.replace(rows, kept)


def _take(board: Board, rows: Ints, kept: Bools, cost: Floats, most: int, enough: int | None = None) -> None:
    """Add to `kept` in order of cost, each fact with all it needs, what fits; stop at `enough` facts. inf: never."""
    demands = board.demands
    closure = demands.needs | np.eye(len(demands.facts), dtype=bool)
    order = np.argsort(cost, axis=1, kind="stable")
    lines = np.arange(len(rows))
    loads = kept.sum(axis=1)
    for place in range(order.shape[1]):
        fact = order[:, place]
        wish = np.isfinite(cost[lines, fact])
        if not wish.any():
            break
        extra = closure[fact] & ~kept
        fits = wish & (loads + extra.sum(axis=1) <= most) & ~(demands.bars[fact] & kept).any(axis=1)
        fits &= board.open_to[fact, rows] & ~demands.bars[fact, fact]
        if enough is not None:
            fits &= loads < enough
        kept |= extra & fits[:, None]
        loads = kept.sum(axis=1)


def _shed(board: Board) -> None:
    """Take facts that came out too often from slots that can spare them, last in the fact's order first."""
    for fact in np.flatnonzero(board.surplus() > 0):
        rows = np.flatnonzero(board.holds[:, fact])
        able = rows[board.removable(int(fact), rows) & (board.loads[rows] > board.demands.minimum)]
        count = min(int(board.surplus()[fact]), len(able))
        board.put(int(fact), _best(~board.keys[fact], able, count), False)


def _fill(board: Board) -> None:
    """Put facts that came out too rarely into slots with room, first in the fact's order first."""
    for fact in np.flatnonzero(board.surplus() < 0):
        rows = np.flatnonzero(board.open_to[fact] & (board.holds[:, fact] == 0))
        able = rows[board.addable(int(fact), rows) & (board.loads[rows] < board.demands.maximum)]
        count = min(-int(board.surplus()[fact]), len(able))
        board.put(int(fact), _best(board.keys[fact], able, count), True)


def _best(keys: Keys, rows: Ints, count: int) -> Ints:
    return rows[np.argsort(keys[rows], kind="stable")[:count]]


def _exchange(board: Board) -> None:
    """Move facts along chains: in each slot of a chain one fact makes way for another."""
    for _ in range(10_000):
        surplus = board.surplus()
        if not surplus.any():
            return
        chain = _chain(board, surplus)
        if chain is None:
            return
        _apply(board, chain, surplus)


NOTHING = -1


def _chain(board: Board, surplus: Ints) -> list[int] | None:
    """Shortest chain of facts, each making way for the next, that lessens what is wrong; NOTHING stands for no fact."""
    starts = [int(f) for f in np.flatnonzero(surplus > 0)]
    goals = {int(f) for f in np.flatnonzero(surplus < 0)}
    for sources, targets in ((starts, goals | {NOTHING}), ([NOTHING], goals)):
        came: dict[int, int | None] = dict.fromkeys(sources)
        queue = deque(sources)
        while queue:
            fact = queue.popleft()
            for following in _successors(board, fact):
                if following in came:
                    continue
                came[following] = fact
                if following in targets:
                    return _trace(came, following)
                queue.append(following)
    return None


def _trace(came: dict[int, int | None], last: int) -> list[int]:
    chain: list[int] = []
    step: int | None = last
    while step is not None:
        chain.append(step)
        step = came[step]
    return chain[::-1]


def _successors(board: Board, fact: int) -> list[int]:
    others = [f for f in range(len(board.demands.facts)) if f != fact]
    found = [f for f in others if len(_places(board, fact, f))]
    if board.sticky:  # those first that can go on through slots that are changed anyway
        found.sort(
            key=lambda f: -int((board.holds[:, f] & (board.touched > 0) & (board.loads > board.demands.minimum)).sum())
        )
    if fact != NOTHING and len(_places(board, fact, NOTHING)):
        found.append(NOTHING)
    return found


def _places(board: Board, leaves: int, enters: int) -> Ints:
    """Slots in which `leaves` can make way for `enters`, the best first."""
    demands = board.demands
    if leaves == NOTHING:
        rows = np.flatnonzero(board.open_to[enters] & (board.holds[:, enters] == 0))
        rows = rows[board.addable(enters, rows) & (board.loads[rows] < demands.maximum)]
        return rows[np.lexsort((board.keys[enters, rows], -board.touched[rows]))]
    rows = np.flatnonzero(board.holds[:, leaves])
    rows = rows[board.removable(leaves, rows)]
    if enters == NOTHING:
        rows = rows[board.loads[rows] > demands.minimum]
        return rows[np.lexsort((~board.keys[leaves, rows], -board.touched[rows]))]
    rows = rows[board.addable(enters, rows, without=leaves)]
    gain = board.keys[enters, rows].astype(np.int64) - board.keys[leaves, rows].astype(np.int64)
    return rows[np.lexsort((gain, -board.touched[rows]))]


def _apply(board: Board, chain: list[int], surplus: Ints) -> None:
    ends = [abs(int(surplus[f])) for f in (chain[0], chain[-1]) if f != NOTHING]
    steps = list(pairwise(chain))
    places = [_places(board, a, b) for a, b in steps]
    count = min([*ends, *map(len, places)])
    free = int((board.touched[places[-1][:count]] > 0).sum())
    count = free or count
    for leaves, enters in steps:
        rows = _places(board, leaves, enters)[:count]
        if leaves != NOTHING:
            board.put(leaves, rows, False)
        if enters != NOTHING:
            board.put(enters, rows, True)
