"""A run with its inputs resolved, and the same read back from the run.json of an existing run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.providers.table import Connection, find_provider
from docgen.options.run import RunConfig, RunOptions, resolve
from docgen.options.setting_types import WriterEntry
from docgen.pipeline.execution.shared_budget import check_single, family_of
from docgen.pipeline.inputs.engine_choice import CUSTOM, DEFAULT_MODELS
from docgen.records import IMPORTED_ENGINE, Slot
from docgen.universe import UniverseContext, load_context

if TYPE_CHECKING:
    from docgen.llm.cost.pricing import Prices
    from docgen.llm.engine import EngineOptions
    from docgen.prompts.requests import ModelOptions

__all__ = ["CUSTOM", "DEFAULT_MODELS", "Setup", "engine_options", "model_options", "read_recorded", "reopen"]


@dataclass(frozen=True)
class Setup:
    """A run with its inputs resolved. `parents` are journals whose replies it may use for free.

    `is_named`: the server's address was given this time, and not only read from the run folder.
    """

    run: RunFolder
    context: UniverseContext
    config: RunConfig
    parents: tuple[Path, ...] = ()
    is_named: bool = False

    @property
    def options(self) -> "ModelOptions":
        """What reaches the model besides the prompt."""
        return model_options(self.config)

    def writer_options(self) -> "Callable[[Slot], ModelOptions]":
        """A function from a slot to what reaches the model that writes its document: the run's model, or one of several
        writers."""
        writers, options = self.config.writers, self.options
        if not writers:
            return lambda _: options
        from docgen.planning.slots.writers import draw_writers

        chosen = draw_writers(self.n, [writer.share for writer in writers], self.config.seed)
        each = [replace(options, model=writer.model, engine=self.engine_of(writer)) for writer in writers]
        return lambda slot: each[chosen[slot.id]]

    def engine_of(self, writer: WriterEntry) -> str:
        """The engine of one of several writers; "" for the run's own."""
        return writer.engine if writer.engine and writer.engine != self.config.engine else ""

    def with_model(self, model: str) -> "Setup":
        """The same with another model, for an estimate."""
        return replace(self, config=self.config.model_copy(update={"model": model, "writers": None}))

    @property
    def engine_options(self) -> "EngineOptions":
        """The settings of the engine."""
        options = engine_options(self.config)
        family = tuple(path for path in family_of(self.run) if path != self.run.journal)
        return replace(options, family=family, is_unnamed=not self.is_named)

    @property
    def connection(self) -> Connection:
        """The connection to the run's server."""
        config = self.config
        address = config.servers[0].base_url if config.servers else config.base_url
        return Connection(address, headers=config.headers, is_unnamed=not self.is_named)

    @property
    def is_paid(self) -> bool:
        """Whether its engine costs money."""
        return self.config.engine not in (CUSTOM, IMPORTED_ENGINE) and find_provider(self.config.engine).paid

    @property
    def n(self) -> int:
        """The number of documents; `RunError` if it was never set."""
        if self.config.n is None:
            raise RunError("its number of documents is not set", self.run.name, "Give --n")
        return self.config.n

    def check_models(self, prices: "Prices") -> None:
        """Raise `ConfigError` for a model, the judge's too, for whose calls a cap could not be enforced."""
        from docgen.llm.cost.budget import Budget

        judge = self.config.judge_model if self.config.verify else None
        writers = [writer.model for writer in self.config.writers or ()]
        for model in dict.fromkeys((self.config.model or "", judge or self.config.model or "", *writers)):
            Budget(prices, self.config.max_cost).check_model(model)

    def check_engine(self) -> None:
        """Raise `ConfigError` if a paid engine has neither a key nor an address."""
        if not self.is_paid:
            return
        from docgen.llm.writer_router import connect_writer, has_own_server

        config, writers = self.config, self.config.writers or ()
        elsewhere = [writer for writer in writers if has_own_server(writer, config.engine or "")]
        answered = {writer.model for writer in elsewhere if not self.engine_of(writer)}
        own = {config.model, (config.judge_model if config.verify else None) or config.model}
        if len(elsewhere) < len(writers) or not own <= answered:  # some call goes to the run's own server
            find_provider(config.engine).connect(self.connection)
        for writer in writers:
            connect_writer(writer, config.engine or "", self.connection)

    def check_ready(self, planned: bool) -> None:
        """Before anything is written or spent: `RunError` if a plan is needed of a family, or n was never set."""
        if planned and self.n:
            check_single(self.run)


def engine_options(config: RunConfig) -> "EngineOptions":
    """The settings of an engine, for a run that does not share its cap."""
    from docgen.llm.engine import EngineOptions

    return EngineOptions(
        engine=config.engine,
        base_url=config.base_url,
        servers=config.servers or (),
        concurrency=config.concurrency,
        max_cost=config.max_cost,
        timeout=config.timeout,
        headers=config.headers,
        prices=Path(config.prices) if config.prices else None,
        batch=config.batch,
        writers=config.writers or (),
    )


def model_options(config: RunConfig) -> "ModelOptions":
    """What reaches the model besides the prompt."""
    from docgen.prompts.requests import ModelOptions

    extra = tuple(sorted(config.extra.items()))
    return ModelOptions(config.model or "", config.effort, extra, config.max_tokens)


def reopen(run: RunFolder, base_url: str | None = None) -> Setup:
    """A run with its last inputs, for reading. `base_url`: its server's address, if given again."""
    meta = read_recorded(run)
    config = resolve(RunConfig.recorded(meta["config"]), None, RunOptions(base_url=base_url), reads=True)
    context = load_context(run.context).with_airtime(config.airtime)
    return Setup(run, context, config, run.journals_of(meta["parents"]), is_named=base_url is not None)


def read_recorded(run: RunFolder) -> dict[str, Any]:
    """run.json, with everything in it that later steps rely on."""
    meta = run.read_meta()
    try:
        RunConfig.stored(meta["config"])
        described = (meta["docgen"], *(meta["context"][name] for name in ("id", "title", "digest")))
        shape = (*described, meta["context"].get("source", ""), *meta["templates"].values(), *meta["parents"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable(run) from error
    if not all(isinstance(value, str) for value in shape):
        raise _unusable(run)
    return meta


def _unusable(run: RunFolder) -> RunError:
    fix = "It was edited, or made by another version of docgen; start a new run with --run NAME"
    return RunError("has no usable configuration", str(run.path / "run.json"), fix)
