"""What a run is made from: resolved before anything is spent, written to run.json, compared when the run goes on."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docgen import __version__
from docgen.errors import RunError
from docgen.files.run_folder import RunFolder
from docgen.llm.budget import Budget
from docgen.llm.engine import EngineOptions
from docgen.llm.pricing import load_prices
from docgen.llm.providers.table import (
    PROVIDERS,
    Connection,
    choose_engine,
    find_provider,
    refuse_settings_of_others,
)
from docgen.options.run import RunConfig, RunOptions, resolve
from docgen.pipeline.plan import trial_plan
from docgen.pipeline.shared_money import family_of
from docgen.prompts.requests import ModelOptions, template_digests
from docgen.prompts.table import PROMPTS, REVISE
from docgen.universe import UniverseContext, context_text, load_context

__all__ = ["CUSTOM", "DEFAULT_MODELS", "Change", "Proposal", "Setup", "propose", "reopen"]

LIBRARIES = ("anthropic", "datasketch", "numpy", "polars", "pydantic")
PLAN_ONLY = frozenset({"n", "words", "salience", "stated", "length_tolerance", "max_attempts", "threshold", "ngram"})
"""Settings that a brainstorm does not depend on: free to change as long as there is no plan."""
CUSTOM = "custom"
"""The engine of a run whose caller hands over an engine of their own, from Python; no command can open it."""
DEFAULT_MODELS = {provider.name: provider.default_model for provider in PROVIDERS}


@dataclass(frozen=True)
class Change:
    """One input that differs from what the run was begun with."""

    what: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.now}"


@dataclass(frozen=True)
class Setup:
    """A run with its inputs resolved. `parents` are journals whose replies it may use for nothing."""

    run: RunFolder
    context: UniverseContext
    config: RunConfig
    parents: tuple[Path, ...] = ()

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
        )

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
            find_provider(self.config.engine).connect(Connection(self.config.base_url))

    def check_ready(self, planned: bool) -> None:
        """Before anything is written or spent: `RunError` when a plan is wanted and n was not said."""
        if planned:
            _ = self.n


@dataclass(frozen=True)
class Proposal:
    """A run with new inputs, of which nothing is written yet. `changes` is what a run that has begun would change."""

    setup: Setup
    meta: Mapping[str, Any]
    changes: tuple[Change, ...]
    context_text: str | None = None
    """What context.yaml is to hold; None: it stays as it is."""

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
            raise RunError(f"was begun with other inputs: {listed}", str(run.path), fix)
        with run.lock():
            self._check_unchanged()
            if self.changes:
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
        now = _read_meta(run)
        new = [change for change in _changes(now, self.meta, run.slots.exists()) if change not in self.changes]
        if now["parents"] != self.meta["parents"]:
            new.append(Change("forked from", str(now["parents"]), str(self.meta["parents"])))
        if new:
            listed = "; ".join(map(str, new))
            what = f"was begun or changed by another process meanwhile: {listed}"
            raise RunError(what, str(run.path), "Run the same command again, or use another --run NAME")


def propose(
    run: RunFolder,
    source: Path | UniverseContext | None,
    options: RunOptions,
    *,
    file: Path | None = None,
    base: RunFolder | None = None,
) -> Proposal:
    """Resolve a run's inputs without writing anything.

    `source` is the context or its file, None for the run's own copy; `file` is a `--config` file, which `options`
    override. `base` is a run to fork: `run` begins with its inputs and uses its journal for nothing; a fork of it that
    is there goes on.
    """
    if base is not None and run.exists():
        if not _is_fork(run, base):
            raise RunError("exists already", str(run.path), "Give --fork the name of a new run")
        base = None
    origin = base or run
    old = _read_meta(origin) if origin.exists() else None
    context_file = source if isinstance(source, Path) else origin.context
    original = source if isinstance(source, UniverseContext) else load_context(context_file)
    before = _config_of(old)
    config = _with_engine(resolve(before, file, options), before)
    context = _with_settings(original, config)
    _preflight(context, config, connects=base is not None or not (run.path / "ideas.jsonl").exists())
    where = str(source.resolve()) if isinstance(source, Path) else (old or {"context": {}})["context"].get("source", "")
    meta = _meta(config, context, where, _journals(run, base, old))
    changes = _changes(old, meta, planned=run.slots.exists()) if old and base is None else []
    text = context_text(source) if isinstance(source, UniverseContext) else context_file.read_text("utf-8")
    text_to_write = None if context_file == run.context and source is None else text
    return Proposal(Setup(run, context, config, _parents(run, meta)), meta, tuple(changes), text_to_write)


def _preflight(context: UniverseContext, config: RunConfig, connects: bool) -> None:
    """Raise the `UserError` that the run would otherwise meet after paying for its brainstorm; nothing is sent."""
    trial_plan(context, config)
    prices = load_prices(Path(config.prices) if config.prices else None)
    if config.engine == CUSTOM:
        return
    provider = find_provider(config.engine)
    if provider.paid:
        budget = Budget(prices, config.max_cost)
        budget.check_model(config.model or "")
        if config.judge_model and config.verify:
            budget.check_model(config.judge_model)
        if connects:
            provider.connect(Connection(config.base_url))  # which says so where there is neither a key nor an address


def _is_fork(run: RunFolder, base: RunFolder) -> bool:
    first = next(iter(_read_meta(run)["parents"]), None)
    return first is not None and (run.path.parent / first).resolve() == base.path.resolve()


def reopen(run: RunFolder) -> Setup:
    """A run with the inputs that it was last given, for reading."""
    meta = _read_meta(run)
    config = RunConfig.model_validate(meta["config"])
    return Setup(run, _with_settings(load_context(run.context), config), config, _parents(run, meta))


def _with_settings(context: UniverseContext, config: RunConfig) -> UniverseContext:
    """The context with the values that the run's settings override."""
    return context.model_copy(update={"airtime": config.airtime}) if config.airtime else context


