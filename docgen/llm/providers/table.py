"""Every engine that can write or judge, in one table. A new provider is added here, beside the module that talks to it.

The table is read for the help of --engine, so what costs time to import is imported when a provider is connected.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.llm.batch.api import BatchAPI
    from docgen.llm.protocol import LLM, Request

    class ConnectedLLM(LLM, Protocol):
        """A language model that may hold connections open."""

        async def aclose(self) -> None:
            """Close them."""


__all__ = [
    "PROVIDERS",
    "Connection",
    "Provider",
    "choose_engine",
    "engines_in_words",
    "find_provider",
    "refuse_settings_of_others",
]


@dataclass(frozen=True)
class Connection:
    """What a provider is connected with.

    `base_url` None leaves the address to the environment. `concurrency` is how many calls may be in flight, `timeout`
    the seconds that one may take. `caches` says which requests set a prompt-cache breakpoint; `observe` sees the
    headers of every response; `headers` are sent with every request.
    """

    base_url: str | None = None
    concurrency: int = 64
    timeout: float = 600.0
    caches: Callable[[Request], bool] = lambda _: False
    observe: Callable[[Mapping[str, str]], None] = lambda _: None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Provider:
    """An engine as the command line and `open_engine` know it.

    `name` is the value of --engine, recorded with every document; `description` completes that flag's help. A `paid`
    provider is asked about before it spends, runs under budget and rate control, and can judge. `own_settings` are the
    settings of a run that no other engine understands, `environment` the variables that choose this provider when
    --engine is left out. `connect` makes the model, and raises `ConfigError` without usable credentials; `batches` is
    the API for message batches over it, None if it has none.
    """

    name: str
    description: str
    default_model: str
    connect: Callable[[Connection], ConnectedLLM]
    paid: bool = False
    own_settings: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    batches: Callable[[Any], BatchAPI] | None = None


def find_provider(name: str | None) -> Provider:
    """The provider of that name; `ConfigError` if the table has none."""
    for provider in PROVIDERS:
        if provider.name == name:
            return provider
    known = " or ".join(provider.name for provider in PROVIDERS)
    raise ConfigError(f"no engine {name!r}", "--engine", f"Use {known}")


def engines_in_words() -> str:
    """Every engine with its description, for the help of --engine."""
    return " or ".join(f"{provider.name} ({provider.description})" for provider in PROVIDERS)


def choose_engine(engine: str | None, base_url: str | None) -> str:
    """The engine to use: the one named, else the one that the address or the environment means, else the first."""
    if engine is not None:
        return find_provider(engine).name
    for provider in PROVIDERS:
        addressed = base_url and "base_url" in provider.own_settings
        if addressed or any(os.environ.get(name) for name in provider.environment):
            return provider.name
    return PROVIDERS[0].name


def refuse_settings_of_others(engine: str, settings: Collection[str]) -> None:
    """Raise `ConfigError` for the first of `settings` that belongs to another engine than the one named."""
    own = find_provider(engine).own_settings
    for provider in PROVIDERS:
        for name in provider.own_settings:
            if name in settings and name not in own:
                fix = f"Leave it out, or use --engine {provider.name} (with --accept-changes for a run that has begun)"
                raise ConfigError(f"means nothing to the {engine} engine", f"--{name.replace('_', '-')}", fix)


def _embedded_writer(_: Connection) -> ConnectedLLM:
    from docgen.embedded_writer import EmbeddedWriter

    return EmbeddedWriter()


def _anthropic(connection: Connection) -> ConnectedLLM:
    from docgen.llm.providers.anthropic import AnthropicLLM

    return AnthropicLLM(
        base_url=connection.base_url,
        concurrency=connection.concurrency,
        timeout=connection.timeout,
        caches=connection.caches,
        observe=connection.observe,
        headers=connection.headers,
    )


def _anthropic_batches(llm: Any) -> BatchAPI:
    from docgen.llm.batch.api import BatchAPI

    return BatchAPI(llm)


PROVIDERS = (
    Provider("offline", "free, embedded", "docgen-offline-1", _embedded_writer),
    Provider(
        "anthropic",
        "also compatible servers",
        "claude-haiku-5-5",
        _anthropic,
        paid=True,
        own_settings=("base_url", "batch"),
        environment=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"),
        batches=_anthropic_batches,
    ),
)
