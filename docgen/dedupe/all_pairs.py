"""All similar pairs of a corpus, on request: deciding what to keep needs only pairs with a kept document."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.dedupe.index import KeptTable
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.errors import InputError

__all__ = ["DECIDE_ROWS", "Pairs", "all_pairs"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DECIDE_ROWS = 1024
"""Documents between two releases of the set file's memory pages. Chosen: the pages of 1,024 documents are a few MB."""
MAX_PAIRS = 100_000_000  # of copies; chosen: 1.6 GB of row numbers


@dataclass(frozen=True)
class Pairs:
    """All candidate pairs at or above the threshold: `rows` (m, 2), the higher row first, and `jaccard` (m,)."""

    rows: Ints
    jaccard: Floats


def all_pairs(
    bands: npt.NDArray[np.uint32], order: Ints, spans: Ints, first: Ints, threshold: float, store: SetStore
) -> Pairs:
    """All candidate pairs of this corpus that reach the threshold, exact copies included."""
    table = KeptTable(bands.shape[1], len(order) + 1)
    table.place(bands[order], np.arange(len(order)), spans[order], threshold, store, check=False, compact=False)
    rows, jaccards = [np.empty((0, 2), np.int64)], [np.empty(0)]
    for start in range(0, len(order), DECIDE_ROWS):
        pairs, similarities = table.neighbours(start, min(start + DECIDE_ROWS, len(order)), threshold, store)
        store.forget_pages()
        rows.append(order[pairs])
        jaccards.append(similarities)
    return _with_all_copies(first, np.concatenate(rows), np.concatenate(jaccards))


def _with_all_copies(first: Ints, rows: Ints, jaccards: Floats) -> Pairs:
    """Extend pairs between first copies to all their copies; `first` (n,) is the first copy of each row."""
    by_leader = np.argsort(first, kind="stable")
    leaders, starts, counts = np.unique(first[by_leader], return_index=True, return_counts=True)
    copies = {
        int(leader): by_leader[start : start + count]
        for leader, start, count in zip(leaders, starts, counts, strict=True)
        if count > 1
    }
    total = sum(len(same) ** 2 for same in copies.values())
    if total > MAX_PAIRS:
        raise InputError(
            f"some {total:,} pairs of exact copies", "--pairs", "Omit it: removed.parquet lists each copy once"
        )
    parts, values = [rows], [jaccards]
    for same in copies.values():
        i, j = np.triu_indices(len(same), 1)
        parts.append(np.stack([same[i], same[j]], axis=1))
        values.append(np.ones(len(i)))
    for (a, b), jaccard in zip(rows.tolist(), jaccards.tolist(), strict=True):
        if a in copies or b in copies:
            crossed = [(x, y) for x in copies.get(a, [a]) for y in copies.get(b, [b]) if (x, y) != (a, b)]
            parts.append(np.array(crossed, np.int64))
            values.append(np.full(len(crossed), jaccard))
    pairs = np.concatenate(parts)
    return Pairs(np.stack([pairs.max(axis=1), pairs.min(axis=1)], axis=1), np.concatenate(values))
