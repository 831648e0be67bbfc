"""Validated types of settings: servers, writers, prices; a failed check says what is allowed."""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo

from docgen.records import Record
from docgen.text.output.secret_redaction import credential_name, credential_value, passwords_in

__all__ = [
    "HEADER_VARIABLE",
    "ON_RECORD",
    "BodyFields",
    "Documents",
    "ServerAddress",
    "ServerEntry",
    "ServerHeaders",
    "Servers",
    "WordRange",
    "WriterEntry",
    "Writers",
    "check_extra",
    "check_prices",
    "check_servers",
    "check_writers",
    "is_written_out",
]

Entry = TypeVar("Entry", bound=Record)

HEADER_VARIABLE = re.compile(r"\$\{(\w+)\}")
"""In a header: a reference to an environment variable."""

OWNED = {
    "model": "set it with --model",
    "messages": "it is the prompt",
    "system": "it is the prompt",
    "stream": "replies are read whole",
    "output_config": "docgen sets it; effort is set with --effort",
    "output_format": "docgen sets it",
    "response_format": "docgen sets it",
    "max_completion_tokens": "set it with --max-tokens",
    "tools": "docgen uses no tools",
    "tool_choice": "docgen uses no tools",
    "n": "one reply is read for each request",
    "timeout": "set it with --timeout",
    "headers": "set them under [headers]",
    "extra_headers": "set them under [headers]",
    "extra_body": "write the fields under [extra] itself",
    "api_key": "set ANTHROPIC_API_KEY",
    "base_url": "set it with --base-url",
    **dict.fromkeys(("prompt", "input", "instructions"), "it is the prompt"),
    **dict.fromkeys(
        ("max_output_tokens", "max_new_tokens", "max_length", "num_predict", "n_predict"), "set it with --max-tokens"
    ),
    **dict.fromkeys(("best_of", "num_return_sequences"), "one reply is bought for each request"),
    **dict.fromkeys(("models", "fallbacks", "route"), "all texts are one model's, set with --model"),
    **dict.fromkeys(
        ("functions", "function_call", "mcp_servers", "container", "plugins", "web_search_options"),
        "docgen uses no tools",
    ),
}
"""Fields that docgen sets or relies on itself, and what to do instead: above all those that change what is billed."""
OTHER_PRICES = {
    "service_tier": ("auto", "default", "standard", "standard_only", "flex"),
    "speed": ("standard",),
    "inference_geo": ("global",),
}
"""Fields that may change the price of a token, and the values that do not raise it."""


ON_RECORD = {"on_record": True}
"""Context of validation for settings of a run that is only read: fields may be there that nobody may send any more."""


