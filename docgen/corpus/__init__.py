"""Streams any corpus on disk in batches: JSONL, JSONL.zst, JSONL.gz, Parquet, and folders and globs of them.

    for batch in read_corpus(["corpus.parquet", "more/*.jsonl.zst"]):
        for text in batch.texts: ...

Memory stays flat: a batch is a few thousand rows. Texts are checked as they are read: a missing column, a text that is
not a string, a truncated file or a lone surrogate raises `InputError` with file and line (JSONL) or row (Parquet). NUL
and every other Unicode character is accepted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.corpus.paths import corpus_files, is_parquet
from docgen.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from docgen.corpus.text_buffers import TextBuffers

__all__ = ["BATCH_ROWS", "Batch", "Piece", "corpus_columns", "corpus_files", "corpus_pieces", "read_corpus"]

BATCH_ROWS = 4096  # chosen: some 16 MB of documents of 4 kB


@dataclass(frozen=True)
class Batch:
    """Some rows of one file: `text`, a polars Series of strings without nulls, and the other columns requested.

    `first_row` is the number of the first row, counted from 0 over all files of the corpus.
    """

    source: Path
    first_row: int
    text: "pl.Series"
    columns: "pl.DataFrame"

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def texts(self) -> list[str]:
        """The texts as Python strings."""
        return self.text.to_list()

    def utf8(self) -> "TextBuffers":
        """The texts for compiled code, in place: no Python string is created and nothing is copied."""
        from docgen.corpus.polars_string_memory import utf8_of

        return utf8_of(self.text)

    def without_texts(self) -> "Batch":
        """The same rows with empty texts, which frees the memory of the texts."""
        import polars as pl

        return Batch(self.source, self.first_row, pl.repeat("", len(self), eager=True), self.columns)

    def rows(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """(row number, text, other columns) for each row."""
        others = self.columns.iter_rows(named=True) if self.columns.width else iter([{}] * len(self))
        for i, (text, other) in enumerate(zip(self.texts, others, strict=True)):
            yield self.first_row + i, text, other


Piece = Callable[[], Batch]
"""Reads its batch when called, in the calling thread."""


def read_corpus(
    paths: Path | str | Iterable[Path | str],
    columns: Sequence[str] = (),
    *,
    optional: Sequence[str] = (),
    text_column: str = "text",
    batch_rows: int = BATCH_ROWS,
) -> Iterator[Batch]:
    """Stream the documents in `paths`, file by file in the given order (folders and globs sorted by name).

    Every file must have `text_column` and all of `columns`; `optional` columns are null where a file lacks them.
    Raises `InputError` before the first batch if a path or column is missing, later when a bad row is reached.
    """
    pieces = corpus_pieces(paths, columns, optional=optional, text_column=text_column, batch_rows=batch_rows)
    return (piece() for piece in pieces)


def corpus_pieces(
    paths: Path | str | Iterable[Path | str],
    columns: Sequence[str] = (),
    *,
    optional: Sequence[str] = (),
    text_column: str = "text",
    batch_rows: int = BATCH_ROWS,
) -> Iterator[Piece]:
    """`read_corpus` for threads: each piece reads its batch when called, so Parquet slices are read in parallel."""
    files = corpus_files(paths)
    required = tuple(dict.fromkeys(columns))
    extra = tuple(name for name in dict.fromkeys(optional) if name not in required)
    return _pieces(files, text_column, required, extra, batch_rows)


def _pieces(
    files: Sequence[Path], text_column: str, columns: tuple[str, ...], optional: tuple[str, ...], batch_rows: int
) -> Iterator[Piece]:
    """The pieces, in a generator of their own, so that `corpus_pieces` raises before the first is asked for."""
    from docgen.corpus.readers import ColumnSelection, Slice, jsonl_frames, parquet_slices

    def batch(path: Path, first_row: int, rows: "Slice | pl.DataFrame") -> Batch:
        frame = rows.read() if isinstance(rows, Slice) else rows
        return Batch(path, first_row, frame[text_column], frame.select(*columns, *optional))

    selection = ColumnSelection(text_column, columns, optional)
    row = 0
    for path in files:
        if is_parquet(path):
            for part in parquet_slices(path, selection, batch_rows):
                yield partial(batch, path, row, part)
                row += part.rows
        else:
            for frame in jsonl_frames(path, selection, batch_rows):
                yield partial(batch, path, row, frame)
                row += frame.height


def corpus_columns(paths: Path | str | Iterable[Path | str]) -> list[str]:
    """The columns that every file has (for JSONL: that its first row has), in the first file's order."""
    from docgen.corpus.readers import column_names

    common: list[str] | None = None
    for path in corpus_files(paths):
        names = column_names(path)
        common = names if common is None else [name for name in common if name in names]
    if common is None:
        raise InputError("no corpus files given")
    return common
