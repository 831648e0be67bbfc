"""The journal of paid replies: on disk before anything parses them, found again by the request's key.

One line per completed call, `{"key": ..., "stage": ..., "model": ..., ..., "text": ...}`; the key stands first and the
text last. In memory a row costs its key and its place in the file; replies are read back when asked for.
"""

import json
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from docgen.files.append_log import FSYNC_SECONDS, AppendLog, read_lines
from docgen.llm.protocol import Completion, Request, Usage

__all__ = ["Journal", "JournalReader", "Tally", "Totals", "journal_totals"]

_LENGTH_BITS = 32


@dataclass(slots=True)
class Tally:
    """Running sums over calls. `unpriced` counts the calls whose model had no known price."""

    calls: int = 0
    batched: int = 0
    unpriced: int = 0
    dollars: float = 0.0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def usage(self) -> Usage:
        """The tokens as one record."""
        return Usage(input=self.input, output=self.output, cache_read=self.cache_read, cache_write=self.cache_write)

    def add(self, usage: Usage, dollars: float | None, batched: bool = False) -> None:
        """Count one call."""
        self.calls += 1
        self.batched += batched
        self.unpriced += dollars is None
        self.dollars += dollars or 0.0
        self.input += usage.input
        self.output += usage.output
        self.cache_read += usage.cache_read
        self.cache_write += usage.cache_write

    def merge(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Totals:
    """What a journal holds: tallies by (stage, model), replies by (stage, stop reason, refusal category)."""

    by_stage: dict[tuple[str, str], Tally] = field(default_factory=dict)
    stops: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, stage: str, completion: Completion) -> None:
        """Count one completion."""
        tally = self.by_stage.setdefault((stage, completion.model), Tally())
        tally.add(completion.usage, completion.dollars, completion.batched)
        stop = (stage, completion.stop_reason if completion.text.strip() else f"{completion.stop_reason} (empty)")
        key = (*stop, completion.category)
        self.stops[key] = self.stops.get(key, 0) + 1

    @property
    def all(self) -> Tally:
        """One tally over everything."""
        total = Tally()
        for tally in self.by_stage.values():
            total.merge(tally)
        return total


