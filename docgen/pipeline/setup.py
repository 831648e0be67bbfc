"""What a run is made from: resolved before anything is spent, written to run.json, compared when the run goes on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docgen.errors import RunError, UserError
from docgen.files.run_folder import RunFolder
from docgen.llm.budget import Budget
from docgen.llm.engine import EngineOptions
from docgen.llm.pricing import load_prices
from docgen.llm.providers.table import Connection, find_provider
from docgen.options.run import RunConfig, RunOptions, load_config, resolve
from docgen.pipeline.changes import Change, context_changes, settings_changes, template_changes
from docgen.pipeline.engine_choice import CUSTOM, DEFAULT_MODELS, own_model, with_engine
from docgen.pipeline.plan import trial_plan
from docgen.pipeline.run_meta import describe_run, read_meta, recorded_config, shared_journals
from docgen.pipeline.shared_money import family_of
from docgen.prompts.requests import ModelOptions
from docgen.universe import UniverseContext, context_text, load_context

__all__ = ["CUSTOM", "DEFAULT_MODELS", "Change", "Proposal", "Setup", "changes_of_context", "propose", "reopen"]


@dataclass(frozen=True)
class Setup:
    """A run with its inputs resolved. `parents` are journals whose replies it may use for nothing.

    `is_named`: the server's address was said this time, and not read from the run folder alone.
    """

    run: RunFolder
    context: UniverseContext
    config: RunConfig
    parents: tuple[Path, ...] = ()
    is_named: bool = False

    @property
    def options(self) -> ModelOptions:
        """What reaches the model beside the prompt."""
        extra = tuple(sorted(self.config.extra.items()))
        return ModelOptions(self.config.model or "", self.config.effort, extra, self.config.max_tokens)

    def with_model(self, model: str) -> "Setup":
        """The same with another model, for an estimate."""
        return replace(self, config=self.config.model_copy(update={"model": model}))

    @property
    def engine_options(self) -> EngineOptions:
        """What the engine needs to know."""
        config = self.config
        return EngineOptions(
            engine=config.engine,
            base_url=config.base_url,
            concurrency=config.concurrency,
            max_cost=config.max_cost,
            timeout=config.timeout,
            headers=config.headers,
            prices=Path(config.prices) if config.prices else None,
            batch=config.batch,
            family=tuple(path for path in family_of(self.run) if path != self.run.journal),
            is_unnamed=not self.is_named,
        )

    @property
    def connection(self) -> Connection:
        """To the server of the run."""
        config = self.config
        return Connection(config.base_url, headers=config.headers, is_unnamed=not self.is_named)

    @property
    def is_paid(self) -> bool:
        """Whether its engine costs money."""
        return self.config.engine != CUSTOM and find_provider(self.config.engine).paid

    @property
    def n(self) -> int:
        """Documents asked for; `RunError` when that was not said."""
        if self.config.n is None:
            raise RunError("it is not said how many documents it should have", self.run.name, "Give --n")
        return self.config.n

    def check_engine(self) -> None:
        """Raise `ConfigError` where a paid engine has neither a key nor an address."""
        if self.is_paid:
            find_provider(self.config.engine).connect(self.connection)

    def check_ready(self, planned: bool) -> None:
        """Before anything is written or spent: `RunError` when a plan is wanted and n was not said."""
        if planned:
            _ = self.n


@dataclass(frozen=True)
class Proposal:
    """A run with new inputs, of which nothing is written yet.

    `changes` is what a run that has begun would change, for somebody to accept; `grows`: its plan is made anew for more
    documents. `context_text` is what context.yaml is to hold; None: it stays as it is.
    """

    setup: Setup
    meta: Mapping[str, Any]
    changes: tuple[Change, ...]
    context_text: str | None = None
    grows: bool = False
    changes_context: bool = False

    def apply(self, accept_changes: bool = False) -> Setup:
        """Write the inputs down.

        Raises `RunError` with the difference when there are changes, unless `accept_changes`; what was derived from
        the old inputs is then thrown away, paid replies stay in the journal.
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
            raise RunError(f"was begun with other inputs: {listed}", str(run.path), fix)
        with run.lock():
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
        if not run.exists():
            return
        now = read_meta(run)
        before, after = (RunConfig.model_validate(meta["config"]) for meta in (now, self.meta))
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
            what = f"was begun or changed by another process meanwhile: {'; '.join(map(str, new))}"
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
    override. `base` is a run to fork: `run` begins with its inputs and uses its journal for nothing; a fork of it that
    is there goes on. `priced_only`: nothing will be sent, so a model may be named without the key that it takes.
    `is_named`: whether the server's address was said this time; None: if `file` or `options` say it.
    """
    if base is not None and run.exists():
        if not _is_fork(run, base):
            raise RunError("exists already", str(run.path), "Give --fork the name of a new run")
        base = None
    origin = base or run
    old = read_meta(origin) if origin.exists() else None
    context_file = source if isinstance(source, Path) else origin.context
    original = source if isinstance(source, UniverseContext) else load_context(context_file)
    before = recorded_config(old)
    config = with_engine(resolve(before, file, options), before, _asked(file, options), priced_only)
    context = _with_settings(original, config)
    where = _source(source, run, origin, old)
    meta = describe_run(config, original, where, shared_journals(run, base, old))
    changes = _changes(run, old, meta, original) if old and base is None else []
    if is_named is None:
        is_named = "base_url" in _asked(file, options)
    setup = Setup(run, context, config, _parents(run, meta), is_named)
    is_brainstormed = base is None and not changes and (run.path / "ideas.jsonl").exists()
    _preflight(setup, priced_only, connects=not is_brainstormed)
    changes_context = bool(changes) and old is not None and old["context"]["digest"] != original.digest
    grows = base is None and run.slots.exists() and before is not None and (config.n or 0) > (before.n or 0)
    text = context_text(source) if isinstance(source, UniverseContext) else context_file.read_text("utf-8")
    text_to_write = None if context_file == run.context and source is None else text
    return Proposal(setup, meta, tuple(changes), text_to_write, grows, changes_context)


def _asked(file: Path | None, options: RunOptions) -> frozenset[str]:
    """Names of the settings that were said this time, not at an earlier start."""
    return frozenset(options.settings()) | frozenset(load_config(file) if file else ())


def _preflight(setup: Setup, priced_only: bool, connects: bool) -> None:
    """Raise the `UserError` that the run would otherwise meet after paying for its brainstorm; nothing is sent."""
    config = setup.config
    trial_plan(setup.context, config)
    prices = load_prices(Path(config.prices) if config.prices else None)
    if config.engine == CUSTOM:
        return
    provider = find_provider(config.engine)
    if provider.paid and not priced_only:
        for model in (config.model or "", (config.verify and config.judge_model) or config.model or ""):
            Budget(prices, config.max_cost).check_model(model)
        if connects:
            provider.connect(setup.connection)  # which says so where there is neither a key nor an address


def _is_fork(run: RunFolder, base: RunFolder) -> bool:
    first = next(iter(read_meta(run)["parents"]), None)
    return first is not None and (run.path.parent / first).resolve() == base.path.resolve()


def reopen(run: RunFolder, base_url: str | None = None) -> Setup:
    """A run with the inputs that it was last given, for reading. `base_url`: its server's address, named anew."""
    meta = read_meta(run)
    recorded = own_model(RunConfig.model_validate(meta["config"]))
    config = resolve(recorded, None, RunOptions(base_url=base_url))
    context = _with_settings(load_context(run.context), config)
    return Setup(run, context, config, _parents(run, meta), is_named=base_url is not None)


def _with_settings(context: UniverseContext, config: RunConfig) -> UniverseContext:
    """The context with the values that the run's settings override."""
    return context.model_copy(update={"airtime": config.airtime}) if config.airtime else context


def _changes(run: RunFolder, old: Mapping[str, Any], new: Mapping[str, Any], context: UniverseContext) -> list[Change]:
    before, now = (RunConfig.model_validate(meta["config"]) for meta in (old, new))
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
    """The file that the context comes from, as seen from `run`; "" if from none. `old` is the record of `origin`."""
    if isinstance(source, UniverseContext):
        return ""
    recorded = old["context"].get("source", "") if source is None and old else ""
    file = source.resolve() if source else origin.path.resolve() / recorded if recorded else None
    return os.path.relpath(file, run.path.resolve()) if file else ""


def _parents(run: RunFolder, meta: Mapping[str, Any]) -> tuple[Path, ...]:
    return tuple((run.path.parent / parent / "llm.jsonl").resolve() for parent in meta["parents"])
