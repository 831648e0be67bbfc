"""Where every slot stands: its document type, idea, length and place in the stratification.

All of it is a function of (seed, slot) and of what types and ideas there are. Nothing here knows about facts, so no
change of a fact's share can move a slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.salience.hashing import Bits, mix, radical_inverse

__all__ = ["Ints", "Layout", "lay_out"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Columns over the n slots: `types` index the document types, `ideas` the ideas of the slot's type.

    `ranks` count the slots of one type in slot order; `lengths` are quantiles in [0, 1) of the wanted length.
    """

    types: Ints
    ideas: Ints
    ranks: Ints
    lengths: npt.NDArray[np.float64]


def lay_out(n: int, ideas_per_type: Sequence[int], key: int) -> Layout:
    """Lay out n slots: each block of T consecutive slots has every type once, each round of a type every idea once."""
    kinds = len(ideas_per_type)
    blocks = -(-n // kinds)
    order = np.argsort(mix(key ^ 0x7479, np.arange(blocks * kinds)).reshape(blocks, kinds), axis=1, kind="stable")
    types = order.ravel()[:n]
    ranks = np.repeat(np.arange(blocks), kinds)[:n]
    return Layout(types, _ideas(types, ranks, ideas_per_type, key), ranks, _lengths(types, ranks, key))


def _ideas(types: Ints, ranks: Ints, ideas_per_type: Sequence[int], key: int) -> Ints:
    """Each type's ideas round after round, in a new order each time."""
    ideas = np.zeros(len(types), dtype=np.int64)
    for kind, count in enumerate(ideas_per_type):
        here = np.flatnonzero(types == kind)
        rounds = -(-len(here) // count)
        draws = mix(key ^ 0x6964 ^ (kind << 20), np.arange(rounds * count)).reshape(rounds, count)
        ideas[here] = np.argsort(draws, axis=1, kind="stable").ravel()[ranks[here]]
    return ideas


def _lengths(types: Ints, ranks: Ints, key: int) -> npt.NDArray[np.float64]:
    """Van der Corput's sequence along each type, shifted digit by digit: every length as often as any other."""
    shift: Bits = mix(key ^ 0x6C65, types) >> np.uint64(32)
    return (radical_inverse(ranks) ^ shift).astype(np.float64) / 2.0**32
