"""Which engine and model a run has: each engine with its own model, and no setting that means nothing to it."""

from collections.abc import Collection

from docgen.errors import ConfigError
from docgen.llm.providers.table import (
    PROVIDERS,
    choose_engine,
    refuse_settings_of_others,
    refuse_settings_without_key,
)
from docgen.options.run import RunConfig
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL

__all__ = ["CUSTOM", "DEFAULT_MODELS", "own_model", "with_engine"]

CUSTOM = "custom"
"""The engine of a run whose caller hands over an engine of their own, from Python; no command can open it."""
DEFAULT_MODELS = {provider.name: provider.default_model for provider in PROVIDERS}


def own_model(config: RunConfig) -> RunConfig:
    """With the embedded writer's own model where it writes: earlier versions recorded whatever model was named."""
    if config.engine == EMBEDDED_ENGINE and config.model != EMBEDDED_MODEL:
        return config.model_copy(update={"model": EMBEDDED_MODEL})
    return config


def with_engine(
    config: RunConfig, before: RunConfig | None, asked: Collection[str], priced_only: bool = False
) -> RunConfig:
    """With engine and model decided: a model goes with its engine, and never over to another one.

    Raises `ConfigError` for a new setting that means nothing to the engine, as a server does to the embedded writer.
    """
    if config.engine == CUSTOM:
        return config
    engine = choose_engine(config.engine, config.base_url)
    changes_engine = before is not None and before.engine is not None and before.engine != engine
    keeps_model = "model" in asked or not (changes_engine or engine == EMBEDDED_ENGINE)
    model = config.model if keeps_model else None
    if not priced_only:
        _refuse(engine, model, config, before, asked)
    if engine != EMBEDDED_ENGINE and model == EMBEDDED_MODEL:
        if "model" in asked:
            fix = f"Name one of the {engine} engine's, or leave it out for {DEFAULT_MODELS[engine]}"
            raise ConfigError(f"{EMBEDDED_MODEL} is the embedded writer", "--model", fix)
        model = None
    return config.model_copy(update={"engine": engine, "model": model or DEFAULT_MODELS[engine]})


def _refuse(
    engine: str, model: str | None, config: RunConfig, before: RunConfig | None, asked: Collection[str]
) -> None:
    """Raise `ConfigError` for a new setting that is another engine's, or that takes a key that there is not."""
    earlier = before.model_dump() if before else {}
    values = config.model_dump() | {"model": None if model == DEFAULT_MODELS[engine] else model}
    new_settings = {name for name, value in values.items() if value is not None and value is not False}
    new_settings = {name for name in new_settings if name in asked and values[name] != earlier.get(name)}
    if engine == EMBEDDED_ENGINE and config.engine is None:
        refuse_settings_without_key(new_settings)
    if "engine" in asked:
        new_settings.discard("max_cost")  # a cap on what costs nothing holds
    refuse_settings_of_others(engine, new_settings)
