# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined"
"""The one compiled kernel: UTF-8 bytes to words to n-gram hashes to minima, in one pass, without the GIL.

A document is scanned in blocks, so memory does not grow with its length. The steps per block:

1. `scan`: bytes to case-folded words (see `alphabet`), each a 64-bit hash;
2. `_shingle`: rolling hashes of every n consecutive words, a 64-bit polynomial finished by MurmurHash3's mixer;
3. `_lower_minima`: datasketch's "affine32" permutations over the low 32 bits of the shingle hashes.

Arithmetic is on unsigned 64-bit integers with wrap-around; numba turns a mix of signed and unsigned into floats, hence
the named constants.
"""

import numpy as np

from docgen.kernels.compilation.array_types import Bytes, Hashes, HashTable, Ints, Text, Words, WordTable
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.scratch import BLOCK
from docgen.kernels.words import fold, hash_words, load_u64

__all__ = ["band_hashes", "content_hash", "last_resort", "next_block", "power_of", "sketch"]

_U = np.uint64
START = _U(0xCBF29CE484222325)  # as in `words`
PRIME = _U(0x9FB21C651E98DF25)
BASE = _U(0xD6E8FEB86659FD93)  # of the rolling polynomial; any odd number of mixed bits would do
LENGTH = _U(0x2545F4914F6CDD1D)  # likewise, so that texts of zero bytes differ by their length
MIX_1, MIX_2 = _U(0xFF51AFD7ED558CCD), _U(0xC4CEB9FE1A85EC53)  # MurmurHash3's 64-bit finaliser
PRE_1, PRE_2 = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)  # MurmurHash3's 32-bit finaliser
ZERO, ONE = _U(0), _U(1)
HALF, TAIL = _U(32), _U(29)
S33 = _U(33)


@inner
def mix(x):
    """MurmurHash3's 64-bit finaliser, a bijection."""
    x ^= x >> S33
    x *= MIX_1
    x ^= x >> S33
    x *= MIX_2
    return x ^ (x >> S33)


@inner
def _shingle(words, fresh, count, ngram, power, out):
    """Hashes of all n-grams of words[:count] into `out`; words before `fresh` were mixed in the block before."""
    for i in range(fresh, count):
        word = words[i]
        word = (word ^ (word >> HALF)) * MIX_1
        words[i] = word ^ (word >> TAIL)
    if count < ngram:
        return 0
    rolling = ZERO
    for i in range(ngram):
        rolling = rolling * BASE + words[i]
    out[0] = mix(rolling)
    for i in range(ngram, count):
        rolling = (rolling - words[i - ngram] * power) * BASE + words[i]
        out[i - ngram + 1] = mix(rolling)
    return count - ngram + 1


@inner
def last_resort(words, count, size, ngram, content, ignored, out):
    """The one shingle of a document that has none of n words: all its words together.

    Where nothing counts (no words at all, or only ignored passages) it is the document's bytes: such a document
    resembles only its exact copies. Returns the number of shingles written to `out`: 0 where `size` shows some already.
    """
    if size == 0 and 0 < count < ngram:
        rolling = _U(count) * LENGTH
        for i in range(count):
            rolling = rolling * BASE + words[i]
        out[0] = mix(rolling)
        size = _without(out, 1, ignored) if len(ignored) else 1
        if size:
            return 1
    if size == 0:
        out[0] = content
        return 1
    return 0


@inner
def _without(hashes, count, ignored):
    """Drop the hashes that stand in the open-addressing table `ignored` (power of two long, 0 is empty); new count."""
    mask = _U(len(ignored) - 1)
    kept = 0
    for i in range(count):
        value = hashes[i]
        slot = value & mask
        while ignored[slot] != ZERO and ignored[slot] != value:
            slot = (slot + ONE) & mask
        if ignored[slot] == ZERO:
            hashes[kept] = value
            kept += 1
    return kept


