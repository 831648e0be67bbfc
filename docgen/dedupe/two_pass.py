"""Deduplicate a corpus on disk: two streaming passes and one decision.

1. Every document is sketched, in threads; only band hashes and a content hash of it are kept (104 bytes).
2. Documents that share no band with another are kept. For the others a second pass over the files makes shingle sets.
3. In order of precedence each document is compared exactly with the kept ones that share a band with it, and removed if
   one of them reaches the threshold. So every removal has a verified kept twin, and chains remove nothing.

The decision depends on the precedence only, not on the order of rows, the size of batches or the number of threads.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus import Batch, Piece
from docgen.dedupe.index import KeptTable
from docgen.dedupe.pairs import DECIDE_AT_ONCE, Pairs, all_pairs
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.errors import InputError

__all__ = [
    "GOLDEN", "Decision", "Known", "Sketched",
    "decide", "first_of_same", "in_order", "place_in_order", "share_band", "sketch_pieces", "with_copies",
]  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Pieces = Callable[[], Iterable[Piece]]
Seen = Callable[[Batch], None]
T = TypeVar("T")
R = TypeVar("R")

SETS_IN_MEMORY = 1 << 24
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Sketched:
    """What is kept of n documents after the first pass. `groups` are compared apart; `sizes` in shingles."""

    bands: npt.NDArray[np.uint32]
    content: npt.NDArray[np.uint64]
    sizes: Ints
    groups: Ints

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True)
class Known:
    """Documents kept by an earlier run: band hashes; start, size and group of their sets in `sets`; content hashes."""

    bands: npt.NDArray[np.uint32]
    given: Ints
    sets: npt.NDArray[np.uint64]
    content: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Decision:
    """For each row who it duplicates, their exact Jaccard similarity, and whether their bytes are the same.

    `kept_row` is -1 for a row that is kept, else that of the kept document, or -2 - position of a known one.
    """

    kept_row: Ints
    jaccard: Floats
    exact: Mask
    compared: int
    """Documents whose shingles were compared: those that share a band with another."""
    pairs: Pairs | None = None

    @property
    def kept(self) -> Mask:
        """Which rows stay."""
        kept: Mask = self.kept_row == -1
        return kept


def in_order(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """function(item) for each item, in order, computed in threads; no more than `threads` items wait or run."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def sketch_pieces(
    pieces: Iterable[Piece], sketcher: Sketcher, threads: int, group_of: Callable[[Batch], Ints], seen: Seen
) -> Sketched:
    """First pass. `group_of` gives each row's group; documents of different groups are never compared.

    `seen` is told of each batch in order, with its columns but without its texts.
    """

    def one(piece: Piece) -> tuple[Batch, Sketched]:
        batch = piece()
        groups = group_of(batch)
        found = sketcher.sketch(batch.utf8(), groups.astype(np.uint64) * GOLDEN, minima=False)
        return batch.without_texts(), Sketched(found.bands, found.content, found.sizes, groups)

    parts = []
    for batch, part in in_order(one, pieces, threads):
        seen(batch)
        parts.append(part)
    if not parts:
        return one_of_none(sketcher)
    return Sketched(
        np.concatenate([part.bands for part in parts]),
        np.concatenate([part.content for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def one_of_none(sketcher: Sketcher) -> Sketched:
    """The sketch of an empty corpus."""
    nothing = np.empty(0, np.int64)
    return Sketched(np.empty((0, sketcher.scheme.bands), np.uint32), np.empty((0, 2), np.uint64), nothing, nothing)


def decide(
    sketched: Sketched,
    precedence: Ints,
    pieces: Pieces,
    sketcher: Sketcher,
    threads: int,
    *,
    known: Known | None = None,
    pairs: bool = False,
) -> Decision:
    """Who stays. `precedence` lists all rows, those to be kept rather first; `pieces` reads the corpus once more.

    Documents `known` from an earlier run come before all others. With `pairs` all similar pairs are listed too, not
    only those with a kept document: where many documents resemble each other that grows with their square.
    """
    first = first_of_same(sketched, precedence)
    leaders = precedence[first[precedence] == precedence]
    shared = share_band(sketched.bands, leaders)
    table, store = KeptTable(sketcher.scheme.bands), SetStore(SETS_IN_MEMORY, known.sets if known else None)
    if known:
        table.preload(known.bands, known.given, store)
        table.mark_known(sketched.bands, leaders, shared)
    order = leaders[shared[leaders]]
    given = _sets(sketched, shared & (first == np.arange(len(first))), pieces, sketcher, threads, store)
    kept_row, jaccard = place_in_order(sketched, order, given, sketcher.scheme.threshold, table, store)
    decision = with_copies(sketched, first, kept_row, jaccard, known)
    listed = all_pairs(sketched.bands, order, given, first, sketcher.scheme.threshold, store) if pairs else None
    return replace(decision, compared=len(order), pairs=listed)


def first_of_same(sketched: Sketched, precedence: Ints) -> Ints:
    """For each row the first one in precedence of its group with the same bytes (128 bits of hash agree)."""
    left, right = sketched.content[precedence].T
    keys = left ^ (sketched.groups[precedence].astype(np.uint64) * GOLDEN)
    order = np.argsort(keys, kind="stable")
    same = (keys[order][1:] == keys[order][:-1]) & (right[order][1:] == right[order][:-1])
    leader = np.maximum.accumulate(np.where(np.concatenate([[True], ~same]), np.arange(len(order)), 0))
    first = np.empty(len(order), np.int64)
    first[precedence[order]] = precedence[order][leader] if len(order) else precedence
    return first


def share_band(bands: npt.NDArray[np.uint32], rows: Ints) -> Mask:
    """Which of the rows agree with another of them in a band."""
    shared = np.zeros(len(bands), np.bool_)
    table = np.empty(1 << max(int(2 * len(rows)).bit_length(), 1), np.int32)
    kernels.mark_shared(bands, rows, table, shared)
    return shared


def _sets(
    sketched: Sketched, wanted: Mask, pieces: Pieces, sketcher: Sketcher, threads: int, store: SetStore
) -> npt.NDArray[np.int64]:
    """Second pass: start, size and group of each wanted row's shingle set, the sets in `store`."""
    given = np.zeros((len(sketched), 3), np.int64)
    given[:, 2] = sketched.groups
    if not wanted.any():
        return given

    def one(piece: Piece) -> tuple[int, Ints, npt.NDArray[np.uint64], Ints]:
        batch = piece()
        rows = np.flatnonzero(wanted[batch.first_row : batch.first_row + len(batch)])
        texts = batch.utf8().take(rows)
        sizes = sketched.sizes[batch.first_row + rows]
        sets = np.empty(int(sizes.sum()), np.uint64)
        ends = sketcher.sets_into(sets, texts, sizes)
        return len(batch), batch.first_row + rows, sets, ends

    seen = 0
    for read, rows, sets, ends in in_order(one, pieces(), threads):
        seen += read
        if len(rows):
            store.room(int(ends[-1]))[:] = sets[: ends[-1]]
            given[rows, 1] = np.diff(ends, prepend=0)
            given[rows, 0] = store.end + ends - given[rows, 1]
            store.used += int(ends[-1])
    if seen != len(sketched):
        raise InputError("the corpus changed while it was read", fix="Wait until nothing writes to it and try again")
    return given


def place_in_order(
    sketched: Sketched, order: Ints, given: Ints, threshold: float, table: KeptTable, store: SetStore
) -> tuple[Ints, Floats]:
    """(kept_row, jaccard) after deciding the rows of `order` one after the other; other rows are kept."""
    kept_row, jaccard = np.full(len(sketched), -1, np.int64), np.ones(len(sketched))
    kept: list[Ints] = [-2 - np.arange(table.count)]
    for start in range(0, len(order), DECIDE_AT_ONCE):
        rows = order[start : start + DECIDE_AT_ONCE]
        at, found = table.place(
            sketched.bands[rows], np.arange(len(rows)), given[rows], threshold, store, check=True, compact=False
        )
        store.forget_pages()
        kept.append(rows[at < 0])
        removed = at >= 0
        kept_row[rows[removed]] = np.concatenate(kept)[at[removed]]
        jaccard[rows[removed]] = found[removed]
    return kept_row, jaccard


def with_copies(sketched: Sketched, first: Ints, kept_row: Ints, jaccard: Floats, known: Known | None) -> Decision:
    """What was decided about the first of several same documents holds for the others."""
    copies = first != np.arange(len(first))
    leader = np.where(kept_row[first] == -1, first, kept_row[first])
    exact = copies & (leader == first)
    if known is not None:
        old = np.flatnonzero(leader <= -2)
        exact[old] = (sketched.content[old] == known.content[-2 - leader[old]]).all(axis=1)
    result = np.where(copies, leader, kept_row)
    return Decision(result, np.where(exact, 1.0, jaccard[first]), exact, 0)
