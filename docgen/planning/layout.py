"""Where every slot stands: its document type, idea, length, and its place in the grid that facts are spread over.

All of it is a function of (seed, slot) and of which types, ideas and facts there are. No share enters here, and no
number of slots, so no change of either can move a slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.planning.seeded_draws import mix, radical_inverse

__all__ = ["LENGTH_STRATA", "Ints", "Layout", "lay_out"]

Ints = npt.NDArray[np.int64]

LENGTH_STRATA = 5
"""Groups of slots that share one order of facts: in them every fact meets every fifth of the lengths equally often."""
SINGLE_ROUNDS, MOST_ROUNDS = 8, 16
"""Rounds through a type's ideas before visits of one idea are taken together, and how many are at most."""


@dataclass(frozen=True)
class Layout:
    """Columns over the n slots: `types` index the document types, `ideas` the ideas of the slot's type.

    `ranks` number the slots of one type as they come. `places` number them along a path that visits one idea after
    another in short runs: facts spread evenly along it are even over ideas and positions. `lengths` are quantiles in
    [0, 1) of the wanted length. `width` is the number of consecutive places that make a group.
    """

    types: Ints
    ideas: Ints
    ranks: Ints
    places: Ints
    lengths: npt.NDArray[np.float64]
    width: int

    def __len__(self) -> int:
        return len(self.types)


def lay_out(n: int, ideas_per_type: Sequence[int], width: int, key: int) -> Layout:
    """Lay out n slots: each block of T consecutive slots has every type once, each round of a type every idea once.

    The first round takes a type's ideas as they are listed, so that ideas added to the list later move no first visit.
    """
    kinds = len(ideas_per_type)
    blocks = -(-n // kinds)
    order = np.argsort(mix(key ^ 0x7479, np.arange(blocks * kinds)).reshape(blocks, kinds), axis=1, kind="stable")
    types = order.ravel()[:n]
    ranks = np.repeat(np.arange(blocks), kinds)[:n]
    ideas, places = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for kind, count in enumerate(ideas_per_type):
        here = np.flatnonzero(types == kind)
        ideas[here], places[here] = _visits(ranks[here], count, key ^ 0x6964 ^ (kind << 20))
    return Layout(types, ideas, ranks, places, _lengths(types, places, width, key), width)


def _visits(ranks: Ints, count: int, key: int) -> tuple[Ints, Ints]:
    """Idea and place of a type's slots. Rounds go in batches that share an order of ideas; places run idea by idea.

    Batches grow with the number of rounds before them, by doubling, so that they are the same however many follow.
    """
    rounds, turn = ranks // count, ranks % count
    doublings = np.log2(np.maximum(rounds, SINGLE_ROUNDS) / SINGLE_ROUNDS).astype(np.int64)
    batch = np.where(rounds < SINGLE_ROUNDS, 1, np.minimum(2 << doublings, MOST_ROUNDS))
    first = rounds - rounds % batch
    starts, number = np.unique(first, return_inverse=True)
    draws = mix(key, (starts[:, None] * count + np.arange(count)).ravel()).reshape(len(starts), count)
    orders = np.argsort(draws, axis=1, kind="stable")
    orders[starts == 0] = np.arange(count)
    return orders[number, turn], first * count + turn * batch + rounds - first


def _lengths(types: Ints, places: Ints, width: int, key: int) -> npt.NDArray[np.float64]:
    """A fifth of the range for each slot, turning by one from group to group, and an even place inside it."""
    column, group = places % width, places // width
    block, row = group // LENGTH_STRATA, group % LENGTH_STRATA
    cell = (types.astype(np.uint64) << np.uint64(40)) + (block * width + column).astype(np.uint64)
    stratum = (mix(key ^ 0x6C65, cell) % np.uint64(LENGTH_STRATA)).astype(np.int64) + row
    shift = mix(key ^ 0x6C66, (types * width + column) * LENGTH_STRATA + row) >> np.uint64(32)
    inside = (radical_inverse(block) ^ shift).astype(np.float64) / 2.0**32
    return (stratum % LENGTH_STRATA + inside) / LENGTH_STRATA
