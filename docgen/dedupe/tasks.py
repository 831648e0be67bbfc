"""What a worker of a partitioned deduplication does, see `partitioned` for the whole: functions of their arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch
from docgen.corpus.files import Wanted, corpus_files, is_parquet, jsonl_frames, parquet_frames
from docgen.dedupe.engine import GOLDEN, Sketched, place_in_order, share_band
from docgen.dedupe.index import KeptTable
from docgen.dedupe.schemes import Scheme
from docgen.dedupe.source import BATCH_ROWS, Corpus, row_groups
from docgen.dedupe.store import SetStore
from docgen.dedupe.texts import Sketcher

__all__ = ["Mapped", "Partition", "Plan", "decide_bin", "link_bucket", "sets_of_partition", "sketch_partition"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NO_ROWS = np.empty(0, np.int64)
MIX = np.uint64(0xC4CEB9FE1A85EC53)
MEMORY = 1 << 27
"""Bytes of shingle sets that deciding a bin holds in memory; beyond that they go to a temporary file."""


@dataclass(frozen=True)
class Partition:
    """Rows of one file: from `start` to before `stop`; a JSONL file is one partition."""

    path: Path
    start: int = 0
    stop: int | None = None


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
    partition_rows: int = 1 << 16
    bin_words: int = 1 << 26

    def partitions(self) -> list[Partition]:
        """The corpus cut up, in order."""
        parts: list[Partition] = []
        for path in corpus_files(self.corpus.paths):
            if is_parquet(path):
                rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
                starts = range(0, rows, self.partition_rows)
                parts += [Partition(path, start, min(start + self.partition_rows, rows)) for start in starts]
            else:
                parts.append(Partition(path))
        return parts


@dataclass(frozen=True)
class Mapped:
    """What the driver keeps of a partition."""

    ids: list[pl.Series]
    tables: list[pl.DataFrame]
    content: Hashes
    sizes: Ints
    groups: Ints


def _batches(plan: Plan, partition: Partition, columns: tuple[str, ...], optional: tuple[str, ...]) -> Any:
    """Batches of a partition; `first_row` counts within it."""
    wanted = Wanted(plan.corpus.text_column, columns, optional)
    if is_parquet(partition.path):
        frames = parquet_frames(partition.path, wanted, BATCH_ROWS, partition.start, partition.stop)
    else:
        frames = jsonl_frames(partition.path, wanted, BATCH_ROWS)
    row = 0
    for frame in frames:
        yield Batch(partition.path, row, frame[plan.corpus.text_column], frame.select(*columns, *optional))
        row += frame.height


def sketch_partition(plan: Plan, partition: Partition) -> tuple[Any, ...]:
    """Step 1 for one partition: Mapped, then (keys, rows) for each bucket."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    named = (plan.corpus.id_column,) if plan.corpus.id_column else ()
    ids, tables, parts, groups_of, keys = [], [], [], [], []
    for batch in _batches(plan, partition, (*named, *plan.needed), plan.also):
        groups = row_groups(batch.columns.select(plan.by)) if plan.by else np.zeros(len(batch), np.int64)
        data, offsets = batch.utf8()
        found = sketcher.sketch(data, offsets, groups.astype(np.uint64) * GOLDEN)
        if plan.corpus.id_column:
            ids.append(batch.columns[plan.corpus.id_column].alias("id"))
        tables.append(batch.columns.select(*plan.needed, *plan.also))
        parts.append(found)
        groups_of.append(groups)
        keys.append(_band_keys(found.minima, plan.scheme, groups))
    mapped = Mapped(
        ids,
        tables,
        np.concatenate([np.empty((0, 2), np.uint64), *(found.content for found in parts)]),
        np.concatenate([NO_ROWS, *(found.sizes for found in parts)]),
        np.concatenate([NO_ROWS, *groups_of]),
    )
    return (mapped, *_cut(np.concatenate([np.empty((0, plan.scheme.bands), np.uint64), *keys]), plan))


def _band_keys(minima: npt.NDArray[np.uint32], scheme: Scheme, groups: Ints) -> Hashes:
    """64-bit keys of the bands: at 10^9 documents 32 bits would link strangers."""
    bands = minima.reshape(len(minima), scheme.bands, scheme.rows).astype(np.uint64)
    keys = groups.astype(np.uint64)[:, None] * GOLDEN + np.arange(1, scheme.bands + 1, dtype=np.uint64) * MIX
    for row in range(scheme.rows):
        keys = (keys ^ bands[:, :, row]) * MIX
        keys ^= keys >> np.uint64(29)
    return keys


def _cut(keys: Hashes, plan: Plan) -> list[tuple[Hashes, npt.NDArray[np.uint32]]]:
    """(keys, rows) of each bucket: the buckets are ranges of the keys."""
    flat = keys.ravel()
    rows = np.repeat(np.arange(len(keys), dtype=np.uint32), keys.shape[1])
    bucket = (flat >> np.uint64(32)) * np.uint64(plan.buckets) >> np.uint64(32)
    order = np.argsort(bucket, kind="stable")
    cuts = np.searchsorted(bucket[order], np.arange(1, plan.buckets))
    return list(zip(np.split(flat[order], cuts), np.split(rows[order], cuts), strict=True))


def link_bucket(bases: Sequence[int], *parts: tuple[Hashes, npt.NDArray[np.uint32]]) -> Ints:
    """Step 2 for one bucket: (row, row) links that join all rows with the same key, one fewer than rows."""
    if not parts:
        return np.empty((0, 2), np.int64)
    keys = np.concatenate([keys for keys, _ in parts])
    rows = np.concatenate(
        [part_rows.astype(np.int64) + base for base, (_, part_rows) in zip(bases, parts, strict=True)]
    )
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    return np.unique(np.stack([rows[order][same], rows[order][same + 1]], axis=1), axis=0)


def sets_of_partition(
    plan: Plan, partition: Partition, local: Ints, rows: Ints, rank: Ints, bins: Ints, count: int
) -> Any:
    """Step 4 for one partition: for each bin the rows linked there, as `decide_bin` takes them."""
    sketcher = Sketcher(plan.scheme, plan.ignored)
    sent: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]
    for batch in _batches(plan, partition, plan.by, ()):
        low, high = np.searchsorted(local, [batch.first_row, batch.first_row + len(batch)])
        for number in np.unique(bins[low:high]):
            mine = low + np.flatnonzero(bins[low:high] == number)
            places = local[mine] - batch.first_row
            groups = row_groups(batch.columns.select(plan.by)[places]) if plan.by else np.zeros(len(mine), np.int64)
            data, offsets = batch.take(places).utf8()
            found = sketcher.sketch(data, offsets, groups.astype(np.uint64) * GOLDEN, minima=False)
            sets = np.empty(int(found.sizes.sum()), np.uint64)
            ends = sketcher.sets_into(sets, data, offsets, found.sizes)
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
