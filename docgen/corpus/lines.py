"""Streams the lines of JSONL files, compressed or not."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from docgen.corpus.paths import is_packed
from docgen.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["first_line", "plain_lines", "raise_unreadable"]

LONGEST_LINE = 64_000_000
"""Bytes of a line. Chosen: the largest reply of a server that is read; a megabyte of gzip can hold a line of 1 GB."""


def plain_lines(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Every line of a JSONL file, decompressed; of an uncompressed one those that begin in bytes [start, stop)."""
    if is_packed(path) and path.stat().st_size == 0:
        raise_unreadable(path, EOFError())  # even an empty file takes some bytes when compressed
    try:
        name = path.name.lower()
        opener: Any = zstd.open if name.endswith(".zst") else gzip.open if name.endswith(".gz") else open
        with opener(path, "rb") as file:
            yield from _lines(path, file, start, stop)
    except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise_unreadable(path, error)


def _lines(path: Path, file: IO[bytes], start: int, stop: int | None) -> Iterator[bytes]:
    file.seek(start)
    remaining = None if stop is None else stop - start
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            what = f"line {number:,} is longer than {LONGEST_LINE // 1_000_000} MB"
            raise InputError(what, str(path), "A line is one document as JSON: cut it into several")
        yield line
        if remaining is not None and (remaining := remaining - len(line)) <= 0:
            return


def raise_unreadable(path: Path, error: BaseException) -> NoReturn:
    """Raise `InputError` for a file that cannot be read to its end."""
    size = path.stat().st_size
    what = "the file is empty" if size == 0 else f"unreadable, damaged or truncated ({first_line(error)})"
    raise InputError(what, str(path), "Create or copy it again") from error


def first_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