@inner
def next_block(data, pos, limit, left, carried, text, words, hashes, ngram, power, ignored, kinds, folded):
    """Shingles of the next block into `hashes`.

    Returns (position, bytes left over in `text`, words carried over, words in the block, shingles).
    """
    pos, filled = fold(data, pos, min(pos + BLOCK, limit), limit, text, left, kinds, folded)
    count, left = hash_words(text, filled, words, carried, pos >= limit)
    found = _shingle(words, carried, count, ngram, power, hashes)
    if found and len(ignored):
        found = _without(hashes, found, ignored)
    keep = min(count, ngram - 1)
    for i in range(keep):
        words[i] = words[count - keep + i]
    return pos, left, keep, count - carried, found


@inner
def _lower_minima(hashes, count, a, b, minima, low):
    """minima[p] = min over hashes of a[p] * fmix32(hash) + b[p], modulo 2^32 throughout."""
    if count == 0:
        return
    for i in range(count):
        x = np.uint32(hashes[i])
        x = np.uint32((x ^ (x >> np.uint32(16))) * PRE_1)
        x = np.uint32((x ^ (x >> np.uint32(13))) * PRE_2)
        low[i] = x ^ (x >> np.uint32(16))
    padded = (count + 15) & ~15
    low[count:padded] = low[count - 1]
    for p in range(len(a)):
        best = minima[p]
        for i in range(padded):
            best = min(best, np.uint32(a[p] * low[i] + b[p]))
        minima[p] = best


@inner
def band_hashes(minima, rows, salt, bands):
    """One 32-bit hash for each `rows` minima."""
    for band in range(len(bands)):
        value = mix(salt + _U(band))
        for row in range(band * rows, (band + 1) * rows):
            value = (value ^ _U(minima[row])) * MIX_1
            value ^= value >> HALF
        bands[band] = np.uint32(mix(value) >> HALF)


@inner
def content_hash(data, start, end):
    """128 bits of data[start:end], as two integers."""
    left, right = START, _U(end - start) * LENGTH
    pos = start
    while pos + 8 <= end:
        word = load_u64(data, _U(pos))
        left = (left ^ word) * MIX_1
        left ^= left >> HALF
        right = (right + word) * MIX_2
        right ^= right >> TAIL
        pos += 8
    while pos < end:
        left = (left ^ _U(data[pos])) * PRIME
        right = (right + _U(data[pos])) * BASE
        pos += 1
    return mix(left), mix(right)


@inner
def power_of(ngram):
    """BASE to the power of n - 1: the weight of the word that leaves a rolling hash."""
    power = ONE
    for _ in range(ngram - 1):
        power *= BASE
    return power


def sketch(
    memory: Text, starts: Ints, ends: Ints, salts: Hashes, ngram: int, a: Words, b: Words, rows: int,
    ignored: Hashes, kinds: Bytes, folded: WordTable, words: Hashes, hashes: Hashes, text: Bytes, low: Words,
    minima: WordTable, bands: WordTable, content: HashTable, sizes: Ints,
) -> None:  # fmt: skip
    """Sketch documents: words to n-gram hashes to minima to bands in one pass.

    Writes, a row for each document: `minima` (one for each permutation a * x + b), `bands` (32-bit hashes of `rows`
    minima each; the salts keep documents of different groups apart), `content` (128-bit hash of the bytes), `sizes`
    (number of shingles with repetitions, at least 1). `minima` may have one row only, working space for all. Shingles
    of the table `ignored` do not count. `low` is as long as `hashes`.
    """
    power = power_of(ngram)
    for row in range(len(starts)):
        pos, limit = starts[row], ends[row]
        lowest = minima[min(row, len(minima) - 1)]
        lowest[:] = np.uint32(0xFFFFFFFF)
        left, carried, total, size = 0, 0, 0, 0
        while pos < limit:
            pos, left, carried, new, found = next_block(
                memory, pos, limit, left, carried, text, words, hashes, ngram, power, ignored, kinds, folded
            )
            total += new
            size += found
            _lower_minima(hashes, found, a, b, lowest, low)
        content[row, 0], content[row, 1] = content_hash(memory, starts[row], limit)
        extra = last_resort(words, total, size, ngram, content[row, 0], ignored, hashes)
        _lower_minima(hashes, extra, a, b, lowest, low)
        sizes[row] = size + extra
        band_hashes(lowest, rows, salts[row], bands[row])
