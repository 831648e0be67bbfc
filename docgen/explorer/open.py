"""From what a caller names to corpora that can be looked at."""

from collections.abc import Sequence
from pathlib import Path

from docgen.errors import RunError
from docgen.explorer.index.entries import CorpusSource, RunSource, Source
from docgen.explorer.view import View
from docgen.files.run_folder import RunFolder, find_run, latest_run
from docgen.progress import Reporter, SilentReporter

__all__ = ["open_views"]


def open_views(
    names: Sequence[str | Path], reporter: Reporter | None = None, context: str | Path | None = None
) -> list[View]:
    """Corpora by the names of runs or paths of files, the latest run by default, each with its index up to date.

    Raises `UserError` for what is neither.
    """
    reporter = reporter or SilentReporter()
    file = _context_file(str(context)) if context is not None else None
    sources = [_source(str(name), file) for name in names] or [RunSource(latest_run())]
    views = [View(source, reporter, file) for source in sources]
    for view in views:
        view.open()
    return views


def _context_file(name: str) -> Path:
    from docgen.universe.context_files import find_context  # a run is opened without it

    return find_context(name, Path.cwd())


def _source(name: str, context: Path | None) -> Source:
    path = Path(name)
    if any(mark in name for mark in "*?[") or path.is_file() or (path.is_dir() and not RunFolder(path).exists()):
        return CorpusSource([path], context)
    try:
        return RunSource(find_run(name))
    except RunError as error:
        raise RunError("neither a file, a folder nor a run", name[:80], error.fix) from error
