"""What a caller means by a corpus: files, or a run's. Importing this loads little, so that reading files starts
quickly."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import LEVELS, RunFolder, find_run, list_runs
from docgen.text.output.spelling_suggestions import suggestion

if TYPE_CHECKING:
    from docgen.pipeline.run import Run

__all__ = ["CorpusSource", "corpus_paths", "family_of", "means_files", "run_of"]

CorpusSource: TypeAlias = "Run | str | Path | Sequence[str | Path]"
"""A corpus: a run (or its name or path), or JSONL and Parquet files, folders and globs."""


def means_files(names: Sequence[str]) -> bool:
    """Whether these are files, globs or folders of files. A single name that is none of these can only be a run's."""
    if len(names) != 1:
        return len(names) > 1
    path = Path(names[0])
    return any(mark in names[0] for mark in "*?[") or path.is_file() or (path.is_dir() and not RunFolder(path).exists())


def run_of(source: CorpusSource) -> RunFolder | None:
    """The run, None for files; its corpus.parquet is rebuilt if it is not up to date.

    Raises `RunError` for a name that is neither, and without a corpus.
    """
    if isinstance(source, str | Path | Sequence):
        names = _names(source)
        if means_files([str(name) for name in names]):
            return None
        try:
            run = find_run(str(names[0]))
        except RunError as error:
            fix = suggestion(str(names[0]), [each.name for each in list_runs()], "See the runs: docgen runs")
            raise RunError("neither a file, a folder nor a run", str(names[0]), fix) from error
    else:
        run = source.folder
    from docgen.pipeline.execution.freshness_check import fresh_corpus  # loads the stages, which files do not need

    fresh_corpus(run)
    return run


def family_of(source: CorpusSource) -> RunFolder | None:
    """The folder of the sweep with this name or path; None for a single corpus."""
    names = [str(name) for name in _names(source)] if isinstance(source, str | Path | Sequence) else []
    if len(names) != 1 or means_files(names):
        return None
    with suppress(RunError):  # which is reported where it is read
        run = find_run(names[0])
        return run if (run.path / LEVELS).is_dir() else None
    return None


def corpus_paths(source: CorpusSource) -> list[str | Path]:
    """The files of a corpus as they were named, or the corpus.parquet of the run; errors as for `run_of`."""
    run = run_of(source)
    return [run.corpus] if run is not None else _names(source)


def _names(source: CorpusSource) -> list[str | Path]:
    return list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]  # type: ignore[list-item]
