# mypy: allow-untyped-defs, allow-untyped-calls
"""Compiled counting of shingles over a corpus: which occur in many documents."""

import numpy as np

from docgen.kernels.compilation.array_types import Hashes, Ints, Words
from docgen.kernels.compilation.jit_decorators import inner

__all__ = ["add_to_cells", "count_suspects", "hash_set", "rehash"]

ZERO, ONE = np.uint64(0), np.uint64(1)


def add_to_cells(values: Hashes, cells: Words) -> None:
    """Count each value in the cell of its low bits; the number of cells is a power of two."""
    mask = np.uint64(len(cells) - 1)
    for value in values:
        cells[value & mask] += np.uint32(1)


@inner
def _slot(keys, value):
    mask = np.uint64(len(keys) - 1)
    slot = (value >> np.uint64(20)) & mask
    while keys[slot] != ZERO and keys[slot] != value:
        slot = (slot + ONE) & mask
    return slot


def count_suspects(
    values: Hashes, ends: Ints, first_row: int, cells: Words, least: int, keys: Hashes, counts: Ints, rows: Ints
) -> int:  # fmt: skip
    """Count exactly, in the table `keys`, the values whose cell reached `least`; notes where each was first seen.

    values[ends[i - 1]:ends[i]] are the distinct shingles of document first_row + i. Returns the number of new keys.
    """
    mask = np.uint64(len(cells) - 1)
    start = added = 0
    for i in range(len(ends)):
        for value in values[start : ends[i]]:
            if cells[value & mask] >= least:
                slot = _slot(keys, value)
                if keys[slot] == ZERO:
                    keys[slot] = value
                    rows[slot] = first_row + i
                    added += 1
                counts[slot] += 1
        start = ends[i]
    return added


def rehash(keys: Hashes, counts: Ints, rows: Ints, new_keys: Hashes, new_counts: Ints, new_rows: Ints) -> None:
    """Move a table into a larger, empty one."""
    for i in range(len(keys)):
        if keys[i] != ZERO:
            slot = _slot(new_keys, keys[i])
            new_keys[slot], new_counts[slot], new_rows[slot] = keys[i], counts[i], rows[i]


def hash_set(values: Hashes, table: Hashes) -> None:
    """Fill an empty table as `sketch` looks it up."""
    mask = np.uint64(len(table) - 1)
    for value in values:
        slot = value & mask
        while table[slot] != ZERO and table[slot] != value:
            slot = (slot + ONE) & mask
        table[slot] = value
