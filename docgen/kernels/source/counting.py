# mypy: allow-untyped-defs, allow-untyped-calls
"""Compiled counting of shingles over a corpus: which occur in many documents."""

import numpy as np

from docgen.kernels.source.inner import inner

__all__ = ["add_to_cells", "count_suspects", "hash_set", "rehash"]

ZERO, ONE = np.uint64(0), np.uint64(1)


@inner
def add_to_cells(values, cells):
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


@inner
def count_suspects(values, ends, first_row, cells, least, keys, counts, rows):
    """Count exactly, in the hash table `keys`, the values whose cell reached `least`; notes where each was first seen.

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


@inner
def rehash(keys, counts, rows, new_keys, new_counts, new_rows):
    """Move a table into a larger, empty one."""
    for i in range(len(keys)):
        if keys[i] != ZERO:
            slot = _slot(new_keys, keys[i])
            new_keys[slot], new_counts[slot], new_rows[slot] = keys[i], counts[i], rows[i]


@inner
def hash_set(values, table):
    """Fill an empty table, a power of two long, as `kernel.sketch` looks it up."""
    mask = np.uint64(len(table) - 1)
    for value in values:
        slot = value & mask
        while table[slot] != ZERO and table[slot] != value:
            slot = (slot + ONE) & mask
        table[slot] = value
