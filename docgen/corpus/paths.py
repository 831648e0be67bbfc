"""Resolves paths, folders and globs to corpus files, whose names show their format."""

import glob
from collections.abc import Iterable
from pathlib import Path

from docgen.errors import InputError

__all__ = ["corpus_files", "is_packed", "is_parquet"]

PARQUET = (".parquet", ".pq")
JSONL = tuple(f"{stem}{packed}" for stem in (".jsonl", ".ndjson") for packed in ("", ".zst", ".gz"))


def is_parquet(path: Path) -> bool:
    """Whether the name is that of a Parquet file."""
    return path.name.lower().endswith(PARQUET)


def is_packed(path: Path) -> bool:
    """Whether the name is that of compressed JSONL, which can only be read from the start."""
    return path.name.lower().endswith((".zst", ".gz"))


def corpus_files(paths: Path | str | Iterable[Path | str]) -> list[Path]:
    """The files that `paths` (files, folders, glob patterns) match, each once. Raises `InputError` for one without."""
    patterns = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not patterns:
        raise InputError("no corpus files given", fix="Give a JSONL or Parquet file, a folder or a glob")
    return list(dict.fromkeys(file for path in patterns for file in _expand(path)))


def _expand(pattern: Path | str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.is_file():
        if not _is_corpus_file(path):
            raise InputError(
                "docgen does not read this kind of file", str(path), f"Supported: {', '.join(PARQUET + JSONL)}"
            )
        return [path]
    if path.is_dir():
        # What is hidden is a tool's own: .ipynb_checkpoints/, .cache/, ._x.jsonl of macOS, our own .part files.
        files = sorted(
            file
            for file in path.rglob("*")
            if _is_corpus_file(file) and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
        files = [file for file in files if file.is_file()]
        if not files:
            raise InputError("no JSONL or Parquet file in this folder", str(path))
        return files
    if glob.has_magic(str(path)):
        matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob is relative
        if matches:
            return [file for match in matches if match.is_file() for file in _expand(match)]
        raise InputError("no file matches this pattern", str(path))
    raise InputError("no such file or folder", str(path))


def _is_corpus_file(path: Path) -> bool:
    return path.name.lower().endswith(PARQUET + JSONL)
