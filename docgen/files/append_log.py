"""Append-only JSON-lines files that survive kill -9 at any instant.

A line is written with one write(2) to a descriptor in append mode, so a killed process leaves at most one torn last
line, which the next open for appending cuts off and reports. Lines are fsynced in groups, against power loss.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from docgen.files.file_system_errors import name_file_in_errors
from docgen.text.output.secret_redaction import hide_bytes

__all__ = ["AppendLog", "damaged_lines", "read_entries", "read_lines"]

FSYNC_SECONDS = 1.0
"""Chosen: a power failure loses at most a second of replies, and an fsync per line would cost more than the line."""


ROOM_BYTES = 1 << 16
"""Bytes tried at a time, and beyond what is needed. Chosen: a few dozen short replies between two tries."""


class AppendLog:
    """A JSON-lines file open for appending. `dropped` is the size in bytes of a torn last line that was cut off."""

    def __init__(self, path: Path, fsync_seconds: float = FSYNC_SECONDS) -> None:
        self.path = path
        self.dropped = cut_torn_line(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._end = os.fstat(self._fd).st_size
        self._fsync_seconds = fsync_seconds
        self._synced = time.monotonic()
        self._room_until = 0

    def append(self, line: bytes) -> tuple[int, int]:
        """Append one line (without its newline); returns its offset and length in bytes.

        Raises `OSError` on a full disk, without leaving a torn line.
        """
        line = hide_bytes(line)
        data = line + b"\n"
        start = self._end
        with name_file_in_errors(self.path):
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
            except OSError:
                os.ftruncate(self._fd, start)
                raise
        self._end += len(data)
        if time.monotonic() - self._synced >= self._fsync_seconds:
            self.sync()
        return start, len(line)

    def ensure_room(self, size: int) -> None:
        """Raise `OSError` if the file cannot grow by `size` bytes: a full disk, a quota, a limit on the size of files.

        Tests it by writing that many bytes and removing them again, and not again before the file has grown into them.
        A kill in between leaves a torn last line.
        """
        if self._end + size <= self._room_until:
            return
        with name_file_in_errors(self.path):
            for tried in (2 * size + ROOM_BYTES, size):
                if self._can_grow(tried, is_last=tried == size):
                    self._room_until = self._end + tried
                    return

    def _can_grow(self, size: int, is_last: bool) -> bool:
        padding = b" " * min(size, ROOM_BYTES)
        try:
            written = 0
            while written < size:
                written += os.write(self._fd, padding[: size - written])
        except OSError:
            if is_last:
                raise
            return False
        finally:
            os.ftruncate(self._fd, self._end)
        return True

    def sync(self) -> None:
        """Flush everything appended to the disk."""
        with name_file_in_errors(self.path):
            os.fsync(self._fd)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; idempotent."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                with name_file_in_errors(self.path):
                    os.fsync(fd)
            finally:
                os.close(fd)


def cut_torn_line(path: Path) -> int:
    """Truncate `path` after its last newline; returns the number of bytes cut, 0 for a missing or intact file."""
    if not path.exists():
        return 0
    with name_file_in_errors(path), path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        intact, end = 0, size
        while end > 0 and not intact:  # backwards in blocks: a torn line can be long
            start = max(0, end - (1 << 16))
            newline = os.pread(file.fileno(), end - start, start).rfind(b"\n")
            intact, end = start + newline + 1 if newline >= 0 else 0, start
        if intact < size:
            file.truncate(intact)
        return size - intact


def read_lines(path: Path, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(byte offset, line without newline) of every complete line; a torn last line is left out.

    Restricted to lines that begin at byte `start`, which must be the beginning of a line, up to but excluding `stop`.
    """
    if not path.exists():
        return
    offset = start
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n") or (stop is not None and offset >= stop):
                return
            yield offset, line[:-1]
            offset += len(line)


def read_entries(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON object on every complete line; lines that are damaged are left out (`damaged_lines` counts them)."""
    return (entry for _, line in read_lines(path) if (entry := _entry(line)) is not None)


def damaged_lines(path: Path) -> int:
    """How many lines `read_entries` leaves out."""
    return sum(_entry(line) is None for _, line in read_lines(path))


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = from_json(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
