"""The write-ahead log of a run's message batches, `batches.jsonl`.

An intent is on disk before a batch is created, so that a batch whose creation was interrupted is looked up instead of
bought again. States of an entry: intended -> created -> done; intended -> adopted (the server has candidates for it) ->
created; intended or adopted -> abandoned (none of them was it).
"""

import datetime as dt
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from docgen.files.append_log import AppendLog, read_entries
from docgen.text import digest

__all__ = ["BatchEntry", "BatchLog", "BatchPlan", "lost_batches", "read_batches"]


@dataclass(frozen=True)
class BatchPlan:
    """How large batches are and how often they are polled; times in seconds.

    At most `requests` requests and `bytes` bytes each. The API takes 100,000 and 256 MB, but the body is built in
    memory, so about a fifth of both. `poll`: first and longest wait between polls of a batch, `looks`: waits between
    searches for a batch whose creation was interrupted (chosen).
    """

    requests: int = 20_000
    bytes: int = 48_000_000
    poll: tuple[float, float] = (2.0, 60.0)
    looks: tuple[float, ...] = (0.5, 2.0, 5.0)


@dataclass(frozen=True)
class BatchEntry:
    """One batch of the run. `worst` is its worst-case cost in dollars; `batch` its id, "" until it is known."""

    token: str
    stage: str
    model: str
    at: dt.datetime
    worst: float
    keys: tuple[str, ...] = field(repr=False)
    batch: str = ""
    candidates: tuple[str, ...] = ()
    state: str = "intended"
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it may still deliver replies."""
        return self.state in ("intended", "adopted", "created")


KEY = re.compile("(?:[0-9a-f]{2})+")
FIELDS = tuple(each.name for each in fields(BatchEntry))


class BatchLog:
    """The log, opened for appending. `entries` by token, in the order of their intents."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AppendLog(path)
        self.entries = {entry.token: entry for entry in read_batches(path)}

    @property
    def open_entries(self) -> list[BatchEntry]:
        """Batches that may still deliver replies."""
        return [entry for entry in self.entries.values() if entry.open]

    def intend(self, keys: Sequence[str], stage: str, model: str, worst: float) -> BatchEntry:
        """Record that a batch of these requests is about to be created; synced to disk when this returns."""
        now = dt.datetime.now(dt.UTC)
        token = digest(now.isoformat(), *keys, size=8)
        entry = BatchEntry(token, stage, model, now, worst, tuple(keys))
        content = {"stage": stage, "model": model, "at": now.isoformat(), "worst": worst, "keys": list(keys)}
        self._append(entry, content)
        self._log.sync()
        return entry

    def created(self, entry: BatchEntry, batch: str) -> BatchEntry:
        """Record the id of a created batch."""
        return self._change(entry, state="created", batch=batch)

    def adopted(self, entry: BatchEntry, candidates: Sequence[str]) -> BatchEntry:
        """Record the ids of batches of which one may be this entry's, the reply to its creation having been lost."""
        return self._change(entry, state="adopted", candidates=tuple(candidates))

    def done(self, entry: BatchEntry, counts: dict[str, int]) -> BatchEntry:
        """Record that all results are journalled; `counts` by result type."""
        return self._change(entry, state="done", counts=counts)

    def abandoned(self, entry: BatchEntry) -> BatchEntry:
        """Record that no batch was created, or that its results are no longer available."""
        return self._change(entry, state="abandoned")

    def close(self) -> None:
        """Sync and close; idempotent."""
        self._log.close()

    def _change(self, entry: BatchEntry, **fields: Any) -> BatchEntry:
        changed = BatchEntry(**{**entry.__dict__, **fields})
        self._append(changed, fields)
        return changed

    def _append(self, entry: BatchEntry, fields: dict[str, Any]) -> None:
        self._log.append(json.dumps({"token": entry.token, "state": entry.state, **fields}).encode())
        self.entries[entry.token] = entry


def read_batches(path: Path) -> list[BatchEntry]:
    """The entries of a log, which another process may be writing; a line that makes no sense changes nothing."""
    rows: dict[str, dict[str, Any]] = {}
    entries: dict[str, BatchEntry] = {}
    for change in read_entries(path):
        token = str(change.get("token"))
        row = rows.get(token, {}) | change
        try:
            entry = _adapter().validate_python({name: row[name] for name in FIELDS if name in row})
        except ValidationError:
            continue
        if entry.at.tzinfo is not None and 0 <= entry.worst < math.inf and all(map(KEY.fullmatch, entry.keys)):
            rows[token], entries[token] = row, entry
    return list(entries.values())


def lost_batches(path: Path) -> int:
    """Batches for which a log has later lines but not the first, which says what was requested."""
    tokens = {str(change.get("token")) for change in read_entries(path)}
    return len(tokens) - len(read_batches(path))


@cache
def _adapter() -> "TypeAdapter[BatchEntry]":
    return TypeAdapter(BatchEntry)
