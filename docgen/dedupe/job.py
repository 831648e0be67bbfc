"""`dedupe`: from a corpus on disk to the documents that stay, those that go, and why."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch
from docgen.dedupe.engine import Decision, decide, sketch_batches
from docgen.dedupe.precedence import Keep, in_precedence
from docgen.dedupe.schemes import Scheme
from docgen.dedupe.source import Corpus, row_groups
from docgen.dedupe.texts import NOTHING, Sketcher
from docgen.errors import ConfigError, InputError

__all__ = ["Deduplicated", "Settings", "dedupe"]

Hashes = npt.NDArray[np.uint64]

NUMBER_ROWS = "Use --id-column '' for row numbers"


@dataclass(frozen=True)
class Settings:
    """How to deduplicate. Documents that differ in a column of `by` are never compared."""

    scheme: Scheme = field(default_factory=Scheme)
    keep: Keep = field(default_factory=Keep)
    by: tuple[str, ...] = ()
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ConfigError(f"{self.threads} threads", "--threads", "Give 1 or more")


@dataclass(frozen=True)
class Deduplicated:
    """The outcome, a row for each document of the corpus in its order; `table` has the columns read along."""

    ids: pl.Series
    sizes: npt.NDArray[np.int64]
    table: pl.DataFrame
    decision: Decision

    def removed(self) -> pl.DataFrame:
        """id, kept_id, jaccard and kind ("exact": the same bytes, "near") of each document that goes."""
        rows = np.flatnonzero(~self.decision.kept)
        kept = self.decision.kept_row[rows]
        kinds = np.where(self.decision.exact[rows], "exact", "near")
        return pl.DataFrame(
            {
                "id": self.ids.gather(rows),
                "kept_id": self.ids.gather(kept),
                "jaccard": self.decision.jaccard[rows],
                "kind": pl.Series(kinds.astype(object), dtype=pl.String),
            }
        )


def dedupe(
    corpus: Corpus,
    settings: Settings = Settings(),
    *,
    also: Sequence[str] = (),
    ignored: Hashes = NOTHING,
    progress: Callable[[int], None] | None = None,
) -> Deduplicated:
    """Decide which documents of the corpus stay.

    `also` names further columns to read into the result's table, null where absent; `ignored` is a table of shingles
    that do not count (see `boilerplate`); `progress` is told the number of rows of each batch read in the first pass.
    """
    sketcher = Sketcher(settings.scheme, ignored)
    read = _Reading(corpus, settings, tuple(also), progress)
    group_of = read.groups if settings.by else None
    sketched = sketch_batches(read, sketcher, settings.threads, group_of)
    ids, table = read.ids(), read.table()
    precedence = in_precedence(settings.keep, ids, sketched.sizes, table)
    decision = decide(sketched, precedence, corpus.batches, sketcher, settings.threads)
    return Deduplicated(ids, sketched.sizes, table, decision)


class _Reading:
    """The first pass over the corpus, keeping ids and the columns wanted as the batches go by."""

    def __init__(
        self, corpus: Corpus, settings: Settings, also: tuple[str, ...], progress: Callable[[int], None] | None
    ) -> None:
        self._corpus, self._by, self._progress = corpus, list(settings.by), progress
        self._needed = tuple(dict.fromkeys((*settings.by, *settings.keep.columns)))
        self._also = tuple(name for name in dict.fromkeys(also) if name not in self._needed)
        self._ids: list[pl.Series] = []
        self._parts: list[pl.DataFrame] = []

    def __iter__(self) -> Iterator[Batch]:
        named = (self._corpus.id_column,) if self._corpus.id_column else ()
        for batch in self._corpus.batches((*named, *self._needed), self._also):
            self._ids.append(self._corpus.ids_of(batch))
            self._parts.append(batch.columns.select(*self._needed, *self._also))
            yield batch
            if self._progress:
                self._progress(len(batch))

    def groups(self, batch: Batch) -> npt.NDArray[np.int64]:
        return row_groups(batch.columns.select(self._by))

    def ids(self) -> pl.Series:
        if not self._ids:
            return pl.Series("id", [], pl.Int64)
        try:
            ids = pl.concat(self._ids)
        except pl.exceptions.PolarsError as error:
            raise InputError(
                "the ids of the files are of different types", fix="Use --id-column '' for row numbers"
            ) from error
        if ids.null_count() or ids.n_unique() != len(ids):
            what = "some ids are null" if ids.null_count() else f"ids repeat ({ids.filter(ids.is_duplicated())[0]!r})"
            raise InputError(what, f"column {self._corpus.id_column!r}", NUMBER_ROWS)
        return ids

    def table(self) -> pl.DataFrame:
        if not self._parts:
            return pl.DataFrame()
        return pl.concat(self._parts, how="vertical_relaxed")
