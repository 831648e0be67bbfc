"""The lines of JSONL files, packed or not, streaming."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from docgen.corpus.paths import is_packed
from docgen.errors import InputError

__all__ = ["first_line", "plain_lines", "unreadable"]


def plain_lines(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes | str]:
    """Every line of a JSONL file, decompressed; of an uncompressed one those that begin in bytes [start, stop)."""
    if is_packed(path) and path.stat().st_size == 0:
        unreadable(path, EOFError())  # even an empty file takes some bytes when compressed
    try:
        yield from _zstd_lines(path) if path.name.lower().endswith(".zst") else _byte_lines(path, start, stop)
    except (OSError, EOFError, zlib.error) as error:
        unreadable(path, error)


def _byte_lines(path: Path, start: int, stop: int | None) -> Iterator[bytes]:
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        file.seek(start)
        remaining = None if stop is None else stop - start
        for line in file:
            yield line
            if remaining is not None and (remaining := remaining - len(line)) <= 0:
                return


def _zstd_lines(path: Path) -> Iterator[str]:
    """The lines of a zstd file, read by polars in chunks since Python has no zstd before 3.14."""
    import polars as pl

    try:
        for frame in pl.scan_lines(path, glob=False).collect_batches(chunk_size=1024, maintain_order=True):
            yield from frame.to_series()
    except pl.exceptions.PolarsError as error:
        unreadable(path, error)


def unreadable(path: Path, error: BaseException) -> NoReturn:
    """Raise `InputError` for a file that cannot be read to its end."""
    size = path.stat().st_size
    what = "the file is empty" if size == 0 else f"unreadable, damaged or truncated ({first_line(error)})"
    raise InputError(what, str(path), "Create or copy it again") from error


def first_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
