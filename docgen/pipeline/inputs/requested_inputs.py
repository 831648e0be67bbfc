"""The requested inputs of a run, before anything is spent: written to run.json, or refused with what they would
change."""

import os
import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docgen import __version__
from docgen.errors import RunError, UserError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.cost.pricing import load_prices
from docgen.options.run import RunConfig, RunOptions, load_config, resolve
from docgen.pipeline.inputs.changes import Change, context_changes, settings_changes, template_changes
from docgen.pipeline.inputs.engine_choice import with_engine
from docgen.pipeline.inputs.plan import trial_plan
from docgen.pipeline.inputs.setup import Setup, read_recorded
from docgen.prompts.rendering import template_digests
from docgen.records import IMPORTED_ENGINE
from docgen.universe import UniverseContext, context_text, load_context

__all__ = ["Change", "Proposal", "changes_of_context", "meta_of", "propose"]

LIBRARIES = ("anthropic", "datasketch", "numpy", "polars", "pydantic")


@dataclass(frozen=True)
class Proposal:
    """A run with new inputs that are not written yet.

    `changes` are changes to an existing run, which have to be accepted; `grows`: its plan is recomputed for more
    documents. `context_text` is the new content of context.yaml; None: it stays as it is.
    """

    setup: Setup
    meta: Mapping[str, Any]
    changes: tuple[Change, ...]
    context_text: str | None = None
    grows: bool = False
    changes_context: bool = False

    def apply(self, accept_changes: bool = False) -> Setup:
        """Record the inputs.

        Raises `RunError` with the difference when there are changes, unless `accept_changes`; what was derived from the
        old inputs is then deleted, paid replies stay in the journal.
        """
        run = self.setup.run
        if self.changes and not accept_changes:
            listed = "; ".join(map(str, self.changes))
            fix = (
                f"Go on with --accept-changes (paid replies stay usable; docgen status {run.name} --explain says what "
                "it costs), or leave this run alone with --fork NAME"
            )
            if self.changes_context:
                fix += ", or keep the run's own copy of the context with --keep-context"
            raise RunError(f"was started with different inputs: {listed}", str(run.path), fix)
        with run.lock():
            if run.exists():
                self._check_unchanged()
            if self.changes or self.grows:
                run.delete_derived()
            if self.context_text is not None:
                run.write_text("context.yaml", self.context_text)
            run.write_json("run.json", self.meta)
        return self.setup

    def _check_unchanged(self) -> None:
        """Raise `RunError` when another process has begun or changed the run since the inputs were compared."""
        run = self.setup.run
        now = read_recorded(run)
        before, after = (RunConfig.stored(meta["config"]) for meta in (now, self.meta))
        changes = settings_changes(before, after, run.slots.exists()) + template_changes(now, self.meta, after.revise)
        new = [change for change in changes if change not in self.changes]
        if not self.changes_context and now["context"]["digest"] != self.meta["context"]["digest"]:
            new.append(Change("context", "as the run was begun", "another"))
        is_other_n = before.n != after.n and not self.grows and all(change.what != "n" for change in self.changes)
        if run.slots.exists() and is_other_n:  # planned by another process meanwhile
            new.append(Change("n", str(before.n), str(after.n)))
        if now["parents"] != self.meta["parents"]:
            new.append(Change("forked from", str(now["parents"]), str(self.meta["parents"])))
        if new:
            what = f"was started or changed by another process meanwhile: {'; '.join(map(str, new))}"
            raise RunError(what, str(run.path), "Run the same command again, or use another --run NAME")


