"""The tasks of a partitioned deduplication, pure functions that workers run; `partitioned` describes the whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch
from docgen.corpus.partitions import Partition, read_partition
from docgen.corpus.readers import ColumnSelection
from docgen.dedupe.index import KeptTable
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.dedupe.source import BATCH_ROWS, Corpus, row_groups
from docgen.dedupe.two_pass import GOLDEN, CorpusSketches, place_in_order, share_band

__all__ = ["PartitionSketch", "Plan", "decide_bin", "link_bucket", "sets_of_partition", "sketch_partition"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NO_ROWS = np.empty(0, np.int64)
MIX = np.uint64(0xC4CEB9FE1A85EC53)  # MurmurHash3's 64-bit finaliser
SHINGLE_MEMORY_BYTES = 1 << 27
"""Bytes of shingle sets that deciding a bin keeps in memory; more go to a temporary file. Chosen: below what linking a
bucket takes anyway."""
MAX_BUCKET_BYTES = 1 << 28
"""Bytes of (key, row) pairs in the largest bucket. Chosen: a worker sorts a sixteenth of it at a time (`SLICES`) and
bench/worker_memory.py measures 631 MB for linking one."""
PIECE_BYTES = 1 << 17
"""Bytes of (key, row) pairs that a partition sends to a bucket where possible: Ray keeps results under 100 kB in the
driver's own memory."""
PAIR_BYTES = 12  # bytes: a 64-bit key and a 32-bit row
SLICES = 16
"""Parts of a bucket that are sorted one after the other: memory for sorting is a sixteenth, time the same."""


