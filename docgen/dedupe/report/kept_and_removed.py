"""Writes kept.parquet, with every column of the corpus, and removed.parquet, with the reasons."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus import corpus_files
from docgen.corpus.column_union import rows_frame
from docgen.dedupe.source import BATCH_ROWS, Corpus
from docgen.files.parquet import write_parquet

__all__ = ["write_frame", "write_kept"]


ROWS_IN_GROUP = 4096
"""Polars keeps a row group in memory until it is written. Chosen: some 16 MB of documents of 4 kB."""


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a small Parquet file atomically."""
    write_parquet(frame.lazy(), path)


def write_kept(corpus: Corpus, kept_mask: npt.NDArray[np.bool_], path: Path) -> None:
    """Stream the kept rows with all columns to a Parquet file, atomically."""
    frame = rows_frame(corpus_files(corpus.paths), np.flatnonzero(kept_mask), corpus.text_column, BATCH_ROWS)
    write_parquet(frame, path, compression_level=1, row_group_size=ROWS_IN_GROUP)
