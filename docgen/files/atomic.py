"""Finished files: written next to their place, synced, then renamed, so that a file exists completely or not at all."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from docgen.files.faults import naming
from docgen.files.overwrite import refuse_file_of_a_run
from docgen.text.outgoing import hide_bytes

__all__ = ["beside", "write_beside"]


@contextmanager
def beside(file: Path, *, of_run: bool = False) -> Iterator[Path]:
    """A path next to `file` to write to; at the end of the block it is synced and takes the place of `file`.

    An error or a kill in the block leaves `file` as it was. Folders above `file` are created. The path's ending differs
    from that of `file`: a writer that infers the format from the ending must be told it. Raises `ConfigError` if `file`
    is one of a run's own, unless the run writes it (`of_run`).
    """
    if not of_run:
        refuse_file_of_a_run(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
        _sync(part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_beside(file: Path, pieces: Iterable[bytes], *, of_run: bool = False) -> Path:
    """Write a finished file from its parts, streaming, secrets hidden; returns `file`. `of_run` as for `beside`."""
    with beside(file, of_run=of_run) as part, naming(file), part.open("wb") as out:
        out.writelines(map(hide_bytes, pieces))
    return file


def _sync(path: Path) -> None:
    """Force the data to disk: after a power cut, a renamed file must not be empty."""
    fd = os.open(path, os.O_RDONLY)
    try:
        with naming(path.parent):
            os.fsync(fd)
    finally:
        os.close(fd)
