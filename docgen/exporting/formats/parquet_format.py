"""The export format `parquet`: a corpus as it is, with every column."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.exporting.dataset.arrangement import Layout
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.writers import WRITER
from docgen.files.atomic import write_atomically
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL, EMBEDDED_NOTICE

if TYPE_CHECKING:
    import polars as pl

__all__ = ["write_full_parquet"]


def write_full_parquet(
    paths: Sequence[Path], layout: Layout, folder: Path, corpus: Path | None, options: ExportOptions
) -> dict[str, list[Path]]:
    """NAME.parquet for each split; streams. A run's own `corpus` is copied if it holds exactly that."""
    import numpy as np

    from docgen.corpus import corpus_files
    from docgen.corpus.column_union import every_row, rows_frame
    from docgen.files.parquet import write_parquet

    embedded = any(layout.documents.embedded)
    if corpus is not None and not embedded and len(layout.parts) == 1:
        with corpus.open("rb") as source:
            blocks = iter(lambda: source.read(1 << 20), b"")
            return {"train": [write_atomically(folder / f"{options.stem_of('train')}.parquet", blocks)]}
    files = corpus_files(paths)
    written = {}
    for part in layout.parts:
        one = len(layout.parts) == 1
        frame = every_row(files) if one else rows_frame(files, np.sort(part.numbers))
        file = folder / f"{options.stem_of(part.name)}.parquet"
        write_parquet(_with_writers(frame) if embedded else frame, file)
        written[part.name] = [file]
    return written


def _with_writers(frame: "pl.LazyFrame") -> "pl.LazyFrame":
    """The rows with a column `WRITER`, derived from the columns on the writer; streaming, so not from what was read
    before."""
    import polars as pl

    schema = frame.collect_schema()
    tells = {WRITER: EMBEDDED_NOTICE, "engine": EMBEDDED_ENGINE, "model": EMBEDDED_MODEL}
    embedded = [pl.col(name) == value for name, value in tells.items() if schema.get(name) == pl.String]
    other = pl.col(WRITER).fill_null("") if schema.get(WRITER) == pl.String else pl.lit("")
    notice = pl.when(pl.any_horizontal(embedded)).then(pl.lit(EMBEDDED_NOTICE)).otherwise(other)
    return frame.with_columns(notice.alias(WRITER))
