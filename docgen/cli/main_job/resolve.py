"""From what was typed to a run with its inputs settled."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docgen.errors import ConfigError, ContextError, RunError
from docgen.files.run_folder import OUTPUT, RunFolder, find_run, latest_run, list_runs
from docgen.pipeline.run_list import unusable
from docgen.pipeline.setup import Proposal, propose
from docgen.progress import Reporter
from docgen.universe import find_context, load_context

__all__ = ["open_proposal", "run_or_latest"]

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def open_proposal(
    target: str | None,
    params: Mapping[str, Any],
    flags: Mapping[str, Any],
    reporter: Reporter,
) -> Proposal:
    """The run that `target` (context, run or neither) and --run mean; heeds --config and --fork."""
    run, source = _locate(target, params.get("run"), reporter)
    name, base = params.get("fork"), None
    if name:
        if not run.exists():
            raise RunError("does not exist, so it cannot be forked", run.name, "Leave --fork out")
        base, run = run, _named(name, "--fork")
    return propose(run, source, params.get("config"), flags, base)


def run_or_latest(name: str | None, reporter: Reporter) -> RunFolder:
    """The run of that name or path; the latest one, and a note that says so, when there is no name."""
    if name is not None:
        return find_run(name)
    return _latest(reporter)


def _latest(reporter: Reporter) -> RunFolder:
    """The run used last, for looking at; one that cannot be opened is passed over if there is another."""
    broken: list[str] = []
    for run in list_runs():
        if not (problem := unusable(run)):
            for note in broken:
                reporter.note(f"Passed over: {note}")
            reporter.note(f"Latest run: {run.path}")
            return run
        broken.append(problem)
    return latest_run()


def _locate(target: str | None, name: str | None, reporter: Reporter) -> tuple[RunFolder, Path | None]:
    if target is None:
        return (_named(name, "--run"), None) if name and _named(name, "--run").exists() else _default(name, reporter)
    try:
        source = find_context(target, Path.cwd())
    except ContextError as error:
        run = _existing(target, error)
        if name is not None and name != run.name:
            raise ConfigError(f"names another run than {target}", f"--run {name}", "Give one of the two") from None
        return run, None
    return _named(name or load_context(source).id, "--run"), source


def _default(name: str | None, reporter: Reporter) -> tuple[RunFolder, None]:
    if name:
        raise RunError(
            "there is no such run yet", f"--run {name}", "Name a context to begin it with: docgen context list"
        )
    run = latest_run()
    reporter.note(f"Latest run: {run.path}")
    return run, None


def _existing(target: str, error: ContextError) -> RunFolder:
    try:
        return find_run(target)
    except RunError:
        raise error from None


def _named(name: str, flag: str) -> RunFolder:
    if not RUN_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for a run", flag, "Use letters, digits, dots, dashes and underscores")
    return RunFolder(OUTPUT / name)
