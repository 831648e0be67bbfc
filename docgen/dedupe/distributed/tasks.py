"""What a worker of a partitioned deduplication does, see `partitioned` for the whole: functions of their arguments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch
from docgen.corpus.files import Wanted
from docgen.corpus.partitions import Partition, read_partition
from docgen.dedupe.index import KeptTable
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.dedupe.source import BATCH_ROWS, Corpus, row_groups
from docgen.dedupe.two_pass import GOLDEN, Sketched, place_in_order, share_band

__all__ = ["Mapped", "Plan", "decide_bin", "link_bucket", "sets_of_partition", "sketch_partition"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NO_ROWS = np.empty(0, np.int64)
MIX = np.uint64(0xC4CEB9FE1A85EC53)
MEMORY = 1 << 27
"""Bytes of shingle sets that deciding a bin holds in memory; beyond that they go to a temporary file."""


BUCKET = 1 << 28
"""Bytes of (key, row) that a bucket may have, of which a worker sorts a sixteenth at a time."""
PIECE = 1 << 17
"""Bytes of (key, row) that a partition sends a bucket, if it can: Ray keeps results under 100 kB with the driver."""
PAIR = 12
SLICES = 16


@dataclass(frozen=True)
class Plan:
    """What every task needs to know. `needed` and `also` are further columns to read."""

    corpus: Corpus
    scheme: Scheme
    ignored: Hashes
    by: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    buckets: int = 16
    partition_rows: int = 1 << 14
    bin_words: int = 1 << 26

    def fitted(self, rows: int) -> "Plan":
        """Buckets enough for so many documents that none outgrows a worker, partitions as large as those ask for."""
        document = PAIR * self.scheme.bands
        buckets = max(self.buckets, -(-rows * document // BUCKET))
        return replace(self, buckets=buckets, partition_rows=max(self.partition_rows, buckets * PIECE // document))


@dataclass(frozen=True)
class Mapped:
    """What the driver keeps of a partition."""

    ids: list[pl.Series]
    tables: list[pl.DataFrame]
    content: Hashes
    sizes: Ints
    groups: Ints


def _batches(
    plan: Plan, partition: Partition, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, Batch]]:
    """(its first row within the partition, batch) of each batch."""
    wanted = Wanted(plan.corpus.text_column, columns, optional)
    for batch in read_partition(partition, wanted, BATCH_ROWS):
        yield batch.first_row - partition.first_row, batch


def sketch_partition(plan: Plan, partition: Partition) -> tuple[Any, ...]:
    """Step 1 for one partition: Mapped, then (keys, rows) for each bucket."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    named = (plan.corpus.id_column,) if plan.corpus.id_column else ()
    columns = tuple(dict.fromkeys((*named, *plan.needed)))
    ids, tables, content, sizes, groups_of, keys = [], [], [], [NO_ROWS], [NO_ROWS], []
    for _, batch in _batches(plan, partition, columns, plan.also):
        groups = row_groups(batch.columns.select(plan.by)) if plan.by else np.zeros(len(batch), np.int64)
        found = sketcher.sketch(batch.utf8(), groups.astype(np.uint64) * GOLDEN)
        if plan.corpus.id_column:
            ids.append(batch.columns[plan.corpus.id_column].alias("id"))
        tables.append(batch.columns.select(*plan.needed, *plan.also))
        content.append(found.content)
        sizes.append(found.sizes)
        groups_of.append(groups)
        keys.append(_band_keys(found.minima, plan.scheme, groups))
    none = np.empty((0, 2), np.uint64)
    mapped = Mapped(ids, tables, np.concatenate([none, *content]), np.concatenate(sizes), np.concatenate(groups_of))
    return (mapped, *_cut(np.concatenate([np.empty((0, plan.scheme.bands), np.uint64), *keys]), plan.buckets))


def _band_keys(minima: npt.NDArray[np.uint32], scheme: Scheme, groups: Ints) -> Hashes:
    """64-bit keys of the bands: at 10^9 documents 32 bits would link strangers."""
    bands = minima.reshape(len(minima), scheme.bands, scheme.rows).astype(np.uint64)
    keys = groups.astype(np.uint64)[:, None] * GOLDEN + np.arange(1, scheme.bands + 1, dtype=np.uint64) * MIX
    for row in range(scheme.rows):
        keys = (keys ^ bands[:, :, row]) * MIX
        keys ^= keys >> np.uint64(29)
    return keys


