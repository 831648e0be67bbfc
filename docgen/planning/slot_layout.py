"""The layout of a plan: each slot's document type, idea, length, and its place in the grid that facts are spread over.

Everything here is a function of the seed, the slot's number, and the lists of types, ideas and facts. No share and no
number of slots enters, so a change of either cannot move a slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docgen.planning.constraints import Floats, Ints
from docgen.planning.seeded_draws import mix, radical_inverse

__all__ = ["LENGTH_STRATA", "Ints", "Layout", "lay_out"]

LENGTH_STRATA = 5
"""Strata of document length. This many groups share one order of facts, so that every fact meets every stratum equally
often. Chosen: fifths tell short from long documents and still even out within a few dozen slots of a type."""

SINGLE_ROUNDS, MAX_ROUNDS = 8, 16
"""The first rounds through a type's ideas, which are batches of one, and the most rounds in a batch. Chosen: small
corpora use every idea once before any twice; in large ones a batch fills an idea's grid of facts and lengths evenly."""


@dataclass(frozen=True)
class Layout:
    """Arrays of shape (n,): `types` index the document types, `ideas` the ideas of the slot's type.

    `ranks` number the slots of a type in order. `places` number them along a path that visits one idea after another in
    short runs, so facts spread evenly along it are even over both ideas and positions. `lengths` in [0, 1) are
    quantiles of the target length. `width` is the number of consecutive places in a group.
    """

    types: Ints
    ideas: Ints
    ranks: Ints
    places: Ints
    lengths: Floats
    width: int

    def __len__(self) -> int:
        return len(self.types)


def lay_out(n: int, ideas_per_type: Sequence[int], width: int, key: int) -> Layout:
    """Lay out n slots: T consecutive slots have every type once, and each round of a type has every idea once.

    The first round takes a type's ideas in the order listed, so adding ideas to the list later moves no first visit.
    """
    kinds = len(ideas_per_type)
    blocks = -(-n // kinds)
    order = np.argsort(mix(key ^ 0x7479, np.arange(blocks * kinds)).reshape(blocks, kinds), axis=1, kind="stable")
    types = order.ravel()[:n]
    ranks = np.repeat(np.arange(blocks), kinds)[:n]
    ideas, places = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for kind, count in enumerate(ideas_per_type):
        rows = np.flatnonzero(types == kind)
        ideas[rows], places[rows] = _visits(ranks[rows], count, key ^ 0x6964 ^ (kind << 20))
    return Layout(types, ideas, ranks, places, _lengths(types, places, width, key), width)


def _visits(ranks: Ints, count: int, key: int) -> tuple[Ints, Ints]:
    """Idea and place of a type's slots. The rounds of a batch share an order of ideas; places run idea by idea.

    Batch sizes double with the number of rounds before them, so a batch does not depend on how many rounds follow.
    """
    rounds, turn = ranks // count, ranks % count
    doublings = np.log2(np.maximum(rounds, SINGLE_ROUNDS) / SINGLE_ROUNDS).astype(np.int64)
    batch = np.where(rounds < SINGLE_ROUNDS, 1, np.minimum(2 << doublings, MAX_ROUNDS))
    first = rounds - rounds % batch
    starts, number = np.unique(first, return_inverse=True)
    draws = mix(key, (starts[:, None] * count + np.arange(count)).ravel()).reshape(len(starts), count)
    orders = np.argsort(draws, axis=1, kind="stable")
    orders[starts == 0] = np.arange(count)
    return orders[number, turn], first * count + turn * batch + rounds - first


def _lengths(types: Ints, places: Ints, width: int, key: int) -> Floats:
    """(n,) in [0, 1): a length stratum for each slot, rotating from group to group, and an even position within it."""
    column, group = places % width, places // width
    block, row = group // LENGTH_STRATA, group % LENGTH_STRATA
    cell = (types.astype(np.uint64) << np.uint64(40)) + (block * width + column).astype(np.uint64)
    stratum = (mix(key ^ 0x6C65, cell) % np.uint64(LENGTH_STRATA)).astype(np.int64) + row
    shift = mix(key ^ 0x6C66, (types * width + column) * LENGTH_STRATA + row) >> np.uint64(32)
    inside = (radical_inverse(block) ^ shift).astype(np.float64) / 2.0**32
    return (stratum % LENGTH_STRATA + inside) / LENGTH_STRATA
