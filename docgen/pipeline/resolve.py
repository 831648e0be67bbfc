"""From what a caller names (a context, a run, nothing) to the run that is meant."""

import re
from pathlib import Path

from docgen.errors import ConfigError, ContextError, RunError
from docgen.files.run_folder import OUTPUT, RunFolder, find_run, latest_run, list_runs
from docgen.options.run import RunOptions
from docgen.pipeline.run import Run, unusable
from docgen.pipeline.setup import Proposal, propose
from docgen.progress import Reporter
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["World", "open_proposal", "run_or_latest"]

World = UniverseContext | Run | str | Path
"""What a run is begun from or gone on with: a context, a run, or the name or path of either."""

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def open_proposal(
    target: World | None,
    options: RunOptions,
    reporter: Reporter,
    *,
    run: str | Path | None = None,
    config: Path | None = None,
    fork: str | None = None,
) -> Proposal:
    """The run that is meant, with what was asked of it; nothing is written yet.

    `run` is a name under output/, or as a `Path` any folder; without it a new run is named after its context. Without
    `target` the latest run is meant. `config` is a TOML file of settings; `fork` the name of a new run that reuses the
    replies of the one that is meant.
    """
    folder, source = _locate(target, run, reporter)
    if not fork:
        return propose(folder, source, options, file=config)
    if not folder.exists():
        raise RunError("does not exist, so it cannot be forked", folder.name, "Leave --fork out")
    return propose(_named(fork, "--fork"), source, options, file=config, base=folder)


def _locate(
    target: World | None, run: str | Path | None, reporter: Reporter
) -> tuple[RunFolder, Path | UniverseContext | None]:
    """The run's folder, and where its context comes from: None for the run's own copy."""
    folder = RunFolder(run) if isinstance(run, Path) else _named(run, "--run") if run else None
    if target is None:
        return (folder if folder and folder.exists() else _latest_unless(run, reporter)), None
    if isinstance(target, UniverseContext):
        return folder or _named(target.id, "--run"), target
    source: Path | None = None
    if isinstance(target, Run):
        existing = target.folder
    else:
        try:
            source = find_context(str(target), Path.cwd())
        except ContextError as error:
            existing = _existing(str(target), error)
    if source is not None:
        return folder or _named(load_context(source).id, "--run"), source
    if folder is not None and folder.path.resolve() != existing.path.resolve():
        raise ConfigError(f"names another run than {existing.name}", f"--run {run}", "Give one of the two")
    return existing, None


def _latest_unless(run: str | Path | None, reporter: Reporter) -> RunFolder:
    """The run used last; `RunError` when another one was named, which is not there."""
    if run:
        raise RunError(
            "there is no such run yet", f"--run {run}", "Name a context to begin it with: docgen context list"
        )
    latest = latest_run()
    reporter.note(f"Latest run: {latest.path}")
    return latest


def _existing(target: str, error: ContextError) -> RunFolder:
    try:
        return find_run(target)
    except RunError:
        raise error from None


def _named(name: str, flag: str) -> RunFolder:
    if not RUN_NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is not a name for a run", flag, "Use letters, digits, dots, dashes and underscores"
        )
    return RunFolder(OUTPUT / name)


def run_or_latest(name: str | None, reporter: Reporter) -> RunFolder:
    """The run of that name or path; without a name the latest one that can be opened, and a note that says which."""
    if name is not None:
        return find_run(name)
    broken: list[str] = []
    for run in list_runs():
        if not (problem := unusable(run)):
            for line in broken:
                reporter.note(f"Passed over: {line}")
            reporter.note(f"Latest run: {run.path}")
            return run
        broken.append(problem)
    return latest_run()
