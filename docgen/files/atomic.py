"""Finished files: written next to their place, synced, then renamed, so that a file exists completely or not at all."""

import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from docgen.files.file_system_errors import name_file_in_errors
from docgen.files.overwrite_guard import refuse_file_of_a_run
from docgen.text.output.secret_redaction import hide_bytes

__all__ = ["atomic_path", "write_atomically"]


@contextmanager
def atomic_path(file: Path, *, of_run: bool = False) -> Iterator[Path]:
    """A path next to `file` to write to; at the end of the block it is synced and takes the place of `file`.

    An error or a kill in the block leaves `file` as it was; what a kill leaves beside it goes the next time. Folders
    above `file` are created. The path's ending differs from that of `file`: a writer that infers the format from the
    ending must be told it. Raises `ConfigError` if `file` is one of a run's own, unless the run writes it (`of_run`).
    """
    if not of_run:
        refuse_file_of_a_run(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(file)
    part = file.with_name(f"{_own(file)}{os.getpid()}.part")
    try:
        yield part
        _sync(part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _own(file: Path) -> str:
    """How the names of half-written files of this machine begin: others may write to the same folder."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", platform.node())[:32]
    return f".{file.name}.{host}."


def _remove_abandoned(file: Path) -> None:
    """Remove what killed processes of this machine left half-written for `file`."""
    own = _own(file)
    with os.scandir(file.parent) as entries:
        left = [entry.name for entry in entries if entry.name.startswith(own) and entry.name.endswith(".part")]
    for name in left:
        number = name.removeprefix(own).removesuffix(".part")
        if number.isdecimal() and not _is_alive(int(number)):
            file.with_name(name).unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


def write_atomically(file: Path, pieces: Iterable[bytes], *, of_run: bool = False) -> Path:
    """Write a finished file from its parts, streaming, secrets hidden; returns `file`. `of_run`: see `atomic_path`."""
    with atomic_path(file, of_run=of_run) as part, name_file_in_errors(file), part.open("wb") as out:
        out.writelines(map(hide_bytes, pieces))
    return file


def _sync(path: Path) -> None:
    """Force the data to disk: after a power cut, a renamed file must not be empty."""
    fd = os.open(path, os.O_RDONLY)
    try:
        with name_file_in_errors(path.parent):
            os.fsync(fd)
    finally:
        os.close(fd)
