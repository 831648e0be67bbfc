# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined"
"""Compiled search for duplicates of kept documents: band tables, exact Jaccard, greedy decision which documents stay.

The tables are open-addressing hash tables, one for each band, of the newest kept document with a band hash; older ones
with the same hash hang on it in a chain. Band hashes have 32 bits: a chance agreement costs one comparison, never a
wrong removal, because every candidate is compared shingle by shingle.
"""

import numpy as np

from docgen.kernels.compilation.array_types import Flags, Floats, Hashes, Ints, IntTable, Places, PlaceTable, WordTable
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.minhash import band_hashes

__all__ = ["bands_of", "mark_known", "mark_shared", "neighbours", "place", "rebuild"]

CHECK_EVERY = 64
"""Shingles compared between two looks at whether the threshold can still be reached. Chosen: nearly all steps then go
without it, and at most 64 shingles too many are compared."""


@inner
def _jaccard(left, right, threshold):
    """Exact Jaccard similarity of two sorted sets, or -1 as soon as it can no longer reach the threshold."""
    n, m = len(left), len(right)
    # One less than the least intersection that reaches the threshold: rounding must never end a true pair early.
    needed = np.int64(threshold / (1.0 + threshold) * (n + m)) - 1
    if min(n, m) < needed:
        return -1.0
    i = j = common = 0
    while i < n and j < m:
        stop = min(CHECK_EVERY, min(n - i, m - j))
        for _ in range(stop):
            x, y = left[i], right[j]
            common += x == y
            i += x <= y
            j += y <= x
        if common + min(n - i, m - j) < needed:
            return -1.0
    return common / (n + m - common)


@inner
def _set(base, filed, tail, start, size):
    if start < len(base):
        return base[start : start + size]
    start -= len(base)
    if start < len(filed):
        return filed[start : start + size]
    return tail[start - len(filed) : start - len(filed) + size]


@inner
def _find(slots, checks, band, check):
    """Slot of `band` that holds `check`, or the empty one where it belongs."""
    mask = slots.shape[1] - 1
    slot = np.int64(check) & mask
    while slots[band, slot] >= 0 and checks[slots[band, slot], band] != check:
        slot = (slot + 1) & mask
    return slot


@inner
def _link(position, slots, checks, chain):
    for band in range(slots.shape[0]):
        slot = _find(slots, checks, band, checks[position, band])
        chain[position, band] = slots[band, slot]
        slots[band, slot] = position


@inner
def _best(checks_of, group, found, threshold, base, filed, tail, slots, checks, chain, sets, stamps, stamp):
    """(position, Jaccard) of the most similar kept document of the group at or above the threshold, or (-1, -1).

    Of equally similar ones the first kept. `sets` holds start, size and group of each kept document.
    """
    best, best_jaccard = np.int64(-1), -1.0
    for band in range(slots.shape[0]):
        position = slots[band, _find(slots, checks, band, checks_of[band])]
        while position >= 0:
            if stamps[position] != stamp and sets[position, 2] == group:
                stamps[position] = stamp
                jaccard = _jaccard(found, _set(base, filed, tail, sets[position, 0], sets[position, 1]), threshold)
                if jaccard >= threshold and (jaccard > best_jaccard or (jaccard == best_jaccard and position < best)):
                    best, best_jaccard = np.int64(position), jaccard
            position = chain[position, band]
    return best, best_jaccard


def rebuild(count: int, slots: PlaceTable, checks: WordTable, chain: PlaceTable) -> None:
    """Fill the empty (-1) `slots` with the first `count` kept documents."""
    for position in range(count):
        _link(position, slots, checks, chain)


