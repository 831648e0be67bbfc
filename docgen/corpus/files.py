"""Reads corpus files as polars frames, a few thousand rows at a time."""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from docgen.corpus.paths import is_packed, is_parquet
from docgen.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Slice",
    "Wanted",
    "column_names",
    "jsonl_frames",
    "parquet_rows",
    "parquet_slices",
    "plain_lines",
    "whole_rows",
]

BATCH_CHARACTERS = 1 << 24
"""A JSONL batch ends early when its texts reach this, so that huge documents cannot fill the memory."""
BATCH_BYTES = 1 << 23
"""The approximate size of a Parquet slice on disk, for average rows; in memory it is two or three times that."""


@dataclass(frozen=True)
class Wanted:
    """Which columns to read: `text`, required `columns`, and `optional` ones that may be missing."""

    text: str
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The required columns, text first, each once."""
        return tuple(dict.fromkeys((self.text, *self.columns)))

    @property
    def all(self) -> tuple[str, ...]:
        """The required columns, then the optional ones."""
        return tuple(dict.fromkeys((*self.required, *self.optional)))


def column_names(path: Path) -> list[str]:
    """The columns of a Parquet file, or the keys of the first row of a JSONL file ([] if it is empty)."""
    if is_parquet(path):
        return list(_schema(path))
    for number, line in _lines(path):
        return list(_parse(path, number, line))
    return []


def _schema(path: Path) -> "dict[str, pl.DataType]":
    import polars as pl

    try:
        return dict(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        _unreadable(path, error)


def parquet_rows(path: Path) -> int:
    """The number of rows of a Parquet file, from its footer."""
    import polars as pl

    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        _unreadable(path, error)


def _unreadable(path: Path, error: BaseException) -> NoReturn:
    size = path.stat().st_size
    what = "the file is empty" if size == 0 else f"unreadable, damaged or truncated ({_first_line(error)})"
    raise InputError(what, str(path), "Create or copy it again") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _missing(path: Path, name: str, columns: Sequence[str], line: int | None = None) -> InputError:
    where = str(path) if line is None else f"{path}:{line}"
    return InputError(f"no column {name!r}", where, f"It has {', '.join(columns) or 'none'}")


@dataclass(frozen=True)
class Slice:
    """Some rows of a Parquet file, to be read later. `absent` are optional columns that the file lacks."""

    path: Path
    text: str
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    start: int
    rows: int

    def read(self) -> "pl.DataFrame":
        """Read the rows. Raises `InputError` if they are damaged or gone, or lack a text."""
        import polars as pl

        scan = pl.scan_parquet(self.path, glob=False).select(self.columns)
        try:
            frame = scan.slice(self.start, self.rows).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            _unreadable(self.path, error)
        if frame.height != self.rows:
            raise InputError(
                "the file changed while it was read", str(self.path), "Try again when nothing is writing to it"
            )
        if frame[self.text].null_count():
            row = self.start + int(frame[self.text].is_null().arg_max() or 0)
            fix = "Delete such rows or give them a text"
            raise InputError(f"{self.text!r} is null", f"{self.path}, row {row}", fix)
        absent = [pl.lit(None).alias(name) for name in self.absent]
        return frame.with_columns(pl.col(self.text).cast(pl.String), *absent)


def parquet_slices(
    path: Path, selection: Wanted, batch_rows: int, start: int = 0, stop: int | None = None
) -> Iterator[Slice]:
    """The rows [start, stop) of a Parquet file in slices that can be read independently.

    Reading slice by slice keeps one in memory at a time; polars' own batches keep many.
    """
    schema = _schema(path)
    _check_schema(path, schema, selection)
    present = tuple(name for name in selection.all if name in schema)
    absent = tuple(name for name in selection.optional if name not in schema)
    rows = parquet_rows(path)
    step = max(1, min(batch_rows, BATCH_BYTES * rows // max(1, path.stat().st_size)))
    last = rows if stop is None else min(stop, rows)
    for first in range(start, last, step):
        yield Slice(path, selection.text, present, absent, first, min(step, last - first))


def _check_schema(path: Path, schema: "dict[str, pl.DataType]", selection: Wanted) -> None:
    import polars as pl

    for name in selection.required:
        if name not in schema:
            raise _missing(path, name, list(schema))
    kind = schema[selection.text]
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        raise InputError(
            f"column {selection.text!r} has type {kind}, not text", str(path), "Name another with --text-column"
        )


def jsonl_frames(
    path: Path, selection: Wanted, batch_rows: int, start: int = 0, stop: int | None = None, first_line: int = 1
) -> "Iterator[pl.DataFrame]":
    """The rows of a JSONL file, skipping blank lines.

    Of an uncompressed file only the lines that begin in bytes [start, stop), the first of which is line `first_line`.
    """
    rows: list[tuple[int, dict[str, Any]]] = []
    characters = 0
    for number, line in _lines(path, start, stop, first_line):
        row = _parse(path, number, line)
        _check_row(path, number, row, selection)
        rows.append((number, row))
        characters += len(row[selection.text])
        if len(rows) >= batch_rows or characters >= BATCH_CHARACTERS:
            yield _frame(path, rows, selection)
            rows, characters = [], 0
    if rows:
        yield _frame(path, rows, selection)


def _lines(
    path: Path, start: int = 0, stop: int | None = None, first_line: int = 1
) -> Iterator[tuple[int, bytes | str]]:
    for number, line in enumerate(plain_lines(path, start, stop), first_line):
        if line.strip():
            yield number, line


def plain_lines(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes | str]:
    """Every line of a JSONL file, decompressed; of an uncompressed one those that begin in bytes [start, stop)."""
    if is_packed(path) and path.stat().st_size == 0:
        _unreadable(path, EOFError())  # even an empty file takes some bytes when compressed
    try:
        yield from _zstd_lines(path) if path.name.lower().endswith(".zst") else _byte_lines(path, start, stop)
    except (OSError, EOFError, zlib.error) as error:
        _unreadable(path, error)


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
        _unreadable(path, error)


def _parse(path: Path, number: int, line: bytes | str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 ({error.reason})", f"{path}:{number}", "Convert the file to UTF-8") from error
    except (ValueError, RecursionError) as error:
        truncated = line.rstrip()[-1:] not in (b"}", "}")
        what = f"not JSON ({_first_line(error)})" + (": the line is truncated" if truncated else "")
        raise InputError(what, f"{path}:{number}", "Fix or delete the line") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object", f"{path}:{number}", 'Each line must look like {"text": "..."}')
    return row


def _check_row(path: Path, number: int, row: dict[str, Any], selection: Wanted) -> None:
    for name in selection.required:
        if name not in row:
            raise _missing(path, name, list(row), number)
    text = row[selection.text]
    if not isinstance(text, str):
        what = f"{selection.text!r} is {_kind(text)}, not text"
        raise InputError(what, f"{path}:{number}", "Every row needs a string in it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        what = (
            f"{selection.text!r} contains the lone surrogate \\u{ord(text[error.start]):04x} at character {error.start}"
        )
        raise InputError(
            what, f"{path}:{number}", "It is not valid Unicode: replace it, for instance with \\ufffd"
        ) from None


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _frame(path: Path, rows: list[tuple[int, dict[str, Any]]], selection: Wanted) -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame([_series(path, rows, name) for name in selection.all])


def _series(path: Path, rows: list[tuple[int, dict[str, Any]]], name: str) -> "pl.Series":
    import polars as pl

    values = [row.get(name) for _, row in rows]
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        where = f"{path}, lines {rows[0][0]} to {rows[-1][0]}"
        raise InputError(
            f"column {name!r} mixes types ({_first_line(error)})", where, "Convert it to one type"
        ) from error


def whole_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Every row with all its columns, of whatever type, in file order."""
    if not is_parquet(path):
        for number, line in _lines(path):
            yield _parse(path, number, line)
        return
    for part in parquet_slices(path, Wanted("text", tuple(_schema(path))), 1024):
        frame = part.read()
        yield from frame.iter_rows(named=True)
