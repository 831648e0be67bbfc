"""Table of all engines that can write or judge. Add a new provider here, and its client as a module of this package.

The help of --engine reads this table, so slow imports wait until a provider is connected.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from docgen.errors import ConfigError
from docgen.text.engine_names import EMBEDDED_ENGINE, EMBEDDED_MODEL
from docgen.text.output.spelling_suggestions import suggestion

if TYPE_CHECKING:
    from docgen.llm.batch.batch_protocol import Batches
    from docgen.llm.protocol import LLM, Request

    class ConnectedLLM(LLM, Protocol):
        """A language model that may hold connections open."""

        async def aclose(self) -> None:
            """Close them."""

    class ServerLLM(ConnectedLLM, Protocol):
        """A language model at a server, which a `paid` provider connects; `docgen doctor` checks it."""

        base_url: str
        models_path: str

        @property
        def structured(self) -> bool | None:
            """Whether the server follows JSON schemas; None until that has been tried."""

        @property
        def longest_reply(self) -> int | None:
            """The most tokens that a reply may have; None while the server has refused none for that."""

        async def call(self, method: str, path: str) -> Any:
            """Make one HTTP call without retries; returns the decoded JSON."""


__all__ = [
    "PROVIDERS",
    "Connection",
    "Provider",
    "choose_engine",
    "default_engine_in_words",
    "default_paid_provider",
    "engines_in_words",
    "find_provider",
    "provider_with_batches",
    "refuse_settings_of_others",
    "refuse_settings_without_key",
]


FILE_ONLY = ("headers", "extra")
"""Settings without a flag: tables of a `--config` file."""


@dataclass(frozen=True)
class Connection:
    """Settings of a connection to a provider.

    `base_url` None: the address comes from the environment. `concurrency` is the most calls in flight, `timeout` the
    most seconds for one call; a run passes its own, the defaults are chosen for a caller without any. `caches` says
    which requests set a prompt-cache breakpoint; `observe` receives the headers of every response; `headers` are sent
    with every request. `is_unnamed`: address and headers come from a run folder alone, and so get no key. `api_key`
    None: the key comes from the environment.
    """

    base_url: str | None = None
    concurrency: int = 64
    timeout: float = 600.0
    caches: Callable[[Request], bool] = lambda _: False
    observe: Callable[[Mapping[str, str]], None] = lambda _: None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_unnamed: bool = False
    api_key: str | None = None


@dataclass(frozen=True, eq=False, repr=False)  # what these two add takes a millisecond of every start
class Provider:
    """An engine as the command line and `open_engine` know it.

    `name` is the value of --engine and is recorded with every document; `description` appears in that flag's help.
    `client` makes the model of a row and a connection; rows may share one. A `paid` provider asks before it spends, has
    budget and rate control, and can judge. `own_settings` are settings of a run that only this engine understands.
    Environment variables: `key_variable` has its key, `token_variable` a bearer token that is used without a key, and
    `address_variable` names another server than `address`, which is its own API. With `chosen_by_environment` they
    select the engine when --engine is left out. `batches` returns its API for message batches, None if it has none.
    """

    name: str
    description: str
    default_model: str
    client: Callable[[Provider, Connection], ConnectedLLM]
    paid: bool = False
    own_settings: tuple[str, ...] = ()
    key_variable: str = ""
    token_variable: str = ""
    address: str = ""
    address_variable: str = ""
    chosen_by_environment: bool = False
    batches: Callable[[Any], Batches] | None = None

    def connect(self, connection: Connection) -> ConnectedLLM:
        """The model. Raises `ConfigError` without usable credentials."""
        return self.client(self, connection)

    @property
    def secret_variables(self) -> tuple[str, ...]:
        """The variables with what it is sent to prove who asks."""
        return tuple(filter(None, (self.key_variable, self.token_variable)))

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables that select it when --engine is left out."""
        variables = (*self.secret_variables, self.address_variable) if self.chosen_by_environment else ()
        return tuple(filter(None, variables))


def find_provider(name: str | None) -> Provider:
    """The provider of that name; `ConfigError` if the table has none."""
    for provider in PROVIDERS:
        if provider.name == name:
            return provider
    names = [provider.name for provider in PROVIDERS]
    raise ConfigError(
        f"{name!r} is not an engine", "--engine", suggestion(name or "", names, f"Use {' or '.join(names)}")
    )


def provider_with_batches(engine: str | None) -> Provider:
    """Where a run's message batches are: at its own engine, or if that has none, at the first that does."""
    having = [provider for provider in PROVIDERS if provider.batches]
    return next((provider for provider in having if provider.name == engine), having[0])


def default_paid_provider() -> Provider:
    """The provider to test, price or judge with if none is named. Free engines write and do not judge."""
    return next(provider for provider in PROVIDERS if provider.paid)


