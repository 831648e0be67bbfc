"""A corpus to deduplicate: its files, the columns that matter, and the stream of its batches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import Batch, Piece, corpus_columns, corpus_pieces
from docgen.corpus.paths import corpus_files, is_parquet
from docgen.corpus.readers import parquet_rows
from docgen.errors import InputError

__all__ = ["BATCH_ROWS", "Corpus", "open_corpus", "row_groups"]

BATCH_ROWS = 8192  # chosen: enough that the kernel, not the loop around it, takes the time


@dataclass(frozen=True)
class Corpus:
    """Files with a text column. Without `id_column`, ids are row numbers, counted from 0 over all files."""

    paths: tuple[Path | str, ...]
    text_column: str = "text"
    id_column: str | None = None
    names: tuple[str, ...] = ()
    """Columns that all files have."""

    def batches(self, columns: Sequence[str] = (), optional: Sequence[str] = ()) -> Iterator[Batch]:
        """Stream the corpus from its start."""
        return (piece() for piece in self.pieces(columns, optional))

    def pieces(self, columns: Sequence[str] = (), optional: Sequence[str] = ()) -> Iterator[Piece]:
        """The same, as functions that read a batch when called, so that worker threads can."""
        text, rows = self.text_column, BATCH_ROWS
        return corpus_pieces(self.paths, columns, optional=optional, text_column=text, batch_rows=rows)

    def rows(self) -> int | None:
        """The number of documents, or None if that takes reading a file."""
        files = corpus_files(self.paths)
        if not all(map(is_parquet, files)):
            return None
        return sum(map(parquet_rows, files))

    def ids_of(self, batch: Batch) -> pl.Series:
        """The ids of a batch that was read with the id column."""
        if self.id_column is None:
            return pl.Series("id", np.arange(batch.first_row, batch.first_row + len(batch)))
        return batch.columns[self.id_column].alias("id")


def open_corpus(paths: Sequence[Path | str], text_column: str = "text", id_column: str | None = None) -> Corpus:
    """The corpus in these files. The ids are column "id" if there is one; `id_column` names another, "" none.

    Raises `InputError` if the files or the column do not exist.
    """
    names = tuple(corpus_columns(paths))
    if id_column and id_column not in names:
        raise InputError(
            f"no column {id_column!r}", "--id-column", f"Columns of all files: {', '.join(names) or 'none'}"
        )
    ids = "id" if id_column is None and "id" in names else id_column or None
    return Corpus(tuple(paths), text_column, ids, names)


def row_groups(columns: pl.DataFrame) -> npt.NDArray[np.int64]:
    """(n,): a hash of each row's values, the same in every batch, file and run."""
    hashes: dict[tuple[object, ...], int] = {}
    for row in columns.unique().rows():
        text = json.dumps(row, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass")
        hashes[_key(row)] = int.from_bytes(blake2b(text, digest_size=8).digest(), "little", signed=True)
    return np.array([hashes[_key(row)] for row in columns.rows()], np.int64)


def _key(row: tuple[object, ...]) -> tuple[object, ...]:
    """The row as a dictionary key; lists and records are not hashable."""
    return tuple(value if value is None or isinstance(value, (str, int)) else repr(value) for value in row)