def _read_meta(run: RunFolder) -> dict[str, Any]:
    """run.json, with everything in it that later steps rely on."""
    meta = run.read_meta()
    try:
        RunConfig.model_validate(meta["config"])
        shape = (meta["context"]["digest"], *meta["templates"].values(), *meta["parents"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable(run) from error
    if not all(isinstance(value, str) for value in shape):
        raise _unusable(run)
    return meta


def _unusable(run: RunFolder) -> RunError:
    fix = "It was edited, or made by another version of docgen; start a new run with --run NAME"
    return RunError("has no usable configuration", str(run.path / "run.json"), fix)


def _config_of(meta: Mapping[str, Any] | None) -> RunConfig | None:
    return None if meta is None else RunConfig.model_validate(meta["config"])


def _journals(run: RunFolder, base: RunFolder | None, old: Mapping[str, Any] | None) -> list[str]:
    """Folders of the runs whose journals are shared, as seen from the folder that holds `run`."""
    if old is None or base is None:
        return list(old["parents"]) if old else []
    shared = [base.path, *(base.path.parent / parent for parent in old["parents"])]
    return [os.path.relpath(path.resolve(), run.path.parent.resolve()) for path in shared]


def _with_engine(config: RunConfig, before: RunConfig | None) -> RunConfig:
    """With engine and model decided; `ConfigError` for a new setting that means nothing to the engine, as a server."""
    if config.engine == CUSTOM:
        return config
    engine = choose_engine(config.engine, config.base_url)
    earlier = before.model_dump() if before else {}
    new_settings = {name for name, value in config.model_dump().items() if value and value != earlier.get(name)}
    refuse_settings_of_others(engine, new_settings)
    return config.model_copy(update={"engine": engine, "model": config.model or DEFAULT_MODELS[engine]})


def _meta(config: RunConfig, context: UniverseContext, source: str, parents: list[str]) -> dict[str, Any]:
    return {
        "docgen": __version__,
        "config": config.model_dump(mode="json"),
        "context": {"id": context.id, "title": context.title, "digest": context.digest, "source": source},
        "templates": template_digests(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "parents": parents,
    }


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], planned: bool) -> list[Change]:
    before = RunConfig.model_validate(old["config"]).identity()
    now = RunConfig.model_validate(new["config"]).identity()
    more = {"max_attempts"} if now["max_attempts"] > before["max_attempts"] else set()
    free = more if planned else PLAN_ONLY
    changes = [
        Change(name, str(before[name]), str(now[name]))
        for name in now
        if name not in free and before.get(name) is not None and before[name] != now[name]
    ]
    if old["context"]["digest"] != new["context"]["digest"]:
        changes.append(Change("context", old["context"]["digest"][:8], new["context"]["digest"][:8]))
    templates = old["templates"]
    unused = {prompt.template for prompt in PROMPTS if prompt.used_for != "corpus"}
    unused |= set() if now["revise"] else {REVISE.template}
    for name, value in new["templates"].items():
        if name not in unused and templates.get(name) != value:
            changes.append(Change(f"template {name}", str(templates.get(name))[:8], value[:8]))
    return changes


def _parents(run: RunFolder, meta: Mapping[str, Any]) -> tuple[Path, ...]:
    return tuple((run.path.parent / parent / "llm.jsonl").resolve() for parent in meta["parents"])