def default_engine_in_words() -> str:
    """Which engine is used when --engine is left out, for its help."""
    return " or ".join(f"{provider.name} if a key is set" for provider in PROVIDERS if provider.environment)


def engines_in_words() -> str:
    """All engines with their descriptions, for the help of --engine."""
    return " or ".join(f"{provider.name} ({provider.description})" for provider in PROVIDERS)


def choose_engine(engine: str | None, base_url: str | None) -> str:
    """The engine to use: the one named, else the one that the address or environment selects, else the first."""
    if engine is not None:
        return find_provider(engine).name
    for provider in PROVIDERS:
        takes_address = base_url and "base_url" in provider.own_settings
        if takes_address or any(os.environ.get(name) for name in provider.environment):
            return provider.name
    return PROVIDERS[0].name


def refuse_settings_of_others(engine: str, settings: Collection[str]) -> None:
    """Raise `ConfigError` for the first of `settings` that only another engine understands."""
    own_settings = find_provider(engine).own_settings
    for provider in PROVIDERS:
        for name in provider.own_settings:
            if name in settings and name not in own_settings:
                fix = f"Leave it out, or use --engine {provider.name} (with --accept-changes for a run that has begun)"
                raise ConfigError(f"is not a setting of the {engine} engine", f"--{name.replace('_', '-')}", fix)


def refuse_settings_without_key(settings: Collection[str]) -> None:
    """Raise `ConfigError` for the first of `settings` that need an engine with a key, if there is no key."""
    for provider in PROVIDERS:
        for name in provider.own_settings:
            if name in settings:
                variable = next(iter(provider.environment), "its key")
                fix = (
                    f"Set {variable} (or --base-url), or leave it out; --engine {PROVIDERS[0].name} for the embedded "
                    "writer, which is for trying out"
                )
                where = f"[{name}]" if name in FILE_ONLY else f"--{name.replace('_', '-')}"
                raise ConfigError("there is no API key for it", where, fix)


def _embedded_writer(_provider: Provider, _connection: Connection) -> ConnectedLLM:
    from docgen.embedded_writer import EmbeddedWriter

    return EmbeddedWriter()


def _messages(provider: Provider, connection: Connection) -> ConnectedLLM:
    from docgen.llm.providers.anthropic import AnthropicLLM

    return AnthropicLLM(
        provider=provider,
        base_url=connection.base_url,
        concurrency=connection.concurrency,
        timeout=connection.timeout,
        caches=connection.caches,
        observe=connection.observe,
        headers=connection.headers,
        is_unnamed=connection.is_unnamed,
        api_key=connection.api_key,
    )


def _chat_completions(provider: Provider, connection: Connection) -> ConnectedLLM:
    from docgen.llm.providers.openai import ChatLLM

    return ChatLLM(
        provider=provider,
        base_url=connection.base_url,
        concurrency=connection.concurrency,
        timeout=connection.timeout,
        observe=connection.observe,
        headers=connection.headers,
        is_unnamed=connection.is_unnamed,
        api_key=connection.api_key,
    )


def _anthropic_batches(llm: Any) -> Batches:
    from docgen.llm.batch.api import BatchAPI

    return BatchAPI(llm)


def _openai_batches(llm: Any) -> Batches:
    from docgen.llm.batch.openai_api import FileBatchAPI

    return FileBatchAPI(llm)


OF_SERVERS = (
    *("model", "max_cost", "batch", "effort", "base_url", "servers", "judge_model"),
    *("verify", "max_tokens", "timeout", "headers", "extra"),
)
"""Settings that mean nothing to the embedded writer, which has one model, no server and no judge."""

PROVIDERS = (
    Provider(EMBEDDED_ENGINE, "free, embedded", EMBEDDED_MODEL, _embedded_writer),
    Provider(
        "anthropic",
        "also compatible servers",
        "claude-haiku-5-5",
        _messages,
        paid=True,
        own_settings=OF_SERVERS,
        key_variable="ANTHROPIC_API_KEY",
        token_variable="ANTHROPIC_AUTH_TOKEN",
        address="https://api.anthropic.com",
        address_variable="ANTHROPIC_BASE_URL",
        chosen_by_environment=True,
        batches=_anthropic_batches,
    ),
    Provider(
        "openai",
        "OpenAI's chat completions, also vLLM, SGLang, llama.cpp, Ollama, OpenRouter and others",
        "gpt-5-mini",
        _chat_completions,
        paid=True,
        own_settings=OF_SERVERS,
        key_variable="OPENAI_API_KEY",
        address="https://api.openai.com/v1",
        address_variable="OPENAI_BASE_URL",
        batches=_openai_batches,
    ),
)
