"""Which facts go into which slot."""

from dataclasses import dataclass

import numpy as np

from docgen.salience.demands import Bools, Demands, Grid, count_of, counts_of
from docgen.salience.layout import Ints, Layout
from docgen.salience.priorities import Keys, background_keys, priority_keys
from docgen.salience.repair import Board, balance

__all__ = ["Assignment", "assign"]


@dataclass(frozen=True)
class Assignment:
    """`holds` (n, F) is 1 where a slot has a fact; `wanted` (F,) are the numbers aimed at, `keys` (F, n) the orders."""

    holds: Grid
    background: Bools
    wanted: Ints
    keys: Keys


def assign(demands: Demands, layout: Layout, key: int) -> Assignment:
    """Meet every share to within one document and every constraint exactly; `PlanError` when that cannot be done."""
    n = len(layout.types)
    background = np.zeros(n, dtype=bool)
    background[first(background_keys(layout, key), np.arange(n), count_of(demands.background, n))] = True
    wanted = counts_of(demands, n, n - int(background.sum()))
    keys = priority_keys(demands, layout, key)
    open_to = demands.allowed[:, layout.types] & ~background
    holds = _natural(demands, keys, open_to, wanted)
    board = Board(demands, holds, open_to, background, keys, wanted)
    balance(board)
    return Assignment(holds, background, wanted, keys)


def first(keys: Keys, among: Ints, count: int) -> Ints:
    """The `count` of `among` with the smallest keys, ties to the lowest slot; all when there are fewer."""
    if count >= len(among):
        return among
    if count <= 0:
        return among[:0]
    own = keys[among]
    cut = np.partition(own, count - 1)[count - 1]
    below = own < cut
    ties = np.flatnonzero(own == cut)[: count - int(below.sum())]
    below[ties] = True
    return np.asarray(among[below])


def _natural(demands: Demands, keys: Keys, open_to: Bools, wanted: Ints) -> Grid:
    """Each fact in the first slots of its own order, where facts that need it come before all."""
    holds = np.zeros((keys.shape[1], keys.shape[0]), dtype=np.uint8)
    for fact in np.argsort(-demands.needs.sum(axis=1), kind="stable"):
        dependents = np.flatnonzero(demands.needs[:, fact])
        must = holds[:, dependents].any(axis=1) if len(dependents) else np.zeros(len(holds), dtype=bool)
        holds[must, fact] = 1
        free = np.flatnonzero(open_to[fact] & ~must)
        holds[first(keys[fact], free, int(wanted[fact] - must.sum())), fact] = 1
    return holds
