"""Resolves what a caller names (a context, a run, nothing) to a run."""

import os
from pathlib import Path

from docgen.errors import ConfigError, ContextError, RunError, UserError
from docgen.files.run_folder.run_folder import OUTPUT, RunFolder, find_run, latest_run, list_runs
from docgen.files.safe_names import folder_name
from docgen.llm.providers.table import choose_engine
from docgen.options.run import RunOptions
from docgen.pipeline.inputs.requested_inputs import Proposal, changes_of_context, propose
from docgen.pipeline.run import Run
from docgen.progress import Reporter
from docgen.records import EMBEDDED_ENGINE
from docgen.text.output.spelling_suggestions import nearest
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["World", "open_proposal", "recorded_source"]

World = UniverseContext | Run | str | Path
"""What a run is begun from or continued from: a context, a run, or the name or path of either."""


def open_proposal(
    target: World | None,
    options: RunOptions,
    reporter: Reporter,
    *,
    run: str | Path | None = None,
    config: Path | None = None,
    fork: str | None = None,
    keep_context: bool = False,
    priced_only: bool = False,
) -> Proposal:
    """The run, with the requested settings; nothing is written yet.

    `run` is a name under output/, or as a `Path` any folder; without it a new run is named after its context. Without
    `target` it is the latest run. `config` is a TOML file of settings; `fork` the name of a new run that reuses its
    replies. A run, and so a fork of it, reads the file that its context came from as it is now; with `keep_context` its
    own copy. `priced_only`: see `propose`.
    """
    folder, source = _locate(target, run, reporter)
    if fork and not folder.exists():
        raise RunError("does not exist, so it cannot be forked", folder.name, "Leave --fork out")
    proposed = RunFolder(OUTPUT / folder_name(fork, "--fork")) if fork else folder
    origin = proposed if proposed.exists() else folder
    if keep_context and origin.exists():
        source = None
    elif source is None and not _is_edited(origin):
        source = recorded_source(origin, reporter)
    base = folder if fork else None
    proposal = propose(proposed, source, options, file=config, base=base, priced_only=priced_only)
    if base is not None and origin is base:
        _tell_fork(proposal, base, reporter)
    elif origin.exists() and options.engine is None:
        _tell_unused_key(proposal, reporter)
    return proposal


def _is_edited(run: RunFolder) -> bool:
    """Whether somebody has changed the run's own copy of its context, which then counts."""
    try:
        return bool(load_context(run.context).digest != run.read_meta()["context"]["digest"])
    except (UserError, KeyError, TypeError):
        return True  # what is wrong with it is reported when it is used


def recorded_source(run: RunFolder, reporter: Reporter | None = None) -> Path | None:
    """The file that a run's context came from, as on record; None if it had none, or if that is gone, which is
    reported."""
    context = run.read_meta().get("context")
    recorded = context.get("source") if isinstance(context, dict) else None
    if not isinstance(recorded, str) or not recorded:
        return None
    file = Path(os.path.normpath(run.path.resolve() / recorded))
    if file.is_file():
        return file
    if reporter:
        reporter.note(f"{file}: is gone; {run.name} continues with its own copy of the context")
    return None


def _tell_fork(proposal: Proposal, base: RunFolder, reporter: Reporter) -> None:
    """Report in which fields of the context a new fork differs from its base."""
    setup = proposal.setup
    overridden = {"airtime"} if setup.config.airtime else set()
    changes = [each for each in changes_of_context(base, setup.context) if each.what not in overridden]
    if not changes and _is_edited(base):
        reporter.note(f"{base.context}: was edited in the run, and {setup.run.name} takes it as it is now")
    if changes:
        listed = "; ".join(map(str, changes))
        reporter.note(f"The context's file as it is now, not as {base.name} has it (--keep-context): {listed}")


def _tell_unused_key(proposal: Proposal, reporter: Reporter) -> None:
    """Report that a run of the embedded writer keeps it although a key would allow a paid engine."""
    config, other = proposal.setup.config, choose_engine(None, None)
    if config.engine == EMBEDDED_ENGINE and other != EMBEDDED_ENGINE:
        reporter.note(
            f"{proposal.setup.run.name} was begun with the embedded writer and stays with it, although {other} could "
            f"be used: --engine {other} --accept-changes rewrites it, --engine {other} --fork NAME another run"
        )


def _locate(
    target: World | None, run: str | Path | None, reporter: Reporter
) -> tuple[RunFolder, Path | UniverseContext | None]:
    """The run's folder, and where its context comes from: None for the run's own copy."""
    source: Path | None = None
    if isinstance(target, str | Path):
        try:
            source = find_context(str(target), Path.cwd())
        except ContextError as error:
            existing = _existing(str(target), error)
    path = OUTPUT / folder_name(run, "--run") if isinstance(run, str) and run else run
    folder = RunFolder(path) if isinstance(path, Path) else None
    if target is None:
        if folder and folder.exists():
            return folder, None
        if run:
            raise RunError("does not exist yet", f"--run {run}", "Name a context to begin it with: docgen context list")
        latest = latest_run()
        reporter.note(f"Latest run: {latest.path}")
        return latest, None
    if isinstance(target, UniverseContext):
        return folder or RunFolder(OUTPUT / folder_name(target.id, "--run")), target
    if isinstance(target, Run):
        existing = target.folder
    if source is not None:
        return folder or RunFolder(OUTPUT / folder_name(load_context(source).id, "--run")), source
    if folder is not None and folder.path.resolve() != existing.path.resolve():
        raise ConfigError(f"names a run other than {existing.name}", f"--run {run}", "Give one of the two")
    return existing, None


def _existing(target: str, error: ContextError) -> RunFolder:
    try:
        return find_run(target)
    except RunError:
        near = nearest(target, (run.name for run in list_runs()))
        if near and not (error.fix or "").startswith("Did you mean"):
            raise RunError("neither a context nor a run", target[:80], f'Did you mean "{near}"?') from None
        raise error from None
