# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined"
"""Compiled shingle sets: the distinct n-gram hashes of a document in order, for exact comparison."""

import numpy as np

from docgen.kernels.compilation.array_types import Bytes, Hashes, Ints, Text, WordTable
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.minhash import content_hash, last_resort, next_block, power_of

__all__ = ["shingles", "sort_unique"]

_U = np.uint64


@inner
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


def shingles(
    memory: Text, starts: Ints, ends: Ints, sizes: Ints, ngram: int, ignored: Hashes, kinds: Bytes,
    folded: WordTable, words: Hashes, hashes: Hashes, text: Bytes, spare: Hashes, places: Ints,
    out: Hashes, out_ends: Ints,
) -> int:  # fmt: skip
    """Sorted shingle sets of the documents with sizes[i] > 0, one after the other in `out`.

    `sizes` are those that `sketch` found, or more; `out` must hold their sum, `spare` the largest, `places` twice that
    and 2. out_ends[i] is where the set of document i ends. Returns the first document that has more shingles than its
    size says, at which it stops, or -1.
    """
    power, end = power_of(ngram), 0
    for row in range(len(starts)):
        if sizes[row] > 0:
            pos, limit = starts[row], ends[row]
            left, carried, total, filled = 0, 0, 0, end
            while pos < limit:
                pos, left, carried, new, found = next_block(
                    memory, pos, limit, left, carried, text, words, hashes, ngram, power, ignored, kinds, folded
                )
                total += new
                if filled - end + found > sizes[row]:
                    return row
                for i in range(found):
                    out[filled + i] = hashes[i]
                filled += found
            content, _ = content_hash(memory, starts[row], limit)
            filled += last_resort(words, total, filled - end, ngram, content, ignored, out[filled:])
            end += sort_unique(out[end:], filled - end, spare, places)
        out_ends[row] = end
    return -1
