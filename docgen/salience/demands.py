"""What is asked of a plan, as arrays: F facts, T document types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Demands", "Floats", "Grid", "closed", "count_of", "counts_of", "relation"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Grid = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Demands:
    """Shares and constraints; `closed` completes the relations.

    Shapes: targets (F,), needs and bars (F, F), allowed (F, T), directness (F, 2), prominence (F, 3).
    `needs[f, g]`: a document with f has g too. `bars[f, g]`: never both. `directness` columns are stated, implied;
    `prominence` columns central, supporting, passing; rows sum to 1. `suits` (F, T), where it is known, says which
    types bear a fact as central.
    """

    facts: tuple[str, ...]
    targets: Floats
    minimum: int
    maximum: int
    background: float
    needs: Bools
    bars: Bools
    allowed: Bools
    directness: Floats
    prominence: Floats
    suits: Bools | None = None


def closed(needs: Bools, bars: Bools, allowed: Bools) -> tuple[Bools, Bools, Bools]:
    """The relations with all that follows: needs of needs, bars and types inherited from what a fact needs."""
    reach = needs | np.eye(len(needs), dtype=bool)
    for middle in range(len(needs)):
        reach |= np.outer(reach[:, middle], reach[middle])
    inherited = (reach.astype(int) @ (bars | bars.T).astype(int) @ reach.T.astype(int)) > 0
    types = np.array([allowed[row].all(axis=0) for row in reach]).reshape(allowed.shape)
    return reach & ~np.eye(len(needs), dtype=bool), inherited, types


def count_of(share: float, n: int) -> int:
    """The whole number of documents nearest to `share` of n, halves up."""
    return int(np.floor(share * n + 0.5))


def relation(facts: Sequence[str], pairs: Mapping[str, Sequence[str]]) -> Bools:
    """A relation between facts by name as an (F, F) matrix."""
    index = {fact: i for i, fact in enumerate(facts)}
    matrix = np.zeros((len(facts), len(facts)), dtype=bool)
    for fact, others in pairs.items():
        for other in others:
            matrix[index[fact], index[other]] = True
    return matrix


def counts_of(demands: Demands, n: int, carrying: int, done: Ints | None = None, goal: Ints | None = None) -> Ints:
    """(F,): documents for each fact, within one of its share of n; `carrying` documents are not background.

    The nearest whole number (or `goal`), unless the total would then miss what the minimum or maximum per document
    allows, or a fact outnumber one it needs: then those facts go up or down that lose least by it. `done` is what slots
    before these hold already: the counts are what is left to hold in these.
    """
    done = np.zeros(len(demands.facts), dtype=np.int64) if done is None else done
    exact = demands.targets * n - done
    counts = np.maximum((np.floor(demands.targets * n + 0.5).astype(np.int64) if goal is None else goal) - done, 0)
    for fact, needed in np.argwhere(demands.needs):
        if counts[fact] > counts[needed] and abs(counts[needed] + 1 - exact[needed]) < 1:
            counts[needed] += 1
        elif counts[fact] > counts[needed] and abs(counts[fact] - 1 - exact[fact]) < 1:
            counts[fact] -= 1
    low, high = demands.minimum * carrying, demands.maximum * carrying
    for _ in range(len(counts)):
        step = int(np.sign(max(low - counts.sum(), 0) - max(counts.sum() - high, 0)))
        if step == 0:
            break
        after = counts + step
        fits = (np.abs(after - exact) < 1) & (after <= carrying) & (after >= 0)
        for fact in np.flatnonzero(fits):
            others = demands.needs[fact] if step > 0 else demands.needs[:, fact]
            fits[fact] = (step * (counts[others] - after[fact]) >= 0).all()
        if not fits.any():
            break
        counts[np.argmin(np.where(fits, np.abs(after - exact), np.inf))] += step
    return np.asarray(counts)
