"""Deduplicates a corpus on disk: which documents are kept, which removed, and why."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch, Piece
from docgen.dedupe.persistent_index import Addition, DiskIndex
from docgen.dedupe.precedence import KeepRule, precedence_order
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.signatures import NO_HASHES, Sketcher
from docgen.dedupe.source import Corpus, row_groups
from docgen.dedupe.two_pass import Decision, decide, map_in_order, sketch_pieces
from docgen.errors import ConfigError, InputError

if TYPE_CHECKING:
    from docgen.parallel.executors import Executor

__all__ = ["DedupeResult", "DedupeSettings", "dedupe", "dedupe_partitioned", "index_additions"]

Hashes = npt.NDArray[np.uint64]

NO_ROWS = np.empty(0, np.int64)
NUMBER_ROWS = "Use --id-column '' for row numbers"


@dataclass(frozen=True)
class DedupeSettings:
    """How to deduplicate. Documents that differ in any column of `by` are never compared."""

    scheme: Scheme = field(default_factory=Scheme)
    keep: KeepRule = field(default_factory=KeepRule)
    by: tuple[str, ...] = ()
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    engine: Literal["local", "ray"] = "local"

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ConfigError(f"{self.threads} threads", "--threads", "Give 1 or more")


@dataclass(frozen=True)
class DedupeResult:
    """The result, one row for each document in corpus order. `sizes` are in shingles; `table` has the extra columns."""

    ids: pl.Series
    sizes: npt.NDArray[np.int64]
    table: pl.DataFrame
    groups: npt.NDArray[np.int64]
    content: Hashes
    decision: Decision
    known_ids: Sequence[int | str] = ()

    def removed(self) -> pl.DataFrame:
        """id, kept_id, jaccard and kind ("exact" for identical bytes, else "near") of each removed document."""
        rows = np.flatnonzero(~self.decision.kept)
        kinds = np.where(self.decision.exact[rows], "exact", "near")
        return pl.DataFrame(
            {
                "id": self.ids.gather(rows),
                "kept_id": self._ids_at(self.decision.kept_row[rows]),
                "jaccard": self.decision.jaccard[rows],
                "kind": pl.Series(kinds.astype(object), dtype=pl.String),
            }
        )

    def _ids_at(self, kept_row: npt.NDArray[np.int64]) -> pl.Series:
        ids = self.ids.gather(np.maximum(kept_row, 0)) if len(self.ids) else self.ids
        old = np.flatnonzero(kept_row < 0)
        if not len(old):
            return ids
        names = [self.known_ids[-2 - place] for place in kept_row[old].tolist()]
        if not all(isinstance(name, int) for name in names) or not ids.dtype.is_integer():
            ids, names = ids.cast(pl.String), [str(name) for name in names]
        return ids.scatter(old, pl.Series(names, dtype=ids.dtype))

    def similar_pairs(self) -> pl.DataFrame:
        """a, b and jaccard of all similar pairs; empty unless `dedupe` was called with `pairs`."""
        pairs = self.decision.pairs
        rows, jaccard = (pairs.rows, pairs.jaccard) if pairs else (np.empty((0, 2), np.int64), np.empty(0))
        return pl.DataFrame({"a": self.ids.gather(rows[:, 0]), "b": self.ids.gather(rows[:, 1]), "jaccard": jaccard})


def dedupe(
    corpus: Corpus,
    settings: DedupeSettings = DedupeSettings(),
    *,
    also: Sequence[str] = (),
    ignored: Hashes = NO_HASHES,
    against: DiskIndex | None = None,
    pairs: bool = False,
    progress: Callable[[int], None] | None = None,
) -> DedupeResult:
    """Decide which documents of the corpus to keep.

    `also` names further columns to read into the result's table, null where absent. `ignored` is a hash table of
    shingles that do not count (see `boilerplate`). Documents that duplicate one of the index `against` are removed.
    `pairs` lists all similar pairs (see `two_pass.decide`). `progress` is called with the number of rows of each batch
    of the first pass. Raises `InputError` for unreadable input or ids that are not unique.
    """
    if settings.engine == "ray":
        return _on_ray(corpus, settings, tuple(also), ignored, against is not None or pairs)
    sketcher = Sketcher(settings.scheme, ignored)
    first_pass = _FirstPass(corpus, settings, tuple(also), progress)
    sketched = sketch_pieces(first_pass.pieces(), sketcher, settings.threads, first_pass.groups, first_pass.collect)
    ids, table = checked_ids(first_pass.ids, corpus), joined_tables(first_pass.tables)
    precedence = precedence_order(settings.keep, ids, sketched.sizes, table)
    earlier = against.known() if against else None
    decision = decide(sketched, precedence, corpus.pieces, sketcher, settings.threads, known=earlier, pairs=pairs)
    known_ids = against.ids() if against and (decision.kept_row < -1).any() else ()
    return DedupeResult(ids, sketched.sizes, table, sketched.groups, sketched.content, decision, known_ids)


def _on_ray(
    corpus: Corpus, settings: DedupeSettings, also: tuple[str, ...], ignored: Hashes, extras: bool
) -> DedupeResult:
    if extras:
        raise ConfigError("does not work with --against, --index or --pairs", "--engine ray", "Use --engine local")
    from docgen.parallel.executors import RayExecutor

    with RayExecutor(settings.threads) as executor:
        return dedupe_partitioned(corpus, settings, executor, also=also, ignored=ignored)


def dedupe_partitioned(
    corpus: Corpus,
    settings: DedupeSettings,
    executor: "Executor",
    *,
    also: Sequence[str] = (),
    ignored: Hashes = NO_HASHES,
    sizes: Mapping[str, int] | None = None,
) -> DedupeResult:
    """`dedupe` as tasks of an executor; `sizes` overrides those of `tasks.Plan`, which otherwise fit the corpus."""
    from docgen.dedupe.distributed.partitioned import Partitioned
    from docgen.dedupe.distributed.tasks import Plan

    needed, further = _columns(settings, also)
    plan = Plan(corpus, settings.scheme, ignored, settings.by, needed, further, **(sizes or {}))
    work = Partitioned(plan, executor, fit=not sizes)
    sketches = work.map()
    content, lengths, groups = (
        np.concatenate([empty, *(getattr(part, name) for part in sketches)])
        for name, empty in (("content", np.empty((0, 2), np.uint64)), ("sizes", NO_ROWS), ("groups", NO_ROWS))
    )
    named = [ids for part in sketches for ids in part.ids]
    ids = checked_ids(named if corpus.id_column else [pl.Series("id", np.arange(len(lengths)))], corpus)
    table = joined_tables([frame for part in sketches for frame in part.tables])
    precedence = precedence_order(settings.keep, ids, lengths, table)
    decision = work.decide(sketches, precedence)
    return DedupeResult(ids, lengths, table, groups, content, decision)


def index_additions(
    corpus: Corpus, result: DedupeResult, settings: DedupeSettings, ignored: Hashes = NO_HASHES
) -> Iterator[Addition]:
    """The kept documents in the form that an index takes; reads the corpus once more."""
    sketcher, kept_mask = Sketcher(settings.scheme, ignored), result.decision.kept

    def addition(piece: Piece) -> Addition:
        batch = piece()
        places = np.flatnonzero(kept_mask[batch.first_row : batch.first_row + len(batch)])
        rows = batch.first_row + places
        texts = batch.utf8().take(places)
        sketches = sketcher.sketch(texts)
        sets = np.empty(int(sketches.sizes.sum()), np.uint64)
        ends = sketcher.sets_into(sets, texts, sketches.sizes)
        used = int(ends[-1]) if len(ends) else 0
        ids = result.ids.gather(rows).to_list()
        return Addition(ids, sketches.minima, result.groups[rows], sketches.content, sets[:used], ends)

    return map_in_order(addition, corpus.pieces(), settings.threads)


def _columns(settings: DedupeSettings, also: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(required columns, optional columns)."""
    needed = tuple(dict.fromkeys((*settings.by, *settings.keep.columns)))
    return needed, tuple(name for name in dict.fromkeys(also) if name not in needed)


