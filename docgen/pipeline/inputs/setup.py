"""A run with its inputs resolved, and the same read back from the run.json of one that has begun."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docgen.errors import RunError
from docgen.files.run_folder import RunFolder
from docgen.llm.budget import Budget
from docgen.llm.engine import EngineOptions
from docgen.llm.pricing import Prices
from docgen.llm.providers.table import Connection, find_provider
from docgen.options.run import RunConfig
from docgen.pipeline.execution.shared_money import family_of
from docgen.pipeline.inputs.engine_choice import CUSTOM, DEFAULT_MODELS
from docgen.prompts.requests import ModelOptions
from docgen.universe import UniverseContext, load_context

__all__ = ["CUSTOM", "DEFAULT_MODELS", "Setup", "read_recorded", "reopen"]


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
        """Documents asked for; `RunError` when that was never set."""
        if self.config.n is None:
            raise RunError("its number of documents is not set", self.run.name, "Give --n")
        return self.config.n

    def check_models(self, prices: Prices) -> None:
        """Raise `ConfigError` for a model, the judge's too, whose calls a cap could not be held for."""
        judge = self.config.judge_model if self.config.verify else None
        for model in dict.fromkeys((self.config.model or "", judge or self.config.model or "")):
            Budget(prices, self.config.max_cost).check_model(model)

    def check_engine(self) -> None:
        """Raise `ConfigError` where a paid engine has neither a key nor an address."""
        if self.is_paid:
            find_provider(self.config.engine).connect(Connection(self.config.base_url))

    def check_ready(self, planned: bool) -> None:
        """Before anything is written or spent: `RunError` when a plan is needed and n was never set."""
        if planned:
            _ = self.n


def reopen(run: RunFolder) -> Setup:
    """A run with the inputs that it was last given, for reading."""
    meta = read_recorded(run)
    config = RunConfig.recorded(meta["config"])
    context = load_context(run.context).with_airtime(config.airtime)
    return Setup(run, context, config, run.journals_of(meta["parents"]))


def read_recorded(run: RunFolder) -> dict[str, Any]:
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
