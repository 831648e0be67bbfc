"""Finished Parquet files: streamed next to their place and renamed; a full disk is reported in one line."""

from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import UserError
from docgen.files.atomic import atomic_path
from docgen.files.file_system_errors import name_file_in_errors

if TYPE_CHECKING:
    import polars as pl

__all__ = ["parquet_metadata", "write_parquet"]


def write_parquet(
    frame: "pl.LazyFrame",
    file: Path,
    *,
    row_group_size: int | None = None,
    compression_level: int | None = None,
    metadata: dict[str, str] | None = None,
    of_run: bool = False,
) -> None:
    """Stream `frame` to a Parquet file, atomically.

    Raises `UserError` naming the file when it cannot be written, as on a full disk, and whatever reading raises.
    """
    import polars as pl

    try:
        with atomic_path(file, of_run=of_run) as part, name_file_in_errors(file):
            frame.sink_parquet(
                part,
                compression="zstd",
                compression_level=compression_level,
                maintain_order=True,
                row_group_size=row_group_size,
                metadata=metadata,
            )
    except (pl.exceptions.PolarsError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        why = str(error).strip().splitlines()[0][:160]
        fix = "Free some disk space if there is none left, and run the same command again"
        raise UserError(f"cannot be written ({why})", str(file), fix) from error


def parquet_metadata(file: Path) -> dict[str, str]:
    """The metadata that the writer of a Parquet file added; empty for a file that cannot be read."""
    import polars as pl

    try:
        return pl.read_parquet_metadata(file)
    except (pl.exceptions.PolarsError, OSError):
        return {}