def place(
    bands: WordTable, order: Ints, given: IntTable, threshold: float, check: bool, compact: bool, used: int,
    base: Hashes, filed: Hashes, tail: Hashes, kept: int, slots: PlaceTable, checks: WordTable, chain: PlaceTable,
    sets: IntTable, stamps: Ints, at: Ints, jaccards: Floats,
) -> int:  # fmt: skip
    """Decide for each document of `order`, one after the other: duplicate of one that was kept, or kept itself.

    `given` holds start, size and group of each document's shingle set; starts count over `base`, `filed` and `tail`.
    For a duplicate at[row] is the position of the kept document and jaccards[row] their similarity; for a kept one
    at[row] is -1 - its position. Without `check` all are kept. With `compact` the sets lie in `tail` from `used` on in
    order, and those of kept documents are moved together. Returns the place in `tail` after the last set kept.
    """
    for row in order:
        size, group = given[row, 1], given[row, 2]
        found = _set(base, filed, tail, given[row, 0], size)
        for band in range(bands.shape[1]):
            checks[kept, band] = bands[row, band]
        best, jaccard = np.int64(-1), -1.0
        if check:
            stamps[len(stamps) - 1] += 1
            stamp = stamps[len(stamps) - 1]
            best, jaccard = _best(
                checks[kept], group, found, threshold, base, filed, tail, slots, checks, chain, sets, stamps, stamp
            )
        at[row], jaccards[row] = best, jaccard
        if best >= 0:
            continue
        start = given[row, 0]
        if compact:
            for i in range(size):
                tail[used + i] = found[i]
            start = len(base) + len(filed) + used
            used += size
        sets[kept, 0], sets[kept, 1], sets[kept, 2] = start, size, group
        _link(kept, slots, checks, chain)
        at[row] = -1 - kept
        kept += 1
    return used


def mark_shared(bands: WordTable, rows: Ints, table: Places, shared: Flags) -> None:
    """Set shared[row] for each of `rows` that has a band hash in common with another of them.

    `table` is working space, a power of two longer than twice the rows.
    """
    mask = len(table) - 1
    for band in range(bands.shape[1]):
        table[:] = -1
        for row in rows:
            check = bands[row, band]
            slot = np.int64(check) & mask
            while table[slot] >= 0 and bands[table[slot], band] != check:
                slot = (slot + 1) & mask
            if table[slot] < 0:
                table[slot] = row
            else:
                shared[row] = shared[table[slot]] = True


def mark_known(bands: WordTable, rows: Ints, slots: PlaceTable, checks: WordTable, known: Flags) -> None:
    """Set known[row] for each of `rows` that has a band hash in common with a kept document."""
    for row in rows:
        for band in range(bands.shape[1]):
            if slots[band, _find(slots, checks, band, bands[row, band])] >= 0:
                known[row] = True
                break


def bands_of(minima: WordTable, rows: int, salts: Hashes, bands: WordTable) -> None:
    """Band hashes of stored minima, as `sketch` makes them."""
    for i in range(len(minima)):
        band_hashes(minima[i], rows, salts[i], bands[i])


def neighbours(
    first: int, last: int, threshold: float, base: Hashes, filed: Hashes, tail: Hashes, chain: PlaceTable,
    sets: IntTable, stamps: Ints, pairs: IntTable, jaccards: Floats,
) -> int:  # fmt: skip
    """Pairs (position, earlier position) at or above the threshold, for the positions from `first` to before `last`.

    Returns how many there are; only as many as `pairs` has rows are written.
    """
    count = 0
    for position in range(first, last):
        stamps[len(stamps) - 1] += 1
        mine = _set(base, filed, tail, sets[position, 0], sets[position, 1])
        for band in range(chain.shape[1]):
            other = np.int64(chain[position, band])
            while other >= 0:
                if stamps[other] != stamps[len(stamps) - 1] and sets[other, 2] == sets[position, 2]:
                    stamps[other] = stamps[len(stamps) - 1]
                    theirs = _set(base, filed, tail, sets[other, 0], sets[other, 1])
                    jaccard = _jaccard(mine, theirs, threshold)
                    if jaccard >= threshold:
                        if count < len(pairs):
                            pairs[count, 0], pairs[count, 1], jaccards[count] = position, other, jaccard
                        count += 1
                other = np.int64(chain[other, band])
    return count
