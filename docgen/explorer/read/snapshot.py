"""One state of an index, opened for reading: columns in memory as far as they fit, texts on disk."""

import os
import sqlite3
import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import Any

from docgen.explorer.index.column_segments import Array, join_segments, read_fact_code
from docgen.explorer.index.entries import attempt_there, body_text
from docgen.explorer.index.schema import SEGMENT, DamagedIndex, read_meta, read_only
from docgen.records import Slot, document_id, slot_of

__all__ = ["Snapshot"]

COLUMN_BYTES = 56 << 20
"""Columns kept in memory. Chosen: fifty byte columns of a million documents; with 96 MB the server passes 300 MB."""


class Snapshot:
    """The first `documents` documents of an index. Safe to use from several threads at once.

    `run` is the folder of a run, None for other corpora, whose texts are in the index.
    """

    def __init__(self, file: Path, run: Path | None) -> None:
        self.file, self.run = file, run
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._columns: OrderedDict[str, Array] = OrderedDict()
        self.cache: OrderedDict[Any, Any] = OrderedDict()
        """Cache of what is computed from this snapshot: see `remember`."""
        self.summary: dict[str, Any] = self.meta("summary", {})
        self.documents: int = self.summary.get("documents", 0)
        self.world: dict[str, Any] = self.meta("world", {"id": "", "title": "", "facts": [], "config": {}})
        # Opened once: where a run replaces its files, this state goes on reading those that it was indexed from.
        self._attempts = (
            os.open(run / "attempts.jsonl", os.O_RDONLY) if run and (run / "attempts.jsonl").exists() else -1
        )
        self._slots = os.open(run / "slots.jsonl", os.O_RDONLY) if run and (run / "slots.jsonl").exists() else -1

    def __del__(self) -> None:
        # By `getattr`, since a damaged index makes `__init__` raise half way.
        for connection in getattr(self, "_idle", ()):
            connection.close()
        for fd in (getattr(self, "_attempts", -1), getattr(self, "_slots", -1)):
            if fd >= 0:
                os.close(fd)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """All rows of a query, over a connection that nobody else uses at the same time."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or read_only(self.file)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            with self._lock:
                self._idle.append(connection)

    def meta(self, key: str, default: Any = None) -> Any:
        """A value that the index recorded."""
        rows = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return read_meta(rows[0] if rows else None, default)

    def column(self, name: str) -> Array:
        """A column of the documents; the least used are dropped when their memory is full."""
        with self._lock:
            if name in self._columns:
                self._columns.move_to_end(name)
                return self._columns[name]
        rows = self.rows("SELECT number, data FROM segment WHERE name = ?", name)
        column = join_segments(rows, name, self.documents)
        with self._lock:
            self._columns[name] = column
            while sum(stored.nbytes for stored in self._columns.values()) > COLUMN_BYTES and len(self._columns) > 1:
                self._columns.popitem(last=False)
        return column

    def remember(self, key: Any, compute: Any, most: int = 24) -> Any:
        """A value computed once; the `most` last used of the same kind, `key[0]`, are kept."""
        with self._lock:
            if key in self.cache:
                self.cache.move_to_end(key)
                return self.cache[key]
        value = compute()
        with self._lock:
            self.cache[key] = value
            same = [other for other in self.cache if other[0] == key[0]]
            for other in same[:-most]:
                del self.cache[other]
        return value

    @cached_property
    def terms(self) -> dict[str, list[str]]:
        """Names by code of the facts, rules, types and models."""
        names: dict[str, list[str]] = {"fact": [], "rule": [], "type": [], "model": []}
        for kind, value in self.rows("SELECT kind, value FROM term WHERE kind != 'idea' ORDER BY kind, code"):
            names.setdefault(kind, []).append(value)
        return names

    @cached_property
    def facts(self) -> list[str]:
        """Ids of all facts: those of the world in its order, then any other that documents have."""
        world_facts = [fact["id"] for fact in self.world["facts"]]
        return world_facts + [name for name in self.terms["fact"] if name not in world_facts]

    @cached_property
    def kinds(self) -> dict[str, tuple[str, str]]:
        """Name and description of the document types by id."""
        return {id_: (name, text) for id_, name, text in self.rows("SELECT id, name, description FROM kind")}

    def type_name(self, kind: str) -> str:
        """What a type is called."""
        return self.kinds[kind][0] if kind in self.kinds else kind

    def code(self, kind: str, value: str) -> int | None:
        """The code of a name; None for one that no document has."""
        rows = self.rows("SELECT code FROM term WHERE kind = ? AND value = ?", kind, value)
        return int(rows[0][0]) if rows else None

    def idea_id(self, doc: int) -> str:
        """The idea of a document: its id or its text."""
        code = int(self.column("idea")[doc])
        rows = self.rows("SELECT value FROM term WHERE kind = 'idea' AND code = ?", code)
        return str(rows[0][0]) if rows else ""

    def idea_text(self, idea: str) -> str:
        """What an idea says; the text itself if it is not an id."""
        rows = self.rows("SELECT text FROM idea WHERE id = ?", idea)
        return str(rows[0][0]) if rows else idea

    def id_of(self, doc: int) -> str:
        """The id of a document."""
        if self.run is not None:
            return document_id(int(self.column("slot")[doc]))
        rows = self.rows("SELECT id FROM name WHERE doc = ?", doc)
        return str(rows[0][0])

    def find(self, name: str) -> int | None:
        """The document with an id; None if there is none."""
        if self.run is None:
            rows = self.rows("SELECT doc FROM name WHERE id = ? AND doc < ? LIMIT 1", name, self.documents)
            return int(rows[0][0]) if rows else None
        try:
            slot = slot_of(name)
        except ValueError:
            return None
        return self.in_slot(slot)

    def in_slot(self, slot: int) -> int | None:
        """The accepted document of a slot."""
        places = (self.column("slot") == slot).nonzero()[0]
        return int(places[0]) if len(places) else None

    def record(self, doc: int) -> dict[str, Any]:
        """The attempt that a document was accepted in; for other corpora a record with its text and names."""
        if self.run is None:
            rows = self.rows("SELECT text FROM body WHERE doc = ?", doc)
            codes = [(name, int(self.column(f"fact:{code}")[doc])) for code, name in enumerate(self.terms["fact"])]
            pairs = [(name, read_fact_code(code)) for name, code in codes if code]
            facts = [{"fact": name, "directness": how, "prominence": place} for name, (how, place) in pairs]
            text = body_text(rows[0][0])
            return {"text": text, "verdict": "accepted", "number": 1, "facts": facts, "findings": []}
        return self.attempt(int(self.column("at")[doc]), int(self.column("size")[doc]))

    def attempt(self, at: int, size: int) -> dict[str, Any]:
        """The attempt whose line lies there. Raises `DamagedIndex` if the file was changed under the index."""
        if self._attempts < 0 or min(at, size) < 0:
            raise DamagedIndex("attempts.jsonl is not the file that was indexed")
        return attempt_there(os.pread(self._attempts, size, at)).model_dump(mode="json")

    def slot(self, slot: int) -> dict[str, Any] | None:
        """What was planned for a slot; None without a plan, or where its line in the plan is damaged."""
        if self._slots < 0 or not 0 <= slot < self.meta("slots", 0):
            return None
        number, place = divmod(slot, SEGMENT)  # of the column "plan", whose entries have eight bytes
        rows = self.rows(
            "SELECT substr(data, ?, 16) FROM segment WHERE name = 'plan' AND number = ?", place * 8 + 1, number
        )
        start = int.from_bytes(rows[0][0][:8], "little") if rows else 0
        try:
            line = os.pread(self._slots, 1 << 16, start).partition(b"\n")[0]
            planned = Slot.model_validate_json(line, extra="ignore")
        except (ValueError, OSError):  # OSError: the place of a damaged index lies beyond what a file can have
            return None
        return planned.model_dump(mode="json") if planned.id == slot else None
