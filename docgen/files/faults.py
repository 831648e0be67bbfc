"""Faults of file systems, reported so that a person can act: which file or folder, and what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NO_SUPPORT", "advice", "naming"]

NO_SUPPORT = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ESTALE})
"""What file systems answer that cannot lock or sync: Lustre without -o flock, NFS without lockd, some of FUSE."""


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Within the block an `OSError` of a system call on a descriptor, which knows no name, gets that of `file`."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror or os.strerror(error.errno), str(file)) from error


def advice(error: OSError) -> str:
    """What to do about it, as a sentence; empty where the error says it all."""
    if error.errno in NO_SUPPORT:
        return " Put output/ on a file system with locks and fsync (a local disk, or NFS with lockd)."
    return ""
