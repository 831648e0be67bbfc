"""Columns of numbers, one entry for each document, in segments that only grow at their end."""

import sqlite3
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from docgen.explorer.index.schema import SEGMENT, add_checksum, remove_checksum

__all__ = [
    "DIRECTNESS",
    "PROMINENCE",
    "Array",
    "append",
    "dtype_of",
    "fact_code",
    "join_segments",
    "read_column",
    "read_fact_code",
]

Array: TypeAlias = Any
"""A one-dimensional numpy array."""

WIDTHS = {
    "at": np.int64,
    "plan": np.int64,
    "size": np.int32,
    "slot": np.int32,
    "type": np.int32,
    "idea": np.int32,
    "model": np.int16,
}
DIRECTNESS, PROMINENCE = ("stated", "implied"), ("central", "supporting", "passing")


def dtype_of(name: str) -> Any:
    """The type of a column: facts, rules and verdicts are bytes, counts are 32 bits wide."""
    return np.uint8 if ":" in name else WIDTHS.get(name, np.int32)


def fact_code(directness: str, prominence: str) -> int:
    """How a fact is in a document, from 1 to 6; 0 is for documents without it."""
    how = DIRECTNESS.index(directness) if directness in DIRECTNESS else 0
    place = PROMINENCE.index(prominence) if prominence in PROMINENCE else 1
    return 1 + 3 * how + place


def read_fact_code(code: int) -> tuple[str, str]:
    """Directness and prominence of a code from 1 to 6."""
    return DIRECTNESS[(code - 1) // 3], PROMINENCE[(code - 1) % 3]


def append(connection: sqlite3.Connection, name: str, first: int, values: Array) -> None:
    """Append `values`, from document `first` on, to a column; missing documents before it are 0."""
    values, done = np.asarray(values, dtype_of(name)), 0
    while done < len(values):
        number, place = divmod(first + done, SEGMENT)
        part = values[done : done + SEGMENT - place]
        row = connection.execute("SELECT data FROM segment WHERE name = ? AND number = ?", (name, number)).fetchone()
        whole = np.zeros(place + len(part), values.dtype)
        if row:
            before = np.frombuffer(remove_checksum(row[0]), values.dtype)[:place]
            whole[: len(before)] = before
        whole[place:] = part
        connection.execute(
            "INSERT OR REPLACE INTO segment VALUES (?, ?, ?)", (name, number, add_checksum(whole.tobytes()))
        )
        done += len(part)


def read_column(connection: sqlite3.Connection, name: str, documents: int) -> Array:
    """The first `documents` entries of a column, 0 where it has none."""
    return join_segments(
        connection.execute("SELECT number, data FROM segment WHERE name = ?", (name,)), name, documents
    )


def join_segments(rows: Iterable[tuple[int, bytes]], name: str, documents: int) -> Array:
    """A column from its segments. Raises `DamagedIndex`."""
    whole = np.zeros(documents, dtype_of(name))
    for number, data in rows:
        part = np.frombuffer(remove_checksum(data), whole.dtype)[: max(0, documents - number * SEGMENT)]
        whole[number * SEGMENT : number * SEGMENT + len(part)] = part
    return whole
