"""The constraints on a plan as arrays over F facts and T document types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "TOLERANCE",
    "Bools",
    "Constraints",
    "Floats",
    "Grid",
    "Ints",
    "document_counts",
    "nearest_count",
    "relation_matrix",
    "transitive_closure",
    "within_one",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Grid = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-9
"""Slack for products like 0.29 * 100 = 28.999999999999996: far above float rounding, far below one document."""


@dataclass(frozen=True)
class Constraints:
    """Targets, and the rules that every slot obeys. Relations are complete: see `transitive_closure`.

    Shapes: targets (F,), requires and excludes (F, F), allowed (F, T), directness (F, 2), prominence (F, 3).
    `targets` and `background` are shares of all documents; `minimum` and `maximum` bound the facts of a document that
    is not background. `requires[f, g]`: a document with f has g too. `excludes[f, g]`: never both. `allowed[f, t]`: f
    may be in documents of type t. Columns of `directness` are stated, implied; of `prominence` central, supporting,
    passing; their rows sum to 1. `suits` (F, T), where it is known, says in which types a fact may well be central.
    """

    facts: tuple[str, ...]
    targets: Floats
    minimum: int
    maximum: int
    background: float
    requires: Bools
    excludes: Bools
    allowed: Bools
    directness: Floats
    prominence: Floats
    suits: Bools | None = None


def transitive_closure(requires: Bools, excludes: Bools, allowed: Bools) -> tuple[Bools, Bools, Bools]:
    """The three relations with everything they imply: a fact inherits exclusions and types from facts it requires."""
    reach = requires | np.eye(len(requires), dtype=bool)
    for middle in range(len(requires)):
        reach |= np.outer(reach[:, middle], reach[middle])
    inherited = (reach.astype(int) @ (excludes | excludes.T).astype(int) @ reach.T.astype(int)) > 0
    types = np.array([allowed[row].all(axis=0) for row in reach]).reshape(allowed.shape)
    return reach & ~np.eye(len(requires), dtype=bool), inherited, types


def nearest_count(share: float, n: int) -> int:
    """The whole number of documents nearest to `share` of n, halves up."""
    return int(np.floor(share * n + 0.5))


def within_one(exact: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest whole number that is less than one document from each of these numbers."""
    return np.floor(exact - 1 + TOLERANCE) + 1, np.ceil(exact + 1 - TOLERANCE) - 1


def relation_matrix(facts: Sequence[str], pairs: Mapping[str, Sequence[str]]) -> Bools:
    """A relation between facts, given by name, as an (F, F) matrix."""
    index = {fact: i for i, fact in enumerate(facts)}
    matrix = np.zeros((len(facts), len(facts)), dtype=bool)
    for fact, others in pairs.items():
        for other in others:
            matrix[index[fact], index[other]] = True
    return matrix


def document_counts(
    constraints: Constraints, n: int, carrying: int, finished: Ints | None = None, goal: Ints | None = None
) -> Ints:
    """(F,): how many of the remaining documents each fact gets, so that its total is within one of its share of n.

    `carrying` is the number of remaining documents that are not background; `finished` (F,) counts the fact's documents
    in finished segments. The count is the nearest whole number, or `goal`, unless the sum would then violate the
    minimum or maximum of facts per document, or a fact would outnumber one that it requires; then the facts that lose
    least by it are rounded the other way.
    """
    finished = np.zeros(len(constraints.facts), dtype=np.int64) if finished is None else finished
    exact = constraints.targets * n - finished
    total = np.floor(constraints.targets * n + 0.5).astype(np.int64) if goal is None else goal
    counts = np.maximum(total - finished, 0)
    for fact, required in np.argwhere(constraints.requires):
        if counts[fact] > counts[required] and abs(counts[required] + 1 - exact[required]) < 1:
            counts[required] += 1
        elif counts[fact] > counts[required] and abs(counts[fact] - 1 - exact[fact]) < 1:
            counts[fact] -= 1
    low, high = constraints.minimum * carrying, constraints.maximum * carrying
    for _ in range(len(counts)):
        step = int(np.sign(max(low - counts.sum(), 0) - max(counts.sum() - high, 0)))
        if step == 0:
            break
        after = counts + step
        fits = (np.abs(after - exact) < 1) & (after <= carrying) & (after >= 0)
        for fact in np.flatnonzero(fits):
            others = constraints.requires[fact] if step > 0 else constraints.requires[:, fact]
            fits[fact] = (step * (counts[others] - after[fact]) >= 0).all()
        if not fits.any():
            break
        counts[np.argmin(np.where(fits, np.abs(after - exact), np.inf))] += step
    return np.asarray(counts)