class JournalReader:
    """A journal opened for reading: an index from request key to place in the file.

    `bad_lines` counts lines that are no journal entry (left in the file, never answered from). A key that occurs twice
    answers with its first line. `parents` are journals whose replies are reused but whose cost is not this one's.
    """

    def __init__(self, path: Path, parents: Iterable[Path] = ()) -> None:
        self.path = path
        self.totals = Totals()
        self.bad_lines = 0
        self.parents = tuple(JournalReader(parent) for parent in parents)
        self._places: dict[bytes, int] = {}
        self._fd = -1
        for offset, line in read_lines(path):
            self._index(offset, line)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self._places or any(key in parent for parent in self.parents)

    def get(self, key: str) -> Completion | None:
        """The reply bought for this key, marked reused, or None."""
        place = self._places.get(bytes.fromhex(key))
        if place is not None:
            return _completion(_loads(self._read(place)), reused=True)
        return next((found for parent in self.parents if (found := parent.get(key)) is not None), None)

    def keys(self) -> Iterator[str]:
        """Keys of this journal's own lines, in the order bought."""
        return (key.hex() for key in self._places)

    def close(self) -> None:
        """Close the files; closing twice is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        for parent in self.parents:
            parent.close()

    def _index(self, offset: int, line: bytes) -> None:
        try:
            entry = _loads(line)
            key, stage, completion = bytes.fromhex(entry["key"]), str(entry["stage"]), _completion(entry)
        except (ValueError, KeyError, TypeError):
            self.bad_lines += 1
            return
        self._places.setdefault(key, offset << _LENGTH_BITS | len(line))
        self.totals.add(stage, completion)

    def _read(self, place: int) -> bytes:
        if self._fd < 0:
            self._fd = os.open(self.path, os.O_RDONLY)
        return os.pread(self._fd, place & ((1 << _LENGTH_BITS) - 1), place >> _LENGTH_BITS)


class Journal(JournalReader):
    """A journal opened for appending by one process. `notices` says what opening it had to repair.

    Raises `OSError` when the disk fails; a failure to sync in the background is raised by the next `put` or `close`.
    """

    def __init__(self, path: Path, parents: Iterable[Path] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AppendLog(path, fsync_seconds=math.inf)
        self._synced, self._syncing = time.monotonic(), threading.Thread()
        self._sync_failed: OSError | None = None
        super().__init__(path, parents)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line each for people."""
        notices = []
        if self._log.dropped:
            notices.append(f"{self.path.name}: dropped a half-written last line ({self._log.dropped} bytes)")
        if self.bad_lines:
            notices.append(f"{self.path.name}: {self.bad_lines} unreadable line(s) skipped; their calls are made again")
        return tuple(notices)

    def put(self, request: Request, completion: Completion) -> None:
        """Append a reply as it was received; it is in the file when this returns."""
        self.put_reply(request.key, request.stage, completion)

    def put_reply(self, key: str, stage: str, completion: Completion) -> None:
        """`put` for a reply whose request is known by its key only, as a batch's results are."""
        offset, length = self._log.append(_line(key, stage, completion))
        self._places.setdefault(bytes.fromhex(key), offset << _LENGTH_BITS | length)
        self.totals.add(stage, completion)
        self._sync_now_and_then()

    def _sync_now_and_then(self) -> None:
        """Group commit, in a thread: a busy disk takes tens of milliseconds, in which no reply would be taken in."""
        self._raise_failed_sync()
        if time.monotonic() - self._synced < FSYNC_SECONDS or self._syncing.is_alive():
            return
        self._synced = time.monotonic()
        self._syncing = threading.Thread(target=self._sync_aside, daemon=True)
        self._syncing.start()

    def _sync_aside(self) -> None:
        try:
            self._log.sync()
        except OSError as error:
            self._sync_failed = error

    def _raise_failed_sync(self) -> None:
        """Once: what the disk lost is not made good by a later sync that succeeds."""
        error, self._sync_failed = self._sync_failed, None
        if error is not None:
            raise error

    def sync(self) -> None:
        """Force what was appended to the disk."""
        self._log.sync()

    def close(self) -> None:
        """Sync and close; closing twice is fine."""
        if self._syncing.is_alive():
            self._syncing.join()
        self._log.close()
        super().close()
        self._raise_failed_sync()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def journal_totals(path: Path) -> Totals:
    """Totals of a journal that another process may be writing."""
    return JournalReader(path).totals


def _loads(line: bytes) -> Any:
    """JSON; the fast parser refuses lone surrogates, which a reply can hold."""
    try:
        return from_json(line)
    except ValueError:
        return json.loads(line)


def _line(key: str, stage: str, completion: Completion) -> bytes:
    usage = completion.usage
    entry = {
        "key": key,
        "stage": stage,
        "model": completion.model,
        "stop_reason": completion.stop_reason,
        "category": completion.category,
        "usage": [usage.input, usage.output, usage.cache_read, usage.cache_write],
        "dollars": completion.dollars,
        "batched": completion.batched,
        "text": completion.text.encode("utf-8", "replace").decode(),  # a lone surrogate could not be read back
    }
    return json.dumps(entry, separators=(",", ":")).encode()


def _completion(entry: dict[str, Any], reused: bool = False) -> Completion:
    tokens = dict(zip(("input", "output", "cache_read", "cache_write"), entry["usage"], strict=True))
    return Completion(
        text=entry["text"],
        stop_reason=entry["stop_reason"],
        model=entry["model"],
        usage=Usage(**tokens),
        category=entry["category"],
        dollars=entry["dollars"],
        batched=entry["batched"],
        reused=reused,
    )
