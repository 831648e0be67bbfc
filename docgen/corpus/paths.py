"""Which files a corpus is: paths, folders and patterns, and what their names say."""

import glob
from collections.abc import Iterable
from pathlib import Path

from docgen.errors import InputError

__all__ = ["corpus_files", "is_packed", "is_parquet"]

PARQUET = (".parquet", ".pq")
JSONL = tuple(f"{stem}{packed}" for stem in (".jsonl", ".ndjson") for packed in ("", ".zst", ".gz"))


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet."""
    return path.name.lower().endswith(PARQUET)


def is_packed(path: Path) -> bool:
    """Whether the name says compressed lines, which can only be read from the start."""
    return path.name.lower().endswith((".zst", ".gz"))


def corpus_files(paths: Path | str | Iterable[Path | str]) -> list[Path]:
    """The files that `paths` (files, folders, glob patterns) mean, each once. Raises InputError if one means none."""
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise InputError("no corpus file given", fix="Give a JSONL or Parquet file, a folder or a glob")
    return list(dict.fromkeys(file for path in given for file in _expand(path)))


def _known(path: Path) -> bool:
    return path.name.lower().endswith(PARQUET + JSONL)


def _expand(given: Path | str) -> list[Path]:
    path = Path(given).expanduser()
    if path.is_file():
        if not _known(path):
            raise InputError("not a kind of file that docgen reads", str(path), f"Known: {', '.join(PARQUET + JSONL)}")
        return [path]
    if path.is_dir():
        found = sorted(
            file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(PARQUET + JSONL)
        )
        if not found:
            raise InputError("no JSONL or Parquet file in this folder", str(path))
        return found
    if glob.has_magic(str(path)):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob is relative
        if found:
            return [file for match in found if match.is_file() for file in _expand(match)]
        raise InputError("no file matches this pattern", str(path))
    raise InputError("no such file or folder", str(path))
