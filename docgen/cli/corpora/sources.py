"""Whether an argument means files or a run."""

from collections.abc import Sequence
from pathlib import Path

from docgen.files.run_folder import RunFolder

__all__ = ["means_files"]


def means_files(names: Sequence[str]) -> bool:
    """Whether these are files, globs or folders of files; one name that is none of them can only be a run's."""
    if len(names) != 1:
        return len(names) > 1
    path = Path(names[0])
    return any(mark in names[0] for mark in "*?[") or path.is_file() or (path.is_dir() and not RunFolder(path).exists())
