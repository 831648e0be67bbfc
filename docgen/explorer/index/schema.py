"""The index on disk: one SQLite file with columns of numbers, a full-text index, and what was not accepted.

Texts of a run stay in attempts.jsonl: the index has the place of each. Columns are arrays in segments of `SEGMENT`
documents, so that a filter over a million documents is one pass over a few megabytes, and its count is exact.
"""

import json
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "SEGMENT",
    "VERSION",
    "DamagedIndex",
    "add_checksum",
    "connect",
    "create",
    "get_meta",
    "is_of_machine",
    "put_meta",
    "read_meta",
    "read_only",
    "remove_checksum",
]  # fmt: skip

VERSION = 2
"""Version of the schema; an index of another version is rebuilt."""
SEGMENT = 1 << 16
"""Documents in a segment of a column. Chosen: growing a run by a few documents rewrites a quarter of a megabyte."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE segment (name TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX segment_place ON segment (name, number);
CREATE TABLE term (kind TEXT NOT NULL, code INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, code))
    WITHOUT ROWID;
CREATE TABLE name (doc INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE INDEX name_id ON name (id);
CREATE TABLE body (doc INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE frequent (word TEXT PRIMARY KEY, upto INTEGER NOT NULL, mask BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE attempt (id INTEGER PRIMARY KEY, slot INTEGER NOT NULL, number INTEGER NOT NULL, verdict TEXT NOT NULL,
    at INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE INDEX attempt_slot ON attempt (slot, number);
CREATE TABLE reason (code TEXT NOT NULL, subject TEXT NOT NULL, attempt INTEGER NOT NULL,
    PRIMARY KEY (code, attempt, subject)) WITHOUT ROWID;
CREATE INDEX reason_subject ON reason (subject, code);
CREATE TABLE kind (id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE idea (id TEXT PRIMARY KEY, doc_type TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX idea_type ON idea (doc_type);
CREATE TABLE judged (key BLOB PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
"""


class DamagedIndex(sqlite3.DatabaseError):
    """The index holds what nobody wrote, or is of another corpus than the one that lies there now."""


OF_MACHINE = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN,
     sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM}
)  # fmt: skip


def is_of_machine(error: sqlite3.Error) -> bool:
    """Whether the disk, or another process, is at fault and not what the index holds."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in OF_MACHINE


def add_checksum(data: bytes) -> bytes:
    """Bytes as they are kept: with their checksum, which SQLite has none of, in the last four bytes."""
    return data + zlib.crc32(data).to_bytes(4, "big")


def remove_checksum(data: bytes) -> memoryview:
    """What was sealed. Raises `DamagedIndex` for anything else."""
    body = memoryview(data)[:-4] if isinstance(data, bytes) else memoryview(b"")
    if zlib.crc32(body).to_bytes(4, "big") != data[-4:]:
        raise DamagedIndex("a part of it is not what was written")
    return body


def connect(file: Path) -> sqlite3.Connection:
    """The index opened for writing; SQLite undoes what a killed writer left half done.

    `synchronous` is off: a power failure can cost the index, which is then rebuilt, never a label or a document.
    """
    connection = sqlite3.connect(file, timeout=0.2, isolation_level=None, check_same_thread=False)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-32000;")
    return connection


def read_only(file: Path) -> sqlite3.Connection:
    """The index opened for reading, by one thread at a time. It is not memory-mapped, which would count as memory."""
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=5, check_same_thread=False)
    connection.executescript("PRAGMA query_only=1; PRAGMA cache_size=-8000;")
    return connection


def create(connection: sqlite3.Connection, source: str) -> None:
    """An empty index for what `source` describes."""
    connection.executescript(f"BEGIN; {TABLES} COMMIT;")
    # Bytes of the full-text index in memory before a segment is written: halves the time of a first indexing, measured;
    # a larger value gains nothing more.
    connection.execute("INSERT INTO words (words, rank) VALUES ('hashsize', ?)", (16 << 20,))
    # Segments of one size that are merged into one, the most that SQLite takes: indexing takes an eighth less than with
    # its own choice of 4, measured.
    connection.execute("INSERT INTO words (words, rank) VALUES ('automerge', ?)", (16,))
    put_meta(connection, "version", VERSION)
    put_meta(connection, "source", source)


def get_meta(connection: sqlite3.Connection, key: str, default: Any = None) -> Any:
    """A value that the index recorded about itself."""
    return read_meta(connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone(), default)


def read_meta(row: Sequence[Any] | None, default: Any) -> Any:
    """The value in a row of the notes. Raises `DamagedIndex` for one that was not written so."""
    return default if row is None else json.loads(bytes(remove_checksum(row[0])))


def put_meta(connection: sqlite3.Connection, key: str, value: Any) -> None:
    """Record a value, anything that JSON can represent."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, add_checksum(json.dumps(value).encode())))
