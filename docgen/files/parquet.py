"""Finished Parquet files: streamed beside their place and renamed, a full disk told in one line."""

from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import InputError
from docgen.files.atomic import beside

if TYPE_CHECKING:
    import polars as pl

__all__ = ["write_parquet"]


def write_parquet(
    frame: "pl.LazyFrame", file: Path, *, row_group_size: int | None = None, compression_level: int | None = None
) -> None:
    """Stream `frame` to a Parquet file, atomically.

    Raises `InputError` naming the file when it cannot be written, as on a full disk, and whatever reading raises.
    """
    import polars as pl

    try:
        with beside(file) as part:
            frame.sink_parquet(
                part,
                compression="zstd",
                compression_level=compression_level,
                maintain_order=True,
                row_group_size=row_group_size,
            )
    except pl.exceptions.PolarsError as error:
        why = str(error).strip().splitlines()[0][:160]
        fix = "Free some disk space if there is none left, and run the same command again"
        raise InputError(f"cannot be written ({why})", str(file), fix) from error
