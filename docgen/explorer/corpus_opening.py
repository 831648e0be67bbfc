"""Opens the corpora and experiments that a caller names, for the explorer to show."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import RunError
from docgen.explorer.index.entries import CorpusSource, RunSource, Source
from docgen.explorer.view import View
from docgen.files.run_folder.run_folder import LEVELS, OUTPUT, RunFolder, find_run, latest_run
from docgen.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    from docgen.explorer.viewable import Viewable

__all__ = ["open_all", "open_views"]


def open_all(
    names: Sequence[str | Path], reporter: Reporter | None = None, context: str | Path | None = None
) -> "list[Viewable]":
    """Corpora as `open_views` opens them, experiments by name or folder, and for a sweep each of its levels."""
    named = [level for name in names for level in _levels(str(name))]
    experiments = {str(name): folder for name in named if (folder := _experiment(name)) is not None}
    if not experiments:
        return list(open_views(named, reporter, context))
    from docgen.explorer.transcripts.experiment_view import ExperimentView

    corpora = [name for name in named if name not in experiments]
    views: list[Viewable] = list(open_views(corpora, reporter, context)) if corpora else []
    return [*views, *(ExperimentView(folder) for folder in experiments.values())]


def _levels(name: str) -> list[str]:
    """The runs of a sweep's levels in the order of their shares; of anything else its own name."""

    def share(run: RunFolder) -> tuple[float, str]:
        number = run.name.rpartition("-")[2]
        return (float(number) if number.replace(".", "", 1).isdecimal() else 0.0), run.name

    try:
        levels = find_run(name).path / LEVELS
    except RunError:
        return [name]
    runs = [RunFolder(path) for path in levels.iterdir()] if levels.is_dir() else []
    return [str(run.path) for run in sorted(runs, key=share) if run.exists()] or [name]


def _experiment(name: str) -> Path | None:
    """The folder of an experiment; a run of the same name takes precedence."""
    for folder in (Path(name), OUTPUT / "experiments" / name):
        if (folder / "experiment.json").is_file() and not (folder / "run.json").exists():
            return None if folder != Path(name) and (OUTPUT / name / "run.json").exists() else folder
    return None


def open_views(
    names: Sequence[str | Path], reporter: Reporter | None = None, context: str | Path | None = None
) -> list[View]:
    """Corpora by the names of runs or paths of files, the latest run by default, each with its index up to date.

    Raises `UserError` for what is neither.
    """
    reporter = reporter or SilentReporter()
    file = None
    if context is not None:
        from docgen.universe.context_files import find_context  # not needed to open a run

        file = find_context(str(context), Path.cwd())
    sources = [_source(str(name), file) for name in names] or [RunSource(latest_run())]
    views = [View(source, reporter, file) for source in sources]
    for view in views:
        view.open()
    return views


def _source(name: str, context: Path | None) -> Source:
    path = Path(name)
    if any(mark in name for mark in "*?[") or path.is_file() or (path.is_dir() and not RunFolder(path).exists()):
        return CorpusSource([path], context)
    try:
        run = find_run(name)
    except RunError as error:
        raise RunError("neither a file, a folder, a run nor an experiment", name[:80], error.fix) from error
    run.read_meta()  # a damaged run.json is said before anything is written for the pages
    return RunSource(run)
