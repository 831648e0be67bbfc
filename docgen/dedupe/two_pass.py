"""Deduplicates a corpus on disk: two streaming passes and one decision.

1. Every document is sketched, in threads; only its band hashes and content hash stay in memory (104 bytes).
2. Documents that share no band with another are kept. For the others a second pass over the files makes shingle sets.
3. In order of precedence each document is compared exactly with the kept ones that share a band with it, and removed if
   one of them reaches the threshold. So every removal has a verified kept twin, and removed documents remove nothing.

The decision depends only on the precedence, not on the order of rows, the size of batches or the number of threads.
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
from docgen.dedupe.all_pairs import DECIDE_ROWS, Pairs, all_pairs
from docgen.dedupe.index import KeptTable
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.errors import InputError

__all__ = [
    "GOLDEN",
    "CorpusSketches",
    "Decision",
    "KnownDocuments",
    "decide",
    "first_of_same",
    "map_in_order",
    "place_in_order",
    "share_band",
    "sketch_pieces",
    "with_copies",
]  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Pieces = Callable[[], Iterable[Piece]]
T = TypeVar("T")
R = TypeVar("R")

SETS_IN_MEMORY = 1 << 24  # bytes of shingle sets; more go to a temporary file (docs/dedupe.md has the memory measured)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: spreads group numbers (Knuth, TAOCP 6.4)


@dataclass(frozen=True)
class CorpusSketches:
    """Sketches of n documents. `sizes` (n,) are in shingles; documents of different `groups` (n,) are not compared."""

    bands: npt.NDArray[np.uint32]
    content: npt.NDArray[np.uint64]
    sizes: Ints
    groups: Ints

    def __len__(self) -> int:
        return len(self.sizes)


@dataclass(frozen=True)
class KnownDocuments:
    """Documents kept by an earlier run; `spans` (n, 3) are start, size and group of each one's set in `sets`."""

    bands: npt.NDArray[np.uint32]
    spans: Ints
    sets: npt.NDArray[np.uint64]
    content: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Decision:
    """For each row which document it duplicates, their exact Jaccard similarity, and whether their bytes are identical.

    `kept_row` is -1 for a row that is kept, else the row of the kept document, or -2 - position for a known one.
    """

    kept_row: Ints
    jaccard: Floats
    exact: Mask
    compared: int
    """The number of documents whose shingles were compared: those that share a band with another."""
    pairs: Pairs | None = None

    @property
    def kept(self) -> Mask:
        """Which rows are kept."""
        mask: Mask = self.kept_row == -1
        return mask


