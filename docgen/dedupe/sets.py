# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined"
"""Compiled shingle sets: the distinct n-gram hashes of a document in order, for exact comparison."""

import numpy as np
from numba import njit, types

from docgen.compiled import compiled
from docgen.dedupe.kernel import (
    BLOCK,
    BYTES,
    HASHES,
    INTS,
    SCRATCH,
    TABLES,
    TEXT,
    content_hash,
    last_resort,
    next_block,
    power_of,
)  # fmt: skip

__all__ = ["shingles", "sort_unique"]

_U = np.uint64


@njit(nogil=True)
def sort_unique(values, count, spare, places):
    """Sort values[:count] and drop repetitions; returns how many are left.

    The values are hashes, so evenly spread: one pass puts each near its place by its leading bits, insertion does the
    rest. `spare` and `places` must hold `count` and 2 * `count` + 2 numbers.
    """
    bits = 1
    while (1 << bits) < count:
        bits += 1
    shift = _U(64 - bits)
    places[: (1 << bits) + 1] = 0
    for i in range(count):
        places[np.int64(values[i] >> shift) + 1] += 1
    for i in range(1 << bits):
        places[i + 1] += places[i]
    for i in range(count):
        bucket = np.int64(values[i] >> shift)
        spare[places[bucket]] = values[i]
        places[bucket] += 1
    kept = 0
    for i in range(count):
        value = spare[i]
        j = kept
        while j > 0 and values[j - 1] > value:
            j -= 1
        if j > 0 and values[j - 1] == value:
            continue
        for k in range(kept, j, -1):
            values[k] = values[k - 1]
        values[j] = value
        kept += 1
    return kept


@compiled(types.void(BYTES, INTS, INTS, types.int64, HASHES, TABLES, HASHES, INTS))
def shingles(data, offsets, sizes, ngram, ignored, tables, out, ends):
    """Sorted shingle sets of the documents with sizes[i] >= 0, one after the other in `out`.

    `sizes` are those `sketch` found, -1 skips a document; ends[i] is where the set of document i ends in `out`, which
    must hold the sum of the sizes.
    """
    most = max(BLOCK, sizes.max()) if len(sizes) else 1
    words, hashes, text = np.empty(SCRATCH, np.uint64), np.empty(SCRATCH, np.uint64), np.empty(TEXT, np.uint8)
    spare, places = np.empty(most, np.uint64), np.empty(2 * most + 2, np.int64)
    power, end = power_of(ngram), 0
    for row in range(len(offsets) - 1):
        if sizes[row] > 0:
            pos, limit = offsets[row], offsets[row + 1]
            left, carried, total, filled = 0, 0, 0, end
            while pos < limit:
                pos, left, carried, new, found = next_block(
                    data, pos, limit, left, carried, text, words, hashes, ngram, power, ignored, tables
                )
                total += new
                out[filled : filled + found] = hashes[:found]
                filled += found
            content, _ = content_hash(data, offsets[row], limit)
            filled += last_resort(words, total, filled - end, ngram, content, ignored, out[filled:])
            end += sort_unique(out[end:], filled - end, spare, places)
        ends[row] = end
