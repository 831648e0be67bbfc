"""The union of a corpus's columns over its rows and files, null where a row has none.

Parquet wants one type for a column and for each field in it. Integers and floats together become floats; a column that
no single type can hold is refused by name, never truncated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from docgen.corpus.json_column_types import fitted_values, merge_column, refuse_empty_objects, type_of, typed_series
from docgen.corpus.paths import is_parquet
from docgen.corpus.readers import BATCH_CHARACTERS, ColumnSelection, json_rows, parquet_schema, parquet_slices
from docgen.errors import InputError

__all__ = ["all_columns", "every_row", "rows_frame", "whole_frames"]


def all_columns(files: Sequence[Path], text_column: str = "text") -> pl.Schema:
    """Type of every column in any row of any of the files, in order of first appearance; reads JSONL files once.

    Raises `InputError` that names the column, and the file and line, where two values have no type in common.
    """
    merged: dict[str, Any] = {}
    for file in files:
        if is_parquet(file):
            for name, kind in parquet_schema(file).items():
                new_kind = pl.String() if name == text_column else kind
                merge_column(merged, name, new_kind, str(file))
        else:
            _merge_lines(merged, file, text_column)
    for name, kind in merged.items():
        refuse_empty_objects(name, kind)
    return pl.Schema(merged)


def _merge_lines(merged: dict[str, Any], file: Path, text_column: str) -> None:
    for number, row in json_rows(file, ColumnSelection(text_column)):
        for name, value in row.items():
            if value is None or (type(value) is str and merged.get(name) == pl.String):
                merged.setdefault(name, pl.Null())
            else:
                where = f"{file}:{number}"
                merge_column(merged, name, type_of(value, name, where), where)


def whole_frames(
    files: Sequence[Path], schema: Mapping[str, Any], text_column: str = "text", batch_rows: int = 4096
) -> Iterator[tuple[int, pl.DataFrame]]:
    """(number of the first row, frame) with all columns of `schema`, which is `all_columns` of the same files.

    Rows count from 0 over all files, as in `docgen.corpus.read_corpus`.
    """
    row = 0
    for file in files:
        frames = _parquet_frames if is_parquet(file) else _json_frames
        for frame in frames(file, schema, text_column, batch_rows):
            yield row, frame
            row += frame.height


def rows_frame(
    files: Sequence[Path], rows: npt.NDArray[np.int64], text_column: str = "text", batch_rows: int = 4096
) -> pl.LazyFrame:
    """The rows of these numbers, which ascend, with every column of the corpus; streams when it is written."""

    def chosen(first_row: int, frame: pl.DataFrame) -> pl.DataFrame:
        start, stop = np.searchsorted(rows, [first_row, first_row + frame.height])
        few = frame[rows[start:stop] - first_row]
        # As they come, strings are views of the whole frame's, which would stay in memory until they are written.
        return few.with_columns(pl.col(pl.String) + "") if 2 * few.height < frame.height else few

    return _lazily(files, text_column, batch_rows, chosen)


def every_row(files: Sequence[Path], text_column: str = "text", batch_rows: int = 4096) -> pl.LazyFrame:
    """All rows with every column of the corpus; streams when it is written."""
    return _lazily(files, text_column, batch_rows, lambda _first_row, frame: frame)


def _lazily(
    files: Sequence[Path], text_column: str, batch_rows: int, chosen: Callable[[int, pl.DataFrame], pl.DataFrame]
) -> pl.LazyFrame:
    schema = all_columns(files, text_column)

    def frames(*_pushed_down: object) -> Iterator[pl.DataFrame]:
        for first_row, frame in whole_frames(files, schema, text_column, batch_rows):
            yield chosen(first_row, frame)

    return register_io_source(frames, schema=schema)


def _parquet_frames(file: Path, schema: Mapping[str, Any], text_column: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    present = parquet_schema(file)
    selection = ColumnSelection(text_column, tuple(name for name in schema if name in present))
    for part in parquet_slices(file, selection, batch_rows):
        frame = part.read()
        yield pl.DataFrame([_fitted_series(frame, name, kind) for name, kind in schema.items()])


def _fitted_series(frame: pl.DataFrame, name: str, kind: Any) -> pl.Series:
    if name not in frame.columns:
        return pl.repeat(None, frame.height, dtype=kind, eager=True).alias(name)
    series = frame[name]
    if series.dtype == kind:
        return series
    if not kind.is_nested():
        return series.cast(kind)
    # Polars' own cast goes by the number of fields within lists, not by their names.
    return fitted_values(name, series.to_list(), kind)


def _json_frames(file: Path, schema: Mapping[str, Any], text_column: str, batch_rows: int) -> Iterator[pl.DataFrame]:
    rows: list[dict[str, Any]] = []
    size = 0
    for _, row in json_rows(file, ColumnSelection(text_column)):
        rows.append(row)
        size += len(row[text_column])
        if len(rows) == batch_rows or size > BATCH_CHARACTERS:
            yield _json_frame(file, rows, schema)
            rows, size = [], 0
    if rows:
        yield _json_frame(file, rows, schema)


def _json_frame(file: Path, rows: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    if any(name not in schema for row in rows for name in row):
        raise InputError("the file changed while it was read", str(file), "Try again when nothing is writing to it")
    return pl.DataFrame(
        [typed_series(name, [row.get(name) for row in rows], kind, str(file)) for name, kind in schema.items()]
    )
