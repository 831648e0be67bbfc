"""The journal of paid replies: on disk before anything parses them, looked up by the request's key.

One line per completed call, `{"key": ..., "stage": ..., "engine": ..., "model": ..., ..., "text": ...}`, with the key
first and the text last. A reply belongs to the engine that gave it: another engine's reply to the same request is not
used. Lines of earlier versions name no engine; the embedded writer's are known by their model.
Memory per entry is 24 bytes, its key and its position in the file; replies are read from disk on demand.
"""

import json
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from docgen.files.append_log import FSYNC_SECONDS, AppendLog, read_lines
from docgen.files.key_index import KeyIndex
from docgen.llm.cost.totals import Tally, Totals
from docgen.llm.protocol import Completion, Request, Usage
from docgen.records import EMBEDDED_ENGINE, is_embedded
from docgen.text.output.plurals_and_money import plural

__all__ = ["Journal", "JournalReader", "Tally", "Totals", "journal_totals"]

BYTES_PER_TOKEN = 6
"""Bytes of a journal line per token of a reply. Chosen: four letters and an escape; longer tokens are rare."""
LINE_BYTES = 1024
"""A generous estimate of the bytes of a journal line without its text."""
_LENGTH_BITS = 32
"""A line's offset and length in one integer: half the memory of a tuple, and lines stay below 4 GiB."""


