"""Errors of file systems, reported so that a person can act: which file or folder, and what to do."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["is_of_machine", "name_file_in_errors", "one_line"]

NO_SUPPORT = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ESTALE})
"""Error codes of file systems that cannot lock or sync: Lustre without -o flock, NFS without lockd, some of FUSE."""

OF_BUGS = frozenset({errno.EBADF, errno.EFAULT, errno.ENOTSOCK})


@contextmanager
def name_file_in_errors(file: Path | str) -> Iterator[None]:
    """Within the block, an `OSError` of a system call on a descriptor, which does not have a name, gets that of
    `file`."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror or os.strerror(error.errno), str(file)) from error


def is_of_machine(error: OSError) -> bool:
    """Whether the machine refused something: a system call failed, and not because of a bug in docgen.

    Python raises `OSError` without a number where its own streams are misused; a descriptor that is not open is a bug.
    """
    error = _numbered(error)
    return error.errno is not None and error.errno not in OF_BUGS


def one_line(error: OSError) -> str:
    """The message for a person: where, what the machine says, what is safe, what to do."""
    import socket

    error = _numbered(error)
    where, advice = error.filename, ""
    if where is None:
        where = "network" if isinstance(error, ConnectionError | socket.gaierror) else "disk"
    elif isinstance(where, bytes):
        where = os.fsdecode(where)
    if error.errno in NO_SUPPORT:
        advice = " Put output/ on a file system with locks and fsync (a local disk, or NFS with lockd)."
    elif error.errno in (errno.EMFILE, errno.ENFILE):
        advice = " Allow more open files (ulimit -n)."
    return f"{where}: {error.strerror or os.strerror(error.errno or 0)}. What was written so far is kept.{advice}"


def _numbered(error: OSError) -> OSError:
    """An error with its number and file, which libraries written in Rust (polars) only put into words."""
    in_words = re.search(r"\(os error (\d+)\)(?:: (.*))?$", str(error)) if error.errno is None else None
    if in_words is None:
        return error
    number = int(in_words[1])
    return OSError(number, os.strerror(number), in_words[2])
