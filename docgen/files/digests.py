"""Digests of files, to tell whether what was made from them is up to date."""

import hashlib
from functools import lru_cache
from pathlib import Path

__all__ = ["file_digest"]


def file_digest(file: Path) -> str:
    """BLAKE2b of the file's content, 16 bytes in hex; "" if there is none. Reads a gigabyte in about a second."""
    try:
        state = file.stat()
    except FileNotFoundError:
        return ""
    return _digest(file, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=16)
def _digest(file: Path, _inode: int, _size: int, _mtime: int) -> str:
    """Cached, since several reports ask for the same file; within one process a change shows in its size or time."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
