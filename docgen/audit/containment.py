# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined,operator"
"""Which documents hold a good part of which statement: hashed word 4-grams, compiled, on the pass that dedupe makes.

Containment (Broder 1997, "On the resemblance and containment of documents") of a statement in a window of a document:
the share of the statement's distinct n-grams that occur within twice its length.
"""

import numpy as np
from numba import njit, types

from docgen.compiled import compiled
from docgen.dedupe.kernel import BYTES, HASHES, INTS, SCRATCH, TABLES, TEXT, next_block, power_of

__all__ = ["NGRAM", "contain", "file_keys", "find_keys", "grams"]

NGRAM = 4
MOST_HITS = 1 << 16
"""Hits of one document that are weighed together; a longer list is weighed in parts."""

_U = np.uint64
ONE, SIX = _U(1), _U(6)
LOW6 = _U(63)


@njit(nogil=True)
def _slot(keys, value):
    """Where `value` stands, or the empty place where it would, in an open-addressing table; 0 is empty."""
    mask = _U(len(keys) - 1)
    slot = value & mask
    while keys[slot] != 0 and keys[slot] != value:
        slot = (slot + ONE) & mask
    return np.int64(slot)


@njit(nogil=True)
def _weigh(hits, offsets, count, sizes, least, row, seen, out, written):
    """Turn hits (statement << 32 | word position; offset in the statement) into rows of `out`; returns how many."""
    order = np.argsort(hits[:count])
    begin = 0
    while begin < count:
        statement = hits[order[begin]] >> 32
        end = begin
        while end < count and hits[order[end]] >> 32 == statement:
            end += 1
        size = sizes[statement]
        need = max(1, np.int64(np.ceil(least * size)))
        if end - begin >= need:
            best, place = _best_window(hits, offsets, order, begin, end, 2 * (size + NGRAM), seen)
            if best >= need and written < len(out):
                out[written, 0], out[written, 1], out[written, 2], out[written, 3] = row, statement, best, place
                written += 1
        begin = end
    return written


@njit(nogil=True)
def _best_window(hits, offsets, order, begin, end, width, seen):
    """(most distinct offsets within `width` words, position of that window's first hit)."""
    seen[:] = 0
    best, place, distinct, left = 0, 0, 0, begin
    for right in range(begin, end):
        offset = offsets[order[right]]
        distinct += seen[offset] == 0
        seen[offset] += 1
        while (hits[order[right]] - hits[order[left]]) > width:
            gone = offsets[order[left]]
            seen[gone] -= 1
            distinct -= seen[gone] == 0
            left += 1
        if distinct > best:
            best, place = distinct, hits[order[left]] & 0xFFFFFFFF
    return best, place


@njit(nogil=True)
def _keep_best(out, begin, end, sizes):
    """Of rows for the same passage of one document leave those of the largest share; returns the new end.

    Statements often share a phrase; the passage is evidence of the one that it holds most of.
    """
    share = np.empty(end - begin, np.float64)
    for i in range(begin, end):
        share[i - begin] = out[i, 2] / sizes[out[i, 1]]
    order = np.argsort(-share)
    rows, kept = out[begin:end].copy(), begin
    for i in order:
        reach = sizes[rows[i, 1]] + NGRAM
        beaten = False
        for j in range(begin, kept):
            close = abs(rows[i, 3] - out[j, 3]) < reach
            if close and share[i] < out[j, 2] / sizes[out[j, 1]]:
                beaten = True
                break
        if not beaten:
            out[kept] = rows[i]
            kept += 1
    return kept


_I = types.int64


@compiled(_I(BYTES, INTS, TABLES, HASHES, INTS))
def grams(data, offsets, tables, out, ends):
    """Hashes of every document's 4-grams, in order, into `out`; ends[i] is where document i ends. Returns the total."""
    words, hashes, text = np.empty(SCRATCH, np.uint64), np.empty(SCRATCH, np.uint64), np.empty(TEXT, np.uint8)
    power = power_of(NGRAM)
    none = np.empty(0, np.uint64)
    end = 0
    for row in range(len(offsets) - 1):
        pos, limit = offsets[row], offsets[row + 1]
        left, carried = 0, 0
        while pos < limit:
            pos, left, carried, _new, found = next_block(
                data, pos, limit, left, carried, text, words, hashes, NGRAM, power, none, tables
            )
            out[end : end + found] = hashes[:found]
            end += found
        ends[row] = end
    return end


@compiled(_I(BYTES, INTS, TABLES, HASHES, HASHES, INTS, INTS, INTS, INTS, types.float64, types.int64[:, ::1]))
def contain(data, offsets, tables, sieve, keys, firsts, statements, places, sizes, least, out):
    """Find, for each document data[offsets[i]:offsets[i + 1]], the statements with a share >= `least` of their grams.

    `keys` is an open-addressing table of gram hashes with `sieve` (a bit for each of the hashes' low bits) before it;
    slot s has the postings firsts[s] to firsts[s + 1] in `statements` and `places` (offset in the statement). `sizes`
    counts each statement's grams. Writes rows (document, statement, distinct grams found, word position) and returns
    their number, at most len(out).
    """
    words, hashes, text = np.empty(SCRATCH, np.uint64), np.empty(SCRATCH, np.uint64), np.empty(TEXT, np.uint8)
    power = power_of(NGRAM)
    none = np.empty(0, np.uint64)
    hits, found_at = np.empty(MOST_HITS, np.int64), np.empty(MOST_HITS, np.int64)
    seen = np.zeros(max(1, sizes.max() if len(sizes) else 1), np.int64)
    bits = _U(len(sieve) * 64 - 1)
    written = 0
    for row in range(len(offsets) - 1):
        pos, limit, begin = offsets[row], offsets[row + 1], written
        left, carried, total, count = 0, 0, 0, 0
        while pos < limit:
            before = total - carried
            pos, left, carried, new, found = next_block(
                data, pos, limit, left, carried, text, words, hashes, NGRAM, power, none, tables
            )
            total += new
            for i in range(found):
                bit = hashes[i] & bits
                if (sieve[bit >> SIX] >> (bit & LOW6)) & ONE == 0:
                    continue
                slot = _slot(keys, hashes[i])
                if keys[slot] == 0:
                    continue
                for posting in range(firsts[slot], firsts[slot + 1]):
                    if count == MOST_HITS:
                        written = _weigh(hits, found_at, count, sizes, least, row, seen, out, written)
                        count = 0
                    hits[count] = (statements[posting] << 32) | (before + i)
                    found_at[count] = places[posting]
                    count += 1
        if count:
            written = _weigh(hits, found_at, count, sizes, least, row, seen, out, written)
        if written - begin > 1 and written < len(out):
            written = _keep_best(out, begin, written, sizes)
    return written


@compiled(types.void(HASHES, HASHES, HASHES))
def file_keys(values, keys, sieve):
    """Enter `values` into the table and set their bits in the sieve."""
    bits = _U(len(sieve) * 64 - 1)
    for value in values:
        keys[_slot(keys, value)] = value
        bit = value & bits
        sieve[bit >> SIX] |= ONE << (bit & LOW6)


@compiled(types.void(HASHES, HASHES, INTS))
def find_keys(values, keys, slots):
    """slots[i] becomes the place of values[i] in the table."""
    for i in range(len(values)):
        slots[i] = _slot(keys, values[i])
