"""Compiled counting of shingles over a corpus: which occur in many documents."""

import numpy as np
from numba import njit, types

from docgen.compiled import compiled

__all__ = ["add_to_cells", "count_suspects", "hash_set", "rehash"]

_US, _CELLS, _IS = types.uint64[::1], types.uint32[::1], types.int64[::1]
ZERO, ONE = np.uint64(0), np.uint64(1)


@compiled(types.void(_US, _CELLS))
def add_to_cells(values, cells):  # type: ignore[no-untyped-def]
    """Count each value in the cell of its low bits; the number of cells is a power of two."""
    mask = np.uint64(len(cells) - 1)
    for value in values:
        cells[value & mask] += np.uint32(1)


@njit(nogil=True)
def _slot(keys, value):  # type: ignore[no-untyped-def]
    mask = np.uint64(len(keys) - 1)
    slot = (value >> np.uint64(20)) & mask
    while keys[slot] != ZERO and keys[slot] != value:
        slot = (slot + ONE) & mask
    return slot


@compiled(types.int64(_US, _IS, types.int64, _CELLS, types.int64, _US, _IS, _IS))
def count_suspects(values, ends, first_row, cells, least, keys, counts, rows):  # type: ignore[no-untyped-def]
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


@compiled(types.void(_US, _IS, _IS, _US, _IS, _IS))
def rehash(keys, counts, rows, new_keys, new_counts, new_rows):  # type: ignore[no-untyped-def]
    """Move a table into a larger, empty one."""
    for i in range(len(keys)):
        if keys[i] != ZERO:
            slot = _slot(new_keys, keys[i])
            new_keys[slot], new_counts[slot], new_rows[slot] = keys[i], counts[i], rows[i]


@compiled(types.void(_US, _US))
def hash_set(values, table):  # type: ignore[no-untyped-def]
    """Fill an empty table, a power of two long, as `kernel.sketch` looks it up."""
    mask = np.uint64(len(table) - 1)
    for value in values:
        slot = value & mask
        while table[slot] != ZERO and table[slot] != value:
            slot = (slot + ONE) & mask
        table[slot] = value