class _FirstPass:
    """The first pass over the corpus, which collects ids and extra columns as the batches go by."""

    def __init__(
        self, corpus: Corpus, settings: DedupeSettings, also: tuple[str, ...], progress: Callable[[int], None] | None
    ) -> None:
        self._corpus, self._by, self._progress = corpus, list(settings.by), progress
        self._needed, self._also = _columns(settings, also)
        self.ids: list[pl.Series] = []
        self.tables: list[pl.DataFrame] = []

    def pieces(self) -> Iterator[Piece]:
        id_columns = (self._corpus.id_column,) if self._corpus.id_column else ()
        return self._corpus.pieces((*id_columns, *self._needed), self._also)

    def collect(self, batch: Batch) -> None:
        self.ids.append(self._corpus.ids_of(batch))
        self.tables.append(batch.columns.select(*self._needed, *self._also))
        if self._progress:
            self._progress(len(batch))

    def groups(self, batch: Batch) -> npt.NDArray[np.int64]:
        if not self._by:
            return np.zeros(len(batch), np.int64)
        return row_groups(batch.columns.select(self._by))


def checked_ids(parts: Sequence[pl.Series], corpus: Corpus) -> pl.Series:
    """The ids of all rows. Raises `InputError` if they are not unique."""
    if not parts:
        return pl.Series("id", [], pl.Int64)
    try:
        ids = pl.concat(parts)
    except pl.exceptions.PolarsError as error:
        raise InputError("the id columns of the files have different types", fix=NUMBER_ROWS) from error
    if ids.null_count() or ids.n_unique() != len(ids):
        what = "some ids are null" if ids.null_count() else f"ids repeat ({ids.filter(ids.is_duplicated())[0]!r})"
        raise InputError(what, f"column {corpus.id_column!r}", NUMBER_ROWS)
    return ids


def joined_tables(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The extra columns of all rows."""
    return pl.concat(parts, how="vertical_relaxed") if parts else pl.DataFrame()
