# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined,operator"
"""Which documents hold a good part of which statement: hashed word 4-grams, compiled, on the pass that dedupe makes.

Containment (Broder 1997, "On the resemblance and containment of documents") of a statement in a window of a document:
the share of the statement's distinct n-grams that occur within twice its length.
"""

import numpy as np

from docgen.kernels.compilation.array_types import Bytes, Hashes, Ints, IntTable, Text, WordTable
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.minhash import next_block, power_of

__all__ = ["contain", "file_keys", "find_keys", "grams"]

_U = np.uint64
ONE, SIX = _U(1), _U(6)
LOW6 = _U(63)  # which of the 64 bits of a number: the low six bits of a hash


@inner
def _slot(keys, value):
    """Where `value` stands, or the empty place where it would, in an open-addressing table; 0 is empty."""
    mask = _U(len(keys) - 1)
    slot = value & mask
    while keys[slot] != 0 and keys[slot] != value:
        slot = (slot + ONE) & mask
    return np.int64(slot)


@inner
def _sink(order, keys, low, root, end):
    """Restore the heap order[low + root:low + end] below its root, the largest key on top."""
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and keys[order[low + child]] < keys[order[low + child + 1]]:
            child += 1
        if keys[order[low + root]] >= keys[order[low + child]]:
            return
        order[low + root], order[low + child] = order[low + child], order[low + root]
        root = child


@inner
def _sort(order, keys, low, high):
    """Heapsort order[low:high] by keys[order[i]], which must differ for the result to be the only one."""
    count = high - low
    for root in range(count // 2 - 1, -1, -1):
        _sink(order, keys, low, root, count)
    for end in range(count - 1, 0, -1):
        order[low], order[low + end] = order[low + end], order[low]
        _sink(order, keys, low, 0, end)


@inner
def _weigh(hits, offsets, count, sizes, least, ngram, row, order, seen, out, written):
    """Turn hits (statement << 32 | word position; offset in the statement) into rows of `out`; returns how many."""
    for i in range(count):
        order[i] = i
    _sort(order, hits, 0, count)
    begin = 0
    while begin < count:
        statement = hits[order[begin]] >> 32
        end = begin
        while end < count and hits[order[end]] >> 32 == statement:
            end += 1
        size = sizes[statement]
        need = max(1, np.int64(np.ceil(least * size)))
        if end - begin >= need:
            best, place = _best_window(hits, offsets, order, begin, end, 2 * (size + ngram), seen)
            if best >= need and written < len(out):
                out[written, 0], out[written, 1], out[written, 2], out[written, 3] = row, statement, best, place
                written += 1
        begin = end
    return written


@inner
def _best_window(hits, offsets, order, begin, end, width, seen):
    """(most distinct offsets within `width` words, position of that window's first hit)."""
    for i in range(begin, end):
        seen[offsets[order[i]]] = 0
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


@inner
def _keep_best(out, begin, end, sizes, ngram):
    """Of rows for the same passage of one document leave those of the largest share; returns the new end.

    Statements often share a phrase; the passage is evidence of the one that it holds most of. Rows are first put in
    order of their share (insertion: there are few), then each is kept unless a kept one of a larger share is close.
    """
    for i in range(begin + 1, end):
        j = i
        while j > begin and out[j, 2] * sizes[out[j - 1, 1]] > out[j - 1, 2] * sizes[out[j, 1]]:
            for column in range(4):
                out[j, column], out[j - 1, column] = out[j - 1, column], out[j, column]
            j -= 1
    kept = begin
    for i in range(begin, end):
        reach = sizes[out[i, 1]] + ngram
        beaten = False
        for j in range(begin, kept):
            close = abs(out[i, 3] - out[j, 3]) < reach
            if close and out[i, 2] * sizes[out[j, 1]] < out[j, 2] * sizes[out[i, 1]]:
                beaten = True
                break
        if not beaten:
            for column in range(4):
                out[kept, column] = out[i, column]
            kept += 1
    return kept


def grams(
    memory: Text, starts: Ints, ends: Ints, ngram: int, kinds: Bytes, folded: WordTable, words: Hashes,
    hashes: Hashes, text: Bytes, out: Hashes, out_ends: Ints,
) -> int:  # fmt: skip
    """Hashes of every document's n-grams, in order, into `out`; out_ends[i] is where document i ends.

    Returns the total.
    """
    power, none, total = power_of(ngram), out[:0], 0
    for row in range(len(starts)):
        pos, limit = starts[row], ends[row]
        left, carried = 0, 0
        while pos < limit:
            pos, left, carried, _new, found = next_block(
                memory, pos, limit, left, carried, text, words, hashes, ngram, power, none, kinds, folded
            )
            for i in range(found):
                out[total + i] = hashes[i]
            total += found
        out_ends[row] = total
    return total


def contain(
    memory: Text, starts: Ints, ends: Ints, ngram: int, kinds: Bytes, folded: WordTable, words: Hashes,
    hashes: Hashes, text: Bytes, sieve: Hashes, keys: Hashes, firsts: Ints, statements: Ints, places: Ints,
    sizes: Ints, least: float, hits: Ints, found_at: Ints, order: Ints, seen: Ints, out: IntTable,
) -> int:  # fmt: skip
    """Find, for each document, the statements of whose grams a share >= `least` stands close together in it.

    `keys` is a table of gram hashes with `sieve` (a bit for each of the hashes' low bits) before it; slot s has the
    postings firsts[s] to firsts[s + 1] in `statements` and `places` (offset in the statement). `sizes` counts each
    statement's grams. `hits`, `found_at` and `order` are working space for the hits of a document, beyond which they
    are weighed in parts; `seen` for the longest statement. Writes rows (document, statement, distinct grams found, word
    position) and returns their number, at most len(out).
    """
    power, none = power_of(ngram), keys[:0]
    bits = _U(len(sieve) * 64 - 1)
    written = 0
    for row in range(len(starts)):
        pos, limit, begin = starts[row], ends[row], written
        left, carried, total, count = 0, 0, 0, 0
        while pos < limit:
            before = total - carried
            pos, left, carried, new, found = next_block(
                memory, pos, limit, left, carried, text, words, hashes, ngram, power, none, kinds, folded
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
                    if count == len(hits):
                        written = _weigh(hits, found_at, count, sizes, least, ngram, row, order, seen, out, written)
                        count = 0
                    hits[count] = (statements[posting] << 32) | (before + i)
                    found_at[count] = places[posting]
                    count += 1
        if count:
            written = _weigh(hits, found_at, count, sizes, least, ngram, row, order, seen, out, written)
        if written - begin > 1 and written < len(out):
            written = _keep_best(out, begin, written, sizes, ngram)
    return written


def file_keys(values: Hashes, keys: Hashes, sieve: Hashes) -> None:
    """Enter `values` into the table and set their bits in the sieve."""
    bits = _U(len(sieve) * 64 - 1)
    for value in values:
        keys[_slot(keys, value)] = value
        bit = value & bits
        sieve[bit >> SIX] |= ONE << (bit & LOW6)


def find_keys(values: Hashes, keys: Hashes, slots: Ints) -> None:
    """slots[i] becomes the place of values[i] in the table."""
    for i in range(len(values)):
        slots[i] = _slot(keys, values[i])