def propose(
    run: RunFolder,
    source: Path | UniverseContext | None,
    options: RunOptions,
    *,
    file: Path | None = None,
    base: RunFolder | None = None,
    priced_only: bool = False,
    is_named: bool | None = None,
) -> Proposal:
    """Resolve a run's inputs without writing anything.

    `source` is the context or its file, None for the run's own copy; `file` is a `--config` file, which `options`
    override. `base` is a run to fork: `run` begins with its inputs and uses its journal for free; an existing fork of
    it continues. `priced_only`: nothing will be sent, so a model may be named without its key. `is_named`: whether the
    server's address was given this time; None: whether `file` or `options` have it.
    """
    if base is not None and run.exists():
        parent = next(iter(read_recorded(run)["parents"]), None)
        if parent is None or (run.path.parent / parent).resolve() != base.path.resolve():
            raise RunError("exists already", str(run.path), "Give --fork the name of a new run")
        base = None
    origin = base or run
    old = read_recorded(origin) if origin.exists() else None
    parents = _journals(run, base, old)
    where, journals = _source(source, run, origin, old), run.journals_of(parents)
    context_file = source if isinstance(source, Path) else origin.context
    original = source if isinstance(source, UniverseContext) else load_context(context_file)
    before = RunConfig.recorded(old["config"]) if old else None
    if before and before.engine == IMPORTED_ENGINE:
        raise RunError(
            "contains documents from elsewhere, so nothing is generated", origin.name, "Name a new run with --run"
        )
    asked_now = frozenset(options.settings()) | frozenset(load_config(file) if file else ())
    config = with_engine(resolve(before, file, options), before, asked_now, priced_only)
    named = _names_servers(config, asked_now) if is_named is None else is_named
    meta = meta_of(config, original, where, parents)
    context = original.with_airtime(config.airtime)
    changes = _changes(run, old, meta, original) if old and base is None else []
    setup = Setup(run, context, config, journals, named)
    trial_plan(context, config)
    prices = load_prices(Path(config.prices) if config.prices else None)
    if setup.is_paid and not priced_only:
        setup.check_models(prices)
        if base is not None or changes or not (run.path / "ideas.jsonl").exists():
            setup.check_engine()
    changes_context = bool(changes) and old is not None and old["context"]["digest"] != original.digest
    grows = base is None and run.slots.exists() and before is not None and (config.n or 0) > (before.n or 0)
    text = context_text(source) if isinstance(source, UniverseContext) else context_file.read_text("utf-8")
    text_to_write = None if context_file == run.context and source is None else text
    return Proposal(setup, meta, tuple(changes), text_to_write, grows, changes_context)


def _names_servers(config: RunConfig, asked: Collection[str]) -> bool:
    """Whether every server's address was given this time."""
    if any(writer.base_url for writer in config.writers or ()) and "writers" not in asked:
        return False
    has_address = bool(config.servers or config.base_url)
    return ("servers" if config.servers else "base_url") in asked if has_address else bool(config.writers)


def _journals(run: RunFolder, base: RunFolder | None, old: Mapping[str, Any] | None) -> list[str]:
    """Folders of the runs whose journals are shared, relative to the folder that contains `run`."""
    if old is None or base is None:
        return list(old["parents"]) if old else []
    shared = [base.path, *(base.path.parent / parent for parent in old["parents"])]
    return [os.path.relpath(path.resolve(), run.path.parent.resolve()) for path in shared]


def meta_of(config: RunConfig, context: UniverseContext, source: str, parents: list[str]) -> dict[str, Any]:
    """The content of run.json; `source` is the file that the context came from."""
    return {
        "docgen": __version__,
        "config": config.model_dump(mode="json"),
        "templates": template_digests(),
        "context": {"id": context.id, "title": context.title, "digest": context.digest, "source": source},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "parents": parents,
    }


def _changes(run: RunFolder, old: Mapping[str, Any], new: Mapping[str, Any], context: UniverseContext) -> list[Change]:
    before, now = (RunConfig.stored(meta["config"]) for meta in (old, new))
    return [
        *settings_changes(before, now, planned=run.slots.exists()),
        *changes_of_context(run, context, old["context"]["digest"]),
        *template_changes(old, new, now.revise),
    ]


def changes_of_context(run: RunFolder, context: UniverseContext, digest: str = "") -> list[Change]:
    """Fields of a context that differ from the run's own copy, which may be damaged; `digest` is the one on record."""
    if digest == context.digest:
        return []
    try:
        before = load_context(run.context)
    except UserError:
        return [Change("context", "as the run was begun", "another")]
    if not digest or before.digest == digest:
        return context_changes(before, context)
    return context_changes(before, context) or [Change("context.yaml", "as the run was begun", "edited in the run")]


def _source(
    source: Path | UniverseContext | None, run: RunFolder, origin: RunFolder, old: Mapping[str, Any] | None
) -> str:
    """The file that the context comes from, relative to `run`; "" if none. `old` is the record of `origin`."""
    if isinstance(source, UniverseContext):
        return ""
    recorded = old["context"].get("source", "") if source is None and old else ""
    file = source.resolve() if source else origin.path.resolve() / recorded if recorded else None
    return os.path.relpath(file, run.path.resolve()) if file else ""
