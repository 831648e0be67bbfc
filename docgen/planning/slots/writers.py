"""Which of several writers writes the document of each slot: every share exact, whatever else a slot has."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from docgen.planning.seeded_draws import key_of, mix

__all__ = ["draw_writers"]

BLOCK_SLOTS = 100
"""Slots over which shares are met, and shuffled. Chosen: when a run grows, fewer slots than this change writers."""


def draw_writers(n: int, shares: Sequence[float], seed: int) -> npt.NDArray[np.uint8]:
    """The number of the writer of each of n slots, (n,). Each has its share of them to within one document.

    The first k slots are the same for any larger n, but for the last k modulo 100. Within a hundred the order is drawn,
    so that no writer gets the types or facts that come at regular distances.
    """
    exact = np.asarray(shares, dtype=float) / sum(shares)
    chosen, counts = np.empty(n, dtype=np.uint8), np.zeros(len(exact), dtype=np.int64)
    key = key_of("writers", seed)
    for start in range(0, n, BLOCK_SLOTS):
        end = min(start + BLOCK_SLOTS, n)
        own = _due(exact * end, counts, end - start)
        counts += own
        order = np.argsort(mix(key, np.arange(start, end)), kind="stable")
        chosen[start:end][order] = np.repeat(np.arange(len(shares), dtype=np.uint8), own)
    return chosen


def _due(exact: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """How many of the next `size` slots each writer is due, `exact` being what all so far should have come to.

    Rounded down, and what is left over goes to those who are furthest behind.
    """
    own: npt.NDArray[np.int64] = np.maximum(np.floor(exact).astype(np.int64) - counts, 0)
    while (left := size - int(own.sum())) != 0:
        behind = exact - counts - own
        if left > 0:
            own[behind.argmax()] += 1
        else:
            own[np.where(own > 0, behind, np.inf).argmin()] -= 1
    return own