def map_in_order(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """function(item) for each item, in order, computed in threads; at most `threads` items are pending at a time."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def sketch_pieces(
    pieces: Iterable[Piece],
    sketcher: Sketcher,
    threads: int,
    group_of: Callable[[Batch], Ints],
    collect: Callable[[Batch], None],
) -> CorpusSketches:
    """First pass. `group_of` gives each row's group; documents of different groups are never compared.

    `collect` is called with each batch in order, with its columns but without its texts.
    """

    def sketch(piece: Piece) -> tuple[Batch, CorpusSketches]:
        batch = piece()
        groups = group_of(batch)
        sketches = sketcher.sketch(batch.utf8(), groups.astype(np.uint64) * GOLDEN, minima=False)
        return batch.without_texts(), CorpusSketches(sketches.bands, sketches.content, sketches.sizes, groups)

    parts = []
    for batch, part in map_in_order(sketch, pieces, threads):
        collect(batch)
        parts.append(part)
    if not parts:
        no_rows = np.empty(0, np.int64)
        no_bands = np.empty((0, sketcher.scheme.bands), np.uint32)
        return CorpusSketches(no_bands, np.empty((0, 2), np.uint64), no_rows, no_rows)
    return CorpusSketches(
        np.concatenate([part.bands for part in parts]),
        np.concatenate([part.content for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def decide(
    sketched: CorpusSketches,
    precedence: Ints,
    pieces: Pieces,
    sketcher: Sketcher,
    threads: int,
    *,
    known: KnownDocuments | None = None,
    pairs: bool = False,
) -> Decision:
    """Decide which documents to keep. `precedence` lists all rows, preferred ones first; `pieces` reads the corpus
    again.

    Documents `known` from an earlier run precede all others. With `pairs` all similar pairs are listed too, not only
    those with a kept document; where many documents resemble each other, their number grows with the square.
    """
    first = first_of_same(sketched, precedence)
    leaders = precedence[first[precedence] == precedence]
    shared = share_band(sketched.bands, leaders)
    table, store = KeptTable(sketcher.scheme.bands), SetStore(SETS_IN_MEMORY, known.sets if known else None)
    if known:
        table.preload(known.bands, known.spans, store)
        table.mark_known(sketched.bands, leaders, shared)
    order = leaders[shared[leaders]]
    spans = _shingle_sets(sketched, shared & (first == np.arange(len(first))), pieces, sketcher, threads, store)
    kept_row, jaccard = place_in_order(sketched, order, spans, sketcher.scheme.threshold, table, store)
    decision = with_copies(sketched, first, kept_row, jaccard, known)
    listed = all_pairs(sketched.bands, order, spans, first, sketcher.scheme.threshold, store) if pairs else None
    return replace(decision, compared=len(order), pairs=listed)


def first_of_same(sketched: CorpusSketches, precedence: Ints) -> Ints:
    """(n,): for each row the first in precedence of its group with identical bytes, by a 128-bit hash."""
    left, right = sketched.content[precedence].T
    keys = left ^ (sketched.groups[precedence].astype(np.uint64) * GOLDEN)
    order = np.argsort(keys, kind="stable")
    same = (keys[order][1:] == keys[order][:-1]) & (right[order][1:] == right[order][:-1])
    leader = np.maximum.accumulate(np.where(np.concatenate([[True], ~same]), np.arange(len(order)), 0))
    first = np.empty(len(order), np.int64)
    first[precedence[order]] = precedence[order][leader] if len(order) else precedence
    return first


def share_band(bands: npt.NDArray[np.uint32], rows: Ints) -> Mask:
    """Which rows agree in a band with another of `rows`."""
    shared = np.zeros(len(bands), np.bool_)
    table = np.empty(1 << max(int(2 * len(rows)).bit_length(), 1), np.int32)
    kernels.mark_shared(bands, rows, table, shared)
    return shared


def _shingle_sets(
    sketched: CorpusSketches, selected: Mask, pieces: Pieces, sketcher: Sketcher, threads: int, store: SetStore
) -> npt.NDArray[np.int64]:
    """Second pass: puts the selected rows' shingle sets into `store`; returns start, size and group of each, (n, 3)."""
    spans = np.zeros((len(sketched), 3), np.int64)
    spans[:, 2] = sketched.groups
    if not selected.any():
        return spans

    def batch_sets(piece: Piece) -> tuple[int, Ints, npt.NDArray[np.uint64], Ints]:
        batch = piece()
        rows = np.flatnonzero(selected[batch.first_row : batch.first_row + len(batch)])
        texts = batch.utf8().take(rows)
        sizes = sketched.sizes[batch.first_row + rows]
        sets = np.empty(int(sizes.sum()), np.uint64)
        ends = sketcher.sets_into(sets, texts, sizes)
        return len(batch), batch.first_row + rows, sets, ends

    rows_read = 0
    for count, rows, sets, ends in map_in_order(batch_sets, pieces(), threads):
        rows_read += count
        if len(rows):
            store.room(int(ends[-1]))[:] = sets[: ends[-1]]
            spans[rows, 1] = np.diff(ends, prepend=0)
            spans[rows, 0] = store.end + ends - spans[rows, 1]
            store.used += int(ends[-1])
    if rows_read != len(sketched):
        raise InputError("the corpus changed while it was read", fix="Try again when nothing is writing to it")
    return spans


def place_in_order(
    sketched: CorpusSketches, order: Ints, spans: Ints, threshold: float, table: KeptTable, store: SetStore
) -> tuple[Ints, Floats]:
    """(kept_row, jaccard), (n,) each, after deciding the rows of `order` one after another; other rows are kept."""
    kept_row, jaccard = np.full(len(sketched), -1, np.int64), np.ones(len(sketched))
    kept_rows: list[Ints] = [-2 - np.arange(table.count)]
    for start in range(0, len(order), DECIDE_ROWS):
        rows = order[start : start + DECIDE_ROWS]
        at, similarities = table.place(
            sketched.bands[rows], np.arange(len(rows)), spans[rows], threshold, store, check=True, compact=False
        )
        store.forget_pages()
        kept_rows.append(rows[at < 0])
        removed = at >= 0
        kept_row[rows[removed]] = np.concatenate(kept_rows)[at[removed]]
        jaccard[rows[removed]] = similarities[removed]
    return kept_row, jaccard


def with_copies(
    sketched: CorpusSketches, first: Ints, kept_row: Ints, jaccard: Floats, known: KnownDocuments | None
) -> Decision:
    """What was decided about the first of several same documents holds for the others."""
    copies = first != np.arange(len(first))
    leader = np.where(kept_row[first] == -1, first, kept_row[first])
    exact = copies & (leader == first)
    if known is not None:
        old = np.flatnonzero(leader <= -2)
        exact[old] = (sketched.content[old] == known.content[-2 - leader[old]]).all(axis=1)
    result = np.where(copies, leader, kept_row)
    return Decision(result, np.where(exact, 1.0, jaccard[first]), exact, 0)
