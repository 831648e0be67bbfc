"""The write-ahead log of a run's message batches, `batches.jsonl`.

An intent is on disk before a batch is created, so that a batch whose creation was cut off is looked for, not bought
again. States of one entry: intended -> created -> done; intended -> adopted (there are candidates for it on the server)
-> created; intended or adopted -> abandoned (none was it).
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docgen.files.append_log import AppendLog, read_lines
from docgen.text import digest

__all__ = ["BatchEntry", "BatchLog", "BatchPlan", "read_batches"]


@dataclass(frozen=True)
class BatchPlan:
    """How to make and follow batches.

    At most so many requests and bytes each: the API takes 100,000 and 256 MB, but a body of that size would sit in
    memory. `poll`: first and longest wait between looks at a batch; `looks`: waits between searches for a batch whose
    creation was cut off; all in seconds.
    """

    requests: int = 20_000
    bytes: int = 48_000_000
    poll: tuple[float, float] = (2.0, 60.0)
    looks: tuple[float, ...] = (0.5, 2.0, 5.0)


@dataclass(frozen=True)
class BatchEntry:
    """One batch of the run. `worst` is what it can cost at most, in dollars; `batch` "" until its creation is known."""

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
        """Whether replies may still be had from it."""
        return self.state in ("intended", "adopted", "created")


class BatchLog:
    """The log opened for appending; `entries` by token, in the order intended."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AppendLog(path)
        self.entries = {entry.token: entry for entry in read_batches(path)}

    @property
    def open_entries(self) -> list[BatchEntry]:
        """Batches from which replies may still be had."""
        return [entry for entry in self.entries.values() if entry.open]

    def intend(self, keys: Sequence[str], stage: str, model: str, worst: float) -> BatchEntry:
        """Record that a batch of these requests is about to be created; on the disk when this returns."""
        now = dt.datetime.now(dt.UTC)
        token = digest(now.isoformat(), *keys, size=8)
        entry = BatchEntry(token, stage, model, now, worst, tuple(keys))
        fields = {"stage": stage, "model": model, "at": now.isoformat(), "worst": worst, "keys": list(keys)}
        self._append(entry, fields)
        self._log.sync()
        return entry

    def created(self, entry: BatchEntry, batch: str) -> BatchEntry:
        """Record the id that a batch got."""
        return self._change(entry, state="created", batch=batch)

    def adopted(self, entry: BatchEntry, candidates: Sequence[str]) -> BatchEntry:
        """Record the batches one of which may be this one, its creation's reply having been lost."""
        return self._change(entry, state="adopted", candidates=tuple(candidates))

    def done(self, entry: BatchEntry, counts: dict[str, int]) -> BatchEntry:
        """Record that all results are in the journal; `counts` by result type."""
        return self._change(entry, state="done", counts=counts)

    def abandoned(self, entry: BatchEntry) -> BatchEntry:
        """Record that no batch came of it, or that its results are gone."""
        return self._change(entry, state="abandoned")

    def close(self) -> None:
        """Sync and close; closing twice is fine."""
        self._log.close()

    def _change(self, entry: BatchEntry, **fields: Any) -> BatchEntry:
        changed = BatchEntry(**{**entry.__dict__, **fields})
        self._append(changed, fields)
        return changed

    def _append(self, entry: BatchEntry, fields: dict[str, Any]) -> None:
        self._log.append(json.dumps({"token": entry.token, "state": entry.state, **fields}).encode())
        self.entries[entry.token] = entry


def read_batches(path: Path) -> list[BatchEntry]:
    """The entries of a log, also of one that another process is writing."""
    rows: dict[str, dict[str, Any]] = {}
    for _, line in read_lines(path):
        change = json.loads(line)
        rows.setdefault(change["token"], {}).update(change)
    return [_entry(row) for row in rows.values()]


def _entry(row: dict[str, Any]) -> BatchEntry:
    row = {**row, "at": dt.datetime.fromisoformat(row["at"]), "keys": tuple(row["keys"])}
    return BatchEntry(**{**row, "candidates": tuple(row.get("candidates", ()))})
