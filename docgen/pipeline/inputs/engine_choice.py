"""Which engine and model a run has: each engine with its own model, without settings that do not apply to it."""

from collections.abc import Collection

from docgen.errors import ConfigError
from docgen.llm.providers.table import (
    PROVIDERS,
    choose_engine,
    find_provider,
    refuse_settings_of_others,
    refuse_settings_without_key,
)
from docgen.options.run import RunConfig
from docgen.options.setting_types import WriterEntry
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL

__all__ = ["CUSTOM", "DEFAULT_MODELS", "main_writer", "with_engine"]

CUSTOM = "custom"
"""The engine of a run whose caller passes their own engine, from Python; no command can open it."""
HARMLESS = frozenset({"max_cost", "verify", "max_tokens", "timeout", "headers", "extra"})
"""Settings of a server that may stand beside a free engine that is named: one file may serve several engines."""
DEFAULT_MODELS = {provider.name: provider.default_model for provider in PROVIDERS}


def with_engine(
    config: RunConfig, before: RunConfig | None, asked: Collection[str], priced_only: bool = False
) -> RunConfig:
    """With engine and model decided: a model belongs to its engine, and is never used with another one.

    Raises `ConfigError` for a new setting that only another engine understands, such as a server with the embedded
    writer, or that needs a key and has none.
    """
    if config.engine == CUSTOM:
        return config
    if config.writers is not None:
        config, asked = _with_main_writer(config, asked)
    address = config.servers[0].base_url if config.servers else config.base_url
    engine = choose_engine(config.engine, address)
    changes_engine = before is not None and before.engine is not None and before.engine != engine
    keeps_model = "model" in asked or not (changes_engine or engine == EMBEDDED_ENGINE)
    model = config.model if keeps_model else None
    if not priced_only:
        earlier = before.model_dump() if before else {}
        values = config.model_dump() | {"model": None if model == DEFAULT_MODELS[engine] else model}
        is_set = {name for name, value in values.items() if value is not None and value is not False}
        is_set -= {"verify"} if config.verify == 0 else set()
        new_settings = {name for name in is_set if name in asked and values[name] != earlier.get(name)}
        if engine == EMBEDDED_ENGINE and config.engine is None:
            refuse_settings_without_key(new_settings)
        if "engine" in asked:
            new_settings -= HARMLESS
        refuse_settings_of_others(engine, new_settings)
    if engine != EMBEDDED_ENGINE and model == EMBEDDED_MODEL:
        if "model" in asked:
            fix = f"Name one of the {engine} engine's, or leave it out for {DEFAULT_MODELS[engine]}"
            raise ConfigError(f"{EMBEDDED_MODEL} is the embedded writer", "--model", fix)
        model = None
    return config.model_copy(update={"engine": engine, "model": model or DEFAULT_MODELS[engine]})


def main_writer(writers: Collection[WriterEntry]) -> WriterEntry:
    """Who writes most, the first of equals: the one that also brainstorms."""
    return max(writers, key=lambda writer: writer.share)


def _with_main_writer(config: RunConfig, asked: Collection[str]) -> tuple[RunConfig, Collection[str]]:
    """With the model of whoever writes most, which also brainstorms, and judges unless another is named."""
    writers = config.writers or ()
    main = main_writer(writers)
    for writer in writers:
        if writer.engine is not None and not find_provider(writer.engine).paid:
            raise ConfigError(
                f"{writer.engine} is the embedded writer, which cannot be one of several", "writers", "Leave it out"
            )
    # The main writer's engine becomes the run's, which must not silently apply to other writers too.
    if main.engine and config.engine is not None and config.engine != main.engine:
        what = (
            f"{main.model} has the largest share, so that its engine, {main.engine}, is the run's, not {config.engine}"
        )
        raise ConfigError(what, "writers", f"Give --engine {main.engine}, and each other writer its own engine")
    without = [writer.model for writer in writers if writer.engine is None]
    if main.engine and config.engine is None and without:
        what = f"{main.model} has the largest share and its own engine, but {without[0]} has none"
        raise ConfigError(what, "writers", "Give each writer its engine")
    changes = {"model": main.model, **({"engine": main.engine} if main.engine else {})}
    return config.model_copy(update=changes), {*asked, *(["model"] if "writers" in asked else [])}