def _cut(keys: Hashes, buckets: int) -> list[tuple[Hashes, npt.NDArray[np.uint32]]]:
    """(keys, rows) of each bucket: the buckets are ranges of the keys."""
    flat = keys.ravel()
    order = np.argsort(flat, kind="stable")
    flat = flat[order]
    rows = (order // keys.shape[1]).astype(np.uint32)
    starts = [-(-(number << 64) // buckets) for number in range(1, buckets)]
    cuts = np.searchsorted(flat, np.array(starts, np.uint64))
    return list(zip(np.split(flat, cuts), np.split(rows, cuts), strict=True))


def link_bucket(bases: Sequence[int], *parts: tuple[Hashes, npt.NDArray[np.uint32]]) -> Ints:
    """Step 2 for one bucket: (row, row) links that join all rows with the same key, one fewer than rows."""
    filled = [keys for keys, _ in parts if len(keys)]
    if not filled:
        return np.empty((0, 2), np.int64)
    low, high = min(int(keys[0]) for keys in filled), max(int(keys[-1]) for keys in filled)
    starts = np.array([low + (high - low) * number // SLICES for number in range(1, SLICES)], np.uint64)
    cuts = [[0, *np.searchsorted(keys, starts).tolist(), len(keys)] for keys, _ in parts]
    return np.unique(np.concatenate([_link(bases, parts, cuts, number) for number in range(SLICES)]), axis=0)


def _link(bases: Sequence[int], parts: Sequence[tuple[Hashes, Any]], cuts: list[list[int]], number: int) -> Ints:
    """The links among keys of one slice of the bucket, which lie from cut to cut in each of its sorted parts."""
    spans = [slice(cut[number], cut[number + 1]) for cut in cuts]
    keys = np.concatenate([keys[span] for span, (keys, _) in zip(spans, parts, strict=True)])
    based = [rows[span].astype(np.int64) + base for span, base, (_, rows) in zip(spans, bases, parts, strict=True)]
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], np.concatenate(based)[order]
    same = np.flatnonzero(keys[1:] == keys[:-1])
    return np.stack([rows[same], rows[same + 1]], axis=1)


def sets_of_partition(
    plan: Plan, partition: Partition, local: Ints, rows: Ints, rank: Ints, bins: Ints, count: int
) -> Any:
    """Step 4 for one partition: for each bin the rows linked there, as `decide_bin` takes them."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    sent: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]
    for start, batch in _batches(plan, partition, plan.by):
        low, high = np.searchsorted(local, [start, start + len(batch)])
        for number in np.unique(bins[low:high]):
            mine = low + np.flatnonzero(bins[low:high] == number)
            places = local[mine] - start
            groups = row_groups(batch.columns.select(plan.by)[places]) if plan.by else np.zeros(len(mine), np.int64)
            texts = batch.utf8().take(places)
            found = sketcher.sketch(texts, groups.astype(np.uint64) * GOLDEN, minima=False)
            sets = np.empty(int(found.sizes.sum()), np.uint64)
            ends = sketcher.sets_into(sets, texts, found.sizes)
            sent[number].append(
                (rows[mine], rank[mine], found.bands, groups, sets[: ends[-1]], np.diff(ends, prepend=0))
            )
    return sent if count > 1 else sent[0]


def decide_bin(scheme: Scheme, *parts: list[tuple[Any, ...]]) -> tuple[Ints, Ints, Any, int]:
    """Step 5 for one bin: its rows, whom each duplicates (-1: kept) and how similarly, and how many were compared."""
    pieces = [piece for part in parts for piece in part]
    rows, rank, bands, groups = (np.concatenate([piece[i] for piece in pieces]) for i in range(4))
    store = SetStore(MEMORY)
    given = np.zeros((len(rows), 3), np.int64)
    given[:, 1], given[:, 2] = np.concatenate([piece[5] for piece in pieces]), groups
    given[:, 0] = np.cumsum(given[:, 1]) - given[:, 1]
    for piece in pieces:
        store.room(len(piece[4]))[:] = piece[4]
        store.used += len(piece[4])
    order = np.argsort(rank)
    shared = share_band(bands, order)
    nothing = np.empty((0, 2), np.uint64)
    sketched = Sketched(bands, nothing, given[:, 1], groups)
    order = order[shared[order]]
    kept, jaccard = place_in_order(sketched, order, given, scheme.threshold, KeptTable(scheme.bands), store)
    return rows, np.where(kept < 0, -1, rows[np.maximum(kept, 0)]), jaccard, len(order)
