"""The lock of a run folder: one process writes to it, and a kill releases it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from docgen.errors import RunError
from docgen.files.file_system_errors import name_file_in_errors

__all__ = ["lock_folder", "lock_owner"]

FILE = ".lock"


@contextmanager
def lock_folder(folder: Path, fix: str) -> Iterator[None]:
    """Lock a folder, which is made if missing. Raises `RunError` naming the process that holds it, with `fix`."""
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise RunError(f"is in use by process {owner}", str(folder), fix) from error
        except OSError as error:
            what = f"its file system cannot lock files ({error.strerror})"
            fix = "Put output/ on a file system with locks: a local disk, NFS with lockd, Lustre with -o flock"
            raise RunError(what, str(folder), fix) from error
        with name_file_in_errors(folder / FILE):
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(fd)


def lock_owner(folder: Path) -> str:
    """The process that holds the lock of a folder, as of now; empty when nobody does."""
    if not (folder / FILE).exists():
        return ""
    with (folder / FILE).open("rb") as file, suppress(OSError):  # without locks there is no owner
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read(32).decode("ascii", "replace").strip() or "unknown"
    return ""
