"""Labels in a separate SQLite file: several browsers may write at once, and rebuilding a corpus loses none."""

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from docgen.errors import UserError
from docgen.text import digest

__all__ = ["VERDICTS", "Label", "LabelError", "LabelStore"]

VERDICTS = {
    "document": ("good", "bad"),
    "fact": ("stated", "implied", "contradicted", "absent"),
    "rule": ("broken", "clean"),
    "whole": ("complete",),
    "read": ("read",),
}
"""What can be said about what. "whole: complete" says that everything else is absent, or clean."""

TABLES = """
CREATE TABLE IF NOT EXISTS label (id INTEGER PRIMARY KEY, document TEXT NOT NULL, digest TEXT NOT NULL,
    kind TEXT NOT NULL, subject TEXT NOT NULL, verdict TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    quote TEXT NOT NULL, note TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, draw INTEGER, undone TEXT);
CREATE INDEX IF NOT EXISTS label_document ON label (document);
CREATE TABLE IF NOT EXISTS text (digest TEXT PRIMARY KEY, body TEXT NOT NULL, doc_type TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draw (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, seed INTEGER NOT NULL,
    strata TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drawn (draw INTEGER NOT NULL, place INTEGER NOT NULL, document TEXT NOT NULL,
    stratum TEXT NOT NULL, PRIMARY KEY (draw, place)) WITHOUT ROWID;
"""
COLUMNS = 'id, document, digest, kind, subject, verdict, start, "end", quote, note, who, at, draw'


P = ParamSpec("P")
R = TypeVar("R")


class LabelError(UserError):
    """A label that cannot be kept, or labels that cannot be read."""