@dataclass(frozen=True)
class Plan:
    """What every task needs to know. `needed` are further columns to read, `also` optional ones."""

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
        """The plan with enough buckets for `rows` documents to fit a worker each, and partitions of a matching size."""
        document = PAIR_BYTES * self.scheme.bands
        buckets = max(self.buckets, -(-rows * document // MAX_BUCKET_BYTES))
        return replace(
            self, buckets=buckets, partition_rows=max(self.partition_rows, buckets * PIECE_BYTES // document)
        )


@dataclass(frozen=True)
class PartitionSketch:
    """The results for one partition that the driver keeps."""

    ids: list[pl.Series]
    tables: list[pl.DataFrame]
    content: Hashes
    sizes: Ints
    groups: Ints


def _batches(
    plan: Plan, partition: Partition, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[int, Batch]]:
    """(first row within the partition, batch) for each batch."""
    selection = ColumnSelection(plan.corpus.text_column, columns, optional)
    for batch in read_partition(partition, selection, BATCH_ROWS):
        yield batch.first_row - partition.first_row, batch


def sketch_partition(plan: Plan, partition: Partition) -> tuple[Any, ...]:
    """Step 1 for one partition: a PartitionSketch, then (keys, rows) for each bucket."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    id_columns = (plan.corpus.id_column,) if plan.corpus.id_column else ()
    columns = tuple(dict.fromkeys((*id_columns, *plan.needed)))
    ids, tables, content, sizes, groups_of, keys = [], [], [], [NO_ROWS], [NO_ROWS], []
    for _, batch in _batches(plan, partition, columns, plan.also):
        groups = row_groups(batch.columns.select(plan.by)) if plan.by else np.zeros(len(batch), np.int64)
        sketches = sketcher.sketch(batch.utf8(), groups.astype(np.uint64) * GOLDEN)
        if plan.corpus.id_column:
            ids.append(batch.columns[plan.corpus.id_column].alias("id"))
        tables.append(batch.columns.select(*plan.needed, *plan.also))
        content.append(sketches.content)
        sizes.append(sketches.sizes)
        groups_of.append(groups)
        keys.append(_band_keys(sketches.minima, plan.scheme, groups))
    none = np.empty((0, 2), np.uint64)
    all_content = np.concatenate([none, *content])
    sketch = PartitionSketch(ids, tables, all_content, np.concatenate(sizes), np.concatenate(groups_of))
    return (sketch, *_cut(np.concatenate([np.empty((0, plan.scheme.bands), np.uint64), *keys]), plan.buckets))


def _band_keys(minima: npt.NDArray[np.uint32], scheme: Scheme, groups: Ints) -> Hashes:
    """(n, bands): 64-bit keys of the bands, since at 10^9 documents 32 bits would link unrelated ones."""
    bands = minima.reshape(len(minima), scheme.bands, scheme.rows).astype(np.uint64)
    keys = groups.astype(np.uint64)[:, None] * GOLDEN + np.arange(1, scheme.bands + 1, dtype=np.uint64) * MIX
    for row in range(scheme.rows):
        keys = (keys ^ bands[:, :, row]) * MIX
        keys ^= keys >> np.uint64(29)
    return keys


def _cut(keys: Hashes, buckets: int) -> list[tuple[Hashes, npt.NDArray[np.uint32]]]:
    """(keys, rows) of each bucket; buckets are ranges of keys."""
    flat = keys.ravel()
    order = np.argsort(flat, kind="stable")
    flat = flat[order]
    rows = (order // keys.shape[1]).astype(np.uint32)
    starts = [-(-(number << 64) // buckets) for number in range(1, buckets)]
    cuts = np.searchsorted(flat, np.array(starts, np.uint64))
    return list(zip(np.split(flat, cuts), np.split(rows, cuts), strict=True))


def link_bucket(bases: Sequence[int], *parts: tuple[Hashes, npt.NDArray[np.uint32]]) -> Ints:
    """Step 2 for one bucket: (row, row) links that chain all rows with the same key, one fewer than the rows."""
    non_empty = [keys for keys, _ in parts if len(keys)]
    if not non_empty:
        return np.empty((0, 2), np.int64)
    low, high = min(int(keys[0]) for keys in non_empty), max(int(keys[-1]) for keys in non_empty)
    starts = np.array([low + (high - low) * number // SLICES for number in range(1, SLICES)], np.uint64)
    cuts = [[0, *np.searchsorted(keys, starts).tolist(), len(keys)] for keys, _ in parts]
    return np.unique(np.concatenate([_link(bases, parts, cuts, number) for number in range(SLICES)]), axis=0)


def _link(bases: Sequence[int], parts: Sequence[tuple[Hashes, Any]], cuts: list[list[int]], number: int) -> Ints:
    """The links among the keys of one slice of the bucket, which is between two cuts in each of its sorted parts."""
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
    """Step 4 for one partition: for each bin its rows in the form that `decide_bin` takes."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    by_bin: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]
    for start, batch in _batches(plan, partition, plan.by):
        low, high = np.searchsorted(local, [start, start + len(batch)])
        for number in np.unique(bins[low:high]):
            selected = low + np.flatnonzero(bins[low:high] == number)
            places = local[selected] - start
            groups = row_groups(batch.columns.select(plan.by)[places]) if plan.by else np.zeros(len(selected), np.int64)
            texts = batch.utf8().take(places)
            sketches = sketcher.sketch(texts, groups.astype(np.uint64) * GOLDEN, minima=False)
            sets = np.empty(int(sketches.sizes.sum()), np.uint64)
            ends = sketcher.sets_into(sets, texts, sketches.sizes)
            by_bin[number].append(
                (rows[selected], rank[selected], sketches.bands, groups, sets[: ends[-1]], np.diff(ends, prepend=0))
            )
    return by_bin if count > 1 else by_bin[0]


def decide_bin(scheme: Scheme, *parts: list[tuple[Any, ...]]) -> tuple[Ints, Ints, Any, int]:
    """Step 5 for one bin: its rows, the kept row each duplicates (-1: kept), Jaccard, and how many were compared."""
    pieces = [piece for part in parts for piece in part]
    rows, rank, bands, groups = (np.concatenate([piece[i] for piece in pieces]) for i in range(4))
    store = SetStore(SHINGLE_MEMORY_BYTES)
    spans = np.zeros((len(rows), 3), np.int64)
    spans[:, 1], spans[:, 2] = np.concatenate([piece[5] for piece in pieces]), groups
    spans[:, 0] = np.cumsum(spans[:, 1]) - spans[:, 1]
    for piece in pieces:
        store.room(len(piece[4]))[:] = piece[4]
        store.used += len(piece[4])
    order = np.argsort(rank)
    shared = share_band(bands, order)
    no_content = np.empty((0, 2), np.uint64)
    sketched = CorpusSketches(bands, no_content, spans[:, 1], groups)
    order = order[shared[order]]
    kept_row, jaccard = place_in_order(sketched, order, spans, scheme.threshold, KeptTable(scheme.bands), store)
    return rows, np.where(kept_row < 0, -1, rows[np.maximum(kept_row, 0)]), jaccard, len(order)
