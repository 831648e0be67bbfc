"""Append-only JSON-lines files that survive kill -9 at any instant.

A line is written with one write(2) to a descriptor in append mode, so a killed process loses at most a torn last line;
opening for append cuts that line off and says so. Lines are fsynced in groups, for power loss.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

__all__ = ["AppendLog", "read_lines"]

FSYNC_SECONDS = 1.0


class AppendLog:
    """A JSON-lines file open for appending. `dropped` is the number of bytes of a torn last line that were cut off."""

    def __init__(self, path: Path, fsync_seconds: float = FSYNC_SECONDS) -> None:
        self.path = path
        self.dropped = cut_torn_line(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._end = os.fstat(self._fd).st_size
        self._fsync_seconds = fsync_seconds
        self._synced = time.monotonic()

    def append(self, line: bytes) -> tuple[int, int]:
        """Append one line (without its newline); returns its offset and length. A full disk leaves no torn line."""
        data = line + b"\n"
        start = self._end
        try:
            _write_all(self._fd, data)
        except OSError:
            os.ftruncate(self._fd, start)
            raise
        self._end += len(data)
        if time.monotonic() - self._synced >= self._fsync_seconds:
            self.sync()
        return start, len(line)

    def sync(self) -> None:
        """Force what was appended to the disk."""
        os.fsync(self._fd)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; closing twice is fine."""
        if self._fd >= 0:
            self.sync()
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> "AppendLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def cut_torn_line(path: Path) -> int:
    """Truncate `path` after its last newline; returns the number of bytes cut (0 for a missing or whole file)."""
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        keep = _end_of_last_line(file.fileno(), size)
        if keep < size:
            file.truncate(keep)
        return size - keep


def _end_of_last_line(fd: int, size: int, block: int = 1 << 16) -> int:
    end = size
    while end > 0:
        start = max(0, end - block)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def read_lines(path: Path, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(offset, line without newline) of every whole line; a torn last line, being written or lost, is left out.

    Only of lines that begin from byte `start`, where one must begin, to before `stop`.
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
