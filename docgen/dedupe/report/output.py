"""Writes the decision: kept.parquet with every column of the corpus, removed.parquet with the reasons."""

from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from docgen.corpus import Batch
from docgen.dedupe.source import Corpus
from docgen.errors import InputError
from docgen.files.atomic import beside

__all__ = ["write_frame", "write_kept"]


ROWS_IN_GROUP = 4096
"""Polars keeps a row group in memory until it is written. Chosen: some 16 MB of documents of 4 kB."""


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a small Parquet file atomically, by renaming."""
    with beside(path) as part:
        frame.write_parquet(part)


def write_kept(corpus: Corpus, kept_mask: npt.NDArray[np.bool_], path: Path) -> None:
    """Stream the kept rows with all columns to a Parquet file, atomically, by renaming."""
    rows = _kept_rows(corpus, kept_mask)
    with beside(path) as part:
        rows.sink_parquet(part, compression="zstd", compression_level=1, row_group_size=ROWS_IN_GROUP)


def _kept_rows(corpus: Corpus, kept_mask: npt.NDArray[np.bool_]) -> pl.LazyFrame:
    others = [name for name in corpus.names if name != corpus.text_column]
    schema = _common_schema(_frame(batch).schema for batch in corpus.batches(others))

    def frames(*_pushed_down: object) -> Iterator[pl.DataFrame]:
        for batch in corpus.batches(others):
            mask = pl.Series(kept_mask[batch.first_row : batch.first_row + len(batch)])
            yield _frame(batch).filter(mask).cast(schema)

    return register_io_source(frames, schema=schema)


def _frame(batch: Batch) -> pl.DataFrame:
    return pl.DataFrame([batch.text]).hstack(batch.columns)


def _common_schema(schemas: Iterator[pl.Schema]) -> pl.Schema:
    def merged(left: pl.Schema, right: pl.Schema) -> pl.Schema:
        if left == right:
            return left
        return pl.concat([left.to_frame(), right.to_frame()], how="vertical_relaxed").schema

    try:
        return reduce(merged, schemas)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise InputError(
            "a column has different types in different rows or files", fix="Convert it to one type"
        ) from error