class JournalReader:
    """A journal opened for reading: an index from request key to position in the file.

    `bad_lines` counts lines that are not a journal entry; they stay in the file and are ignored. If an engine has
    answered a key twice, the first line counts. `parents` are journals whose replies are reused but whose cost is not
    counted here. `engine`: whose replies are looked up; None: anybody's.
    """

    def __init__(self, path: Path, parents: Iterable[Path] = (), engine: str | None = None) -> None:
        self.path = path
        self.engine = engine
        self.totals = Totals()
        self.bad_lines = 0
        self.parents = tuple(JournalReader(parent) for parent in parents)
        self._positions: dict[str, KeyIndex] = {}
        self._fd = -1
        for offset, line in read_lines(path):
            read = _read(line)
            if read is None:
                self.bad_lines += 1
                continue
            key, stage, engine, completion = read
            self._positions.setdefault(engine, KeyIndex()).add(key, offset << _LENGTH_BITS | len(line))
            self.totals.add(stage, completion)

    def __len__(self) -> int:
        return sum(map(len, self._positions.values()))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.has(key)

    def has(self, key: str, engine: str = "") -> bool:
        """Whether there is a reply for this key, by another `engine` than the journal's own if one is named."""
        return self._position(key, engine) is not None or any(parent.has(key, engine) for parent in self.parents)

    def answer_for(self, engine: str) -> None:
        """From now on look up, and append, the replies of `engine` only, unless another is named."""
        self.engine = engine
        for parent in self.parents:
            parent.answer_for(engine)

    def _position(self, key: str, engine: str) -> int | None:
        """The position of the reply that counts; None if there is none."""
        only = engine or self.engine
        unnamed = () if only == EMBEDDED_ENGINE else ("",)
        engines = tuple(self._positions) if only is None else (only, *unnamed)
        indexes = (self._positions[engine] for engine in engines if engine in self._positions)
        places = (positions.get(bytes.fromhex(key)) for positions in indexes)
        return next((place for place in places if place is not None), None)

    def get(self, key: str, engine: str = "") -> Completion | None:
        """The reply for this key, marked as reused, or None; `engine` as in `has`."""
        position = self._position(key, engine)
        if position is not None:
            if self._fd < 0:
                self._fd = os.open(self.path, os.O_RDONLY)
            line = os.pread(self._fd, position & ((1 << _LENGTH_BITS) - 1), position >> _LENGTH_BITS)
            return _completion(_loads(line), reused=True)
        return next((reply for parent in self.parents if (reply := parent.get(key, engine)) is not None), None)

    def keys(self) -> Iterator[str]:
        """Keys of this journal's own lines, in order."""
        return (key.hex() for positions in self._positions.values() for key in positions)

    def close(self) -> None:
        """Close the files; idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        for parent in self.parents:
            parent.close()


class Journal(JournalReader):
    """A journal opened for appending by one process. `notices` lists what had to be repaired on opening.

    Raises `OSError` when the disk fails; a failed background sync is raised by the next `put` or `close`.
    """

    def __init__(self, path: Path, parents: Iterable[Path] = (), engine: str | None = None) -> None:
        super().__init__(path, parents, engine)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AppendLog(path, fsync_seconds=math.inf)
        self._synced, self._syncing = time.monotonic(), threading.Thread()
        self._sync_failed: list[OSError] = []  # raised once: a later sync that succeeds does not restore what was lost
        self._expected = 0
        torn = f"{path.name}: dropped a half-written last line ({self._log.dropped} bytes)"
        bad = f"{path.name}: {plural(self.bad_lines, 'unreadable line')} skipped; their calls are made again"
        repairs = (torn, self._log.dropped), (bad, self.bad_lines)
        self.notices = tuple(line for line, count in repairs if count)

    @contextmanager
    def room(self, request: Request) -> Iterator[None]:
        """Within the block, the longest reply to `request` is sure to fit, in addition to those to other requests in
        such a block.

        Raises `OSError` if it would not, so that nothing is sent whose reply could not be stored.
        """
        size = LINE_BYTES + BYTES_PER_TOKEN * request.max_tokens
        self._log.ensure_room(self._expected + size)
        self._expected += size
        try:
            yield
        finally:
            self._expected -= size

    def put(self, request: Request, completion: Completion) -> None:
        """Append a reply as received; it is in the file (though perhaps not synced) when this returns."""
        self.put_reply(request.key, request.stage, completion, request.engine)

    def put_reply(self, key: str, stage: str, completion: Completion, engine: str = "") -> None:
        """`put` for a reply of which only the request's key is known, as with a batch's results."""
        engine = engine or self.engine or ""
        offset, length = self._log.append(_line(key, stage, engine, completion))
        self._positions.setdefault(engine, KeyIndex()).add(bytes.fromhex(key), offset << _LENGTH_BITS | length)
        self.totals.add(stage, completion)
        if self._sync_failed:
            raise self._sync_failed.pop()
        # Group commit, in a thread: a busy disk takes tens of milliseconds, during which no reply could be read.
        if time.monotonic() - self._synced >= FSYNC_SECONDS and not self._syncing.is_alive():
            self._synced = time.monotonic()
            self._syncing = threading.Thread(target=self._sync_in_background, daemon=True)
            self._syncing.start()

    def _sync_in_background(self) -> None:
        try:
            self._log.sync()
        except OSError as error:
            self._sync_failed.append(error)

    def sync(self) -> None:
        """Flush everything appended to the disk."""
        self._log.sync()

    def close(self) -> None:
        """Sync and close; idempotent."""
        if self._syncing.is_alive():
            self._syncing.join()
        self._log.close()
        super().close()
        if self._sync_failed:
            raise self._sync_failed.pop()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def journal_totals(path: Path) -> Totals:
    """Totals of a journal, which another process may be writing; in constant memory."""
    totals = Totals()
    for _, line in read_lines(path):
        read = _read(line)
        if read is not None:
            _, stage, _, completion = read
            totals.add(stage, completion)
    return totals


def _read(line: bytes) -> tuple[bytes, str, str, Completion] | None:
    """Key, stage, engine and completion of a line; None if it is not a journal entry."""
    try:
        entry = _loads(line)
        key, stage = bytes.fromhex(entry["key"]), str(entry["stage"])
        engine = str(entry.get("engine") or "")  # "": an earlier version did not say
        if is_embedded(engine, entry["model"]):
            engine = EMBEDDED_ENGINE
        return key, stage, engine, _completion(entry)
    except (ValueError, KeyError, TypeError):
        return None


def _loads(line: bytes) -> Any:
    """Parse JSON. The fast parser rejects lone surrogates, which a reply can contain."""
    try:
        return from_json(line)
    except ValueError:
        try:
            return json.loads(line)
        except RecursionError as error:
            raise ValueError("nested too deep for a reply") from error


def _line(key: str, stage: str, engine: str, completion: Completion) -> bytes:
    usage = completion.usage
    entry = {
        "key": key,
        "stage": stage,
        "engine": engine,
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