def _in_words(method: "Callable[Concatenate[LabelStore, P], R]") -> "Callable[Concatenate[LabelStore, P], R]":
    """The method, which raises `LabelError` where SQLite cannot do it. Labels are nobody's to make anew."""

    @wraps(method)
    def call(store: "LabelStore", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(store, *args, **kwargs)
        except sqlite3.Error as error:
            fix = "See whether the disk has room; a damaged file restore, or move it away to begin anew"
            raise LabelError(f"labels cannot be read or kept ({error})", str(store.file), fix) from error

    return call


@dataclass(frozen=True)
class Label:
    """One statement about one document; text[start:end] is the passage, empty for a statement about all of it.

    `digest` is that of the text, `draw` the blind draw that it was made in, `at` the time in UTC.
    """

    id: int
    document: str
    digest: str
    kind: str
    subject: str
    verdict: str
    start: int = 0
    end: int = 0
    quote: str = ""
    note: str = ""
    who: str = ""
    at: str = ""
    draw: int | None = None

    def as_json(self) -> dict[str, Any]:
        """In the form for a page's JSON."""
        return asdict(self)


class LabelStore:
    """The labels of one corpus. `why_not` says why they cannot be written, "" if they can."""

    def __init__(self, folder: Path, why_not: str = "") -> None:
        self.file, self.why_not = folder / "labels.sqlite", why_not
        self._local = threading.local()

    @_in_words
    def add(self, label: Label, text: str, doc_type: str = "") -> Label:
        """Store a label of a document with this text; returns it with its id and time. Raises `LabelError`."""
        if label.verdict not in VERDICTS.get(label.kind, ()):
            raise LabelError(
                f"{label.verdict!r} is not a verdict on a {label.kind}", label.document, "Use the page's buttons"
            )
        if not 0 <= label.start <= label.end <= len(text):
            raise LabelError("the passage is outside the text", label.document, "Load the page again")
        key = digest(text)
        quote = text[label.start : label.end].encode("utf-8", "replace").decode()
        values = (
            label.document, key, label.kind, label.subject, label.verdict, label.start, label.end, quote,
            label.note, label.who, _now(), label.draw,
        )  # fmt: skip
        clean = text.encode("utf-8", "replace").decode()
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO text VALUES (?, ?, ?)", (key, clean, doc_type))
            cursor = connection.execute(
                'INSERT INTO label (document, digest, kind, subject, verdict, start, "end", quote, note, who, at, draw)'
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        return Label(int(cursor.lastrowid or 0), *values)

    @_in_words
    def undo(self, identifier: int) -> bool:
        """Take a label back; it stays on disk, marked as undone. Returns whether there was one."""
        cursor = self._write().execute(
            "UPDATE label SET undone = ? WHERE id = ? AND undone IS NULL", (_now(), identifier)
        )
        return cursor.rowcount > 0

    def of(self, document: str) -> list[Label]:
        """The labels in force on one document, the oldest first."""
        return self._labels("document = ?", document)

    def all(self) -> list[Label]:
        """Every label in force, the oldest first."""
        return self._labels("1")

    def by_draw(self, draw: int) -> list[Label]:
        """What was said in one blind draw."""
        return self._labels("draw = ?", draw)

    @_in_words
    def _labels(self, where: str, *values: object) -> list[Label]:
        rows = self._rows(f"SELECT {COLUMNS} FROM label WHERE undone IS NULL AND {where} ORDER BY id", *values)
        return [Label(*row) for row in rows]

    def documents(self, state: str) -> set[str]:
        """Ids of the documents with a label: "any", "read", "good", "complete", "noted", or a fact's or rule's id."""
        labels = [label for label in self.all() if (label.kind == "read") == (state == "read")]
        if state == "noted":
            labels = [label for label in labels if label.note]
        elif state not in ("any", "read"):
            labels = [label for label in labels if state in (label.verdict, label.subject)]
        return {label.document for label in labels}

    @_in_words
    def text(self, key: str) -> tuple[str, str]:
        """A labelled text and the type of its document, by its digest."""
        rows = self._rows("SELECT body, doc_type FROM text WHERE digest = ?", key)
        return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")

    @_in_words
    def add_draw(self, subject: str, seed: int, strata: str, who: str, documents: Iterable[tuple[str, str]]) -> int:
        """Store a blind draw: the documents with the stratum of each, in the order in which they are shown."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO draw (subject, seed, strata, who, at) VALUES (?, ?, ?, ?, ?)",
                (subject, seed, strata, who, _now()),
            )
            draw = int(cursor.lastrowid or 0)
            rows = ((draw, place, name, stratum) for place, (name, stratum) in enumerate(documents))
            connection.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?)", rows)
        return draw

    @_in_words
    def draws(self) -> list[dict[str, Any]]:
        """All draws, the newest first."""
        rows = self._rows("SELECT id, subject, seed, strata, who, at FROM draw ORDER BY id DESC")
        return [dict(zip(("id", "subject", "seed", "strata", "who", "at"), row, strict=True)) for row in rows]

    @_in_words
    def drawn(self, draw: int) -> list[tuple[str, str]]:
        """(document, stratum) of a draw, in order."""
        rows = self._rows("SELECT document, stratum FROM drawn WHERE draw = ? ORDER BY place", draw)
        return [(str(name), str(stratum)) for name, stratum in rows]

    def _rows(self, query: str, *values: object) -> list[Any]:
        """The rows of a query; none if there are no labels yet."""
        return self._connection().execute(query, values).fetchall() if self.file.exists() else []

    def _write(self) -> sqlite3.Connection:
        if self.why_not:
            raise LabelError("labels cannot be stored here", str(self.file.parent), self.why_not)
        return self._connection()

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        if not hasattr(self._local, "connection"):
            mode = "ro" if self.why_not else "rwc"
            uri = f"{self.file.resolve().as_uri()}?mode={mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
            if not self.why_not:
                connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {TABLES}")
            self._local.connection = connection
        opened: sqlite3.Connection = self._local.connection
        return opened

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """What is written within is kept whole or not at all."""
        connection = self._write()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
