"""Reads corpus files as polars frames, a few thousand rows at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from docgen.corpus.lines import first_line, plain_lines, raise_unreadable
from docgen.corpus.paths import is_parquet
from docgen.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "ColumnSelection",
    "Slice",
    "column_names",
    "json_line",
    "json_rows",
    "jsonl_frames",
    "parquet_column",
    "parquet_rows",
    "parquet_schema",
    "parquet_slices",
    "whole_rows",
]

BATCH_CHARACTERS = 1 << 24
"""A JSONL batch ends early when its texts reach this size, so that huge documents cannot fill the memory."""
BATCH_BYTES = 1 << 23
"""The approximate size of a Parquet slice on disk, for average rows; in memory it is two or three times that."""

COLUMN_ROWS = 1 << 16
"""Rows of one column that are read together: some 10 MB of the facts of a run."""


@dataclass(frozen=True)
class ColumnSelection:
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
        return list(parquet_schema(path))
    for number, line in _lines(path):
        return list(_parse(path, number, line))
    return []


def parquet_schema(path: Path) -> "dict[str, pl.DataType]":
    """Columns of a Parquet file with their types. Raises `InputError` for a file that is not Parquet."""
    import polars as pl

    try:
        return dict(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise_unreadable(path, error)


def parquet_rows(path: Path) -> int:
    """The number of rows of a Parquet file, from its footer."""
    import polars as pl

    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise_unreadable(path, error)


def parquet_column(path: Path, name: str) -> "Iterator[pl.Series]":
    """One column of a Parquet file, some rows at a time; of a file without rows it is one empty part."""
    import polars as pl

    for start in range(0, max(1, parquet_rows(path)), COLUMN_ROWS):
        try:
            yield pl.scan_parquet(path, glob=False).select(name).slice(start, COLUMN_ROWS).collect()[name]
        except (pl.exceptions.PolarsError, OSError) as error:
            raise_unreadable(path, error)


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
            raise_unreadable(self.path, error)
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
    path: Path, selection: ColumnSelection, batch_rows: int, start: int = 0, stop: int | None = None
) -> Iterator[Slice]:
    """The rows [start, stop) of a Parquet file in slices that can be read independently.

    Reading slice by slice keeps one in memory at a time; polars' own batches keep many.
    """
    import polars as pl

    schema = parquet_schema(path)
    for name in selection.required:
        if name not in schema:
            raise _missing(path, name, list(schema))
    kind = schema[selection.text]
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        raise InputError(
            f"column {selection.text!r} has type {kind}, not text", str(path), "Name another with --text-column"
        )
    present = tuple(name for name in selection.all if name in schema)
    absent = tuple(name for name in selection.optional if name not in schema)
    rows = parquet_rows(path)
    step = max(1, min(batch_rows, BATCH_BYTES * rows // max(1, path.stat().st_size)))
    last = rows if stop is None else min(stop, rows)
    for first in range(start, last, step):
        yield Slice(path, selection.text, present, absent, first, min(step, last - first))


def jsonl_frames(
    path: Path,
    selection: ColumnSelection,
    batch_rows: int,
    start: int = 0,
    stop: int | None = None,
    first_line: int = 1,
) -> "Iterator[pl.DataFrame]":
    """The rows of a JSONL file, skipping blank lines.

    Of an uncompressed file only the lines that begin in bytes [start, stop), the first of which is line `first_line`.
    """
    rows: list[tuple[int, dict[str, Any]]] = []
    characters = 0
    for number, row in json_rows(path, selection, start, stop, first_line):
        rows.append((number, row))
        characters += len(row[selection.text])
        if len(rows) >= batch_rows or characters >= BATCH_CHARACTERS:
            yield _frame(path, rows, selection)
            rows, characters = [], 0
    if rows:
        yield _frame(path, rows, selection)


def json_rows(
    path: Path, selection: ColumnSelection, start: int = 0, stop: int | None = None, first_line: int = 1
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, row with all its keys) of a JSONL file; every row has the required columns and a proper text."""
    for number, line in _lines(path, start, stop, first_line):
        row = _parse(path, number, line)
        _check_row(path, number, row, selection)
        yield number, row


def _lines(path: Path, start: int = 0, stop: int | None = None, first_line: int = 1) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(plain_lines(path, start, stop), first_line):
        if line.strip():
            yield number, line


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.rstrip())
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 ({error.reason})", f"{path}:{number}", "Convert the file to UTF-8") from error
    except json.JSONDecodeError as error:
        is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(error.doc)
        why = "the line is truncated" if is_cut else f"{error.msg} at character {error.pos + 1}"
        raise InputError(f"not JSON ({why})", f"{path}:{number}", "Fix or delete the line") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({first_line(error)})", f"{path}:{number}", "Fix or delete the line") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object", f"{path}:{number}", 'Each line must look like {"text": "..."}')
    return row


def _check_row(path: Path, number: int, row: dict[str, Any], selection: ColumnSelection) -> None:
    for name in selection.required:
        if name not in row:
            raise _missing(path, name, list(row), number)
    text = row[selection.text]
    if not isinstance(text, str):
        kinds = {
            type(None): "null",
            bool: "a boolean",
            int: "a number",
            float: "a number",
            list: "a list",
            dict: "an object",
        }
        what = f"{selection.text!r} is {kinds[type(text)]}, not text"
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


def _missing(path: Path, name: str, columns: Sequence[str], line: int | None = None) -> InputError:
    where = str(path) if line is None else f"{path}:{line}"
    fix = f"It has {', '.join(columns) or 'none'}"
    if name == "text" and columns:  # the default
        own = columns[0] if len(columns) == 1 else "NAME"
        fix += f": rename the column of texts to text, or name it where the command takes it: --text-column {own}"
    return InputError(f"no column {name!r}", where, fix)


def _frame(path: Path, rows: list[tuple[int, dict[str, Any]]], selection: ColumnSelection) -> "pl.DataFrame":
    import polars as pl

    from docgen.corpus.json_column_types import common_type, type_of, typed_series

    where = f"{path}, lines {rows[0][0]} to {rows[-1][0]}"
    columns = []
    for name in selection.all:
        values = [row.get(name) for _, row in rows]
        kind: Any = pl.Null()
        for value in values:
            if type(value) is not str or kind != pl.String:  # most values are texts, whose type is known by then
                kind = common_type(kind, type_of(value, name, where), name, where)
        columns.append(typed_series(name, values, kind, where))
    return pl.DataFrame(columns)


def whole_rows(path: Path, text_column: str = "text") -> Iterator[dict[str, Any]]:
    """Every row with all its columns, of whatever type, in file order."""
    if not is_parquet(path):
        for _, row in json_rows(path, ColumnSelection(text_column)):
            yield row
        return
    # Some rows at a time: as Python values they take several times their memory in a frame.
    for part in parquet_slices(path, ColumnSelection(text_column, tuple(parquet_schema(path))), batch_rows=1024):
        frame = part.read()
        yield from frame.iter_rows(named=True)


def json_line(row: Mapping[str, object]) -> bytes:
    """A row as a line, as readable as can be: a lone surrogate, which only an escape can hold, has it escaped."""
    text = json.dumps(row, ensure_ascii=False, default=_plain)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row, default=_plain).encode() + b"\n"


def _plain(value: object) -> object:
    """Records, and what only Parquet holds: dates, decimals, bytes."""
    return to_jsonable_python(value, bytes_mode="base64")