def check_extra(extra: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """The fields, if a user may set them; else `ValueError`.

    None that docgen sets itself, unless they are `ON_RECORD`, nothing that is not JSON, and no keys: settings are kept
    in run folders and published.
    """
    for name, value in extra.items():
        if name.lower() in OWNED and info.context != ON_RECORD:
            raise ValueError(f"{name} is a field that docgen sets itself: {OWNED[name.lower()]}")
        _check_json(name, value)
        _check_secret(name, value)
    return extra


def check_prices(extra: Mapping[str, Any]) -> None:
    """`ValueError` if a field makes tokens more expensive than in docgen's table of prices, which enforces the cap."""
    for name, value in extra.items():
        if name.lower() in OTHER_PRICES and value not in OTHER_PRICES[name.lower()]:
            raise ValueError(
                f"{name} under [extra] changes what a token costs, and a cap needs its prices: give a file of them"
            )


def _check_secret(place: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_secret(f"{place}.{name}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_secret(f"{place}[{number}]", inner)
    elif isinstance(value, str) and value and (credential_name(place.rpartition(".")[2]) or credential_value(value)):
        raise ValueError(f"{place} looks like a key, and settings are published: send it under [headers], as ${{NAME}}")


def is_written_out(header: str, value: str) -> bool:
    """Whether a header contains a key instead of naming an environment variable that does."""
    bare = HEADER_VARIABLE.sub("", value)
    return credential_value(bare) or (credential_name(header) and bare == value)


def _check_headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if is_written_out(name, text):
            raise ValueError(f"{name} contains a key: put it into an environment variable, and write ${{NAME}} here")
    return value


def _check_json(place: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} is {value}, which JSON cannot represent: write a number")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_json(f"{place}.{name}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_json(f"{place}[{number}]", inner)
    elif not isinstance(value, str | int | float | bool | None):
        raise ValueError(f"{place} is a {type(value).__name__}, which JSON cannot represent: write it in quotes")  # noqa: TRY004


def _check_documents(value: Any) -> Any:
    if value == "all" or (type(value) is int and value >= 0):
        return value
    raise ValueError("must be a number of documents, all or 0")


def _check_words(value: tuple[int, int]) -> tuple[int, int]:
    low, high = value
    # Chosen as bounds: 20 words are a sentence with a fact, 8000 some 11,000 tokens, a long reply for most models.
    if not 20 <= low <= high <= 8000:
        raise ValueError("must be two numbers, lowest first, between 20 and 8000")
    return value


def _check_address(value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    if value is not None and passwords_in(value):
        raise ValueError("must not contain a password: send it as a header, under [headers] in a --config file")
    if value is not None and ("?" in value or "#" in value):
        raise ValueError("must end before ? or #: what else a server needs goes under [headers] or [extra]")
    return value


BodyFields = Annotated[dict[str, Any], AfterValidator(check_extra)]
"""Body fields of requests to compatible servers."""
Documents = Annotated[int | Literal["all"], BeforeValidator(_check_documents)]
"""How many documents of a run."""
WordRange = Annotated[tuple[int, int], AfterValidator(_check_words)]
"""Lowest and highest length of a document, in words."""
ServerAddress = Annotated[str | None, AfterValidator(_check_address)]
"""Base URL of a server; None: the environment's, or the API itself."""
ServerHeaders = Annotated[dict[str, str], AfterValidator(_check_headers)]
"""Headers for gateways; keys in them are named as environment variables, `${NAME}`."""


class ServerEntry(Record):
    """One of several servers of a run. `key` is the environment variable that holds its key, not the key itself.

    `concurrency`: most requests in flight there; None: as many as the run may have in total.
    """

    base_url: Annotated[str, AfterValidator(_check_address)]
    key: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    concurrency: int | None = Field(None, ge=1, le=4096)


SERVERS_SHAPE = (
    "must be entries [[servers]], each with base-url, and optionally key (the name of an environment variable, not "
    "the key itself) and concurrency (1 to 4096)"
)


def check_servers(value: Any) -> tuple[ServerEntry, ...] | None:
    """The servers, if they are valid; else `ValueError`."""
    return None if value is None else _entries(value, ServerEntry, SERVERS_SHAPE)


Servers = Annotated[tuple[ServerEntry, ...] | None, BeforeValidator(check_servers)]
"""Several servers of a run; None: one."""


LEAST_SHARE = 0.01
"""The smallest share of a writer: below it, a corpus of some hundred documents has none of its own."""


class WriterEntry(Record):
    """One of several writers of a run, who writes a share of the documents.

    `engine` None: the run's own. `base_url` None: the run's server with the run's engine, else what the environment
    says for the writer's engine. `key` is the environment variable that holds the server's key, not the key itself.
    """

    model: str = Field(min_length=1, max_length=200)
    share: float = Field(ge=LEAST_SHARE, le=1)
    engine: str | None = None
    base_url: ServerAddress = None
    key: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


WRITERS_SHAPE = (
    f"must be entries [[writers]], each with model and share ({LEAST_SHARE} to 1), and optionally engine, base-url "
    "and key (the name of an environment variable, not the key itself)"
)


def check_writers(value: Any) -> tuple[WriterEntry, ...] | None:
    """The writers, if their models differ and their shares sum to 1; else `ValueError`."""
    if value is None:
        return None
    writers = _entries(value, WriterEntry, WRITERS_SHAPE)
    models = [writer.model for writer in writers]
    if twice := [model for model in dict.fromkeys(models) if models.count(model) > 1]:
        raise ValueError(f"must be different models, but {twice[0]} is named twice")
    total = sum(writer.share for writer in writers)
    if abs(total - 1) > 1e-6:  # allows for the rounding of floats, not for three times 0.33
        raise ValueError(f"must have shares that sum to 1, but they sum to {total:g}")
    return writers


def _entries(value: Any, record: type[Entry], shape: str) -> tuple[Entry, ...]:
    """The tables of a list as records; else `ValueError`, in a validator's own words or with the `shape` required."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(shape)
    try:
        return tuple(record.model_validate(entry) for entry in value)
    except ValidationError as error:
        first = error.errors()[0]
        own_words = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else shape
        raise ValueError(own_words) from error


Writers = Annotated[tuple[WriterEntry, ...] | None, BeforeValidator(check_writers)]
"""Several writers of a run, with the share of each; None: one."""
