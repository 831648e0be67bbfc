"""The settings of a run in two forms: as requested (`RunOptions`), and as resolved (`RunConfig`)."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from docgen.errors import ConfigError
from docgen.files.text_files import LARGEST_SETTINGS, read_text
from docgen.options.flag_parsing import read_shares, read_words
from docgen.options.setting_types import (
    ON_RECORD,
    BodyFields,
    Documents,
    ServerAddress,
    ServerEntry,
    ServerHeaders,
    Servers,
    WordRange,
    WriterEntry,
    Writers,
    check_prices,
)
from docgen.options.validation_messages import in_plain_words
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL, Airtime, Record

__all__ = [
    "RunConfig",
    "RunOptions",
    "load_config",
    "resolve",
]


class RunOptions(Record):
    """The requested settings of a run. None means unset: the run's earlier setting or the default applies.

    The fields are those of `RunConfig`, which also says which values are allowed; any other value raises `ConfigError`
    as soon as the options are used.
    """

    n: int | None = None
    seed: int | None = None
    engine: str | None = None
    model: str | None = None
    writers: tuple[WriterEntry, ...] | None = None
    effort: str | None = None
    extra: dict[str, Any] | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    headers: dict[str, str] | None = None
    base_url: str | None = None
    servers: tuple[ServerEntry, ...] | None = None
    concurrency: int | None = None
    max_cost: float | None = None
    batch: bool | None = None
    prices: str | None = None
    types: int | None = None
    ideas: int | None = None
    words: tuple[int, int] | None = None
    airtime: Airtime | None = None
    length_tolerance: float | None = None
    max_attempts: int | None = None
    revise: bool | None = None
    verify: int | Literal["all"] | None = None
    judge_model: str | None = None
    threshold: float | None = None
    ngram: int | None = None
    salience: dict[str, float] | None = None
    stated: dict[str, float] | None = None

    def settings(self) -> dict[str, Any]:
        """The settings that were asked for, by name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}

    def over(self, other: "RunOptions") -> "RunOptions":
        """These options, with `other`'s where these are unset."""
        return other.model_copy(update=self.settings())


HOW_NOT_WHAT = frozenset(
    {"batch", "concurrency", "max_cost", "base_url", "servers", "prices", "timeout", "headers", "verify", "judge_model"}
)
"""Fields that change how a run is carried out, never its results."""


class RunConfig(Record):
    """Every setting of a run, as run.json stores it. None: not decided yet, or left to docgen."""

    n: int | None = Field(None, ge=1, le=100_000_000, description="documents to accept")
    seed: int = Field(0, ge=0, lt=2**63, description="same seed, same plan")
    engine: str | None = Field(None, description="what writes the documents: any value of --engine")
    model: str | None = Field(None, min_length=1, max_length=200, description="model id; each engine has a default")
    writers: Writers = Field(None, description="[[writers]]: several models, each with its share of the documents")
    effort: Literal["low", "medium", "high", "max"] | None = Field(
        None, description="thinking effort, if the model supports it"
    )
    extra: BodyFields = Field(default_factory=dict, description="extra body fields for compatible servers")
    max_tokens: int | None = Field(
        None, ge=16, le=1_000_000, description="maximum tokens of a reply, thinking included"
    )
    timeout: float = Field(600.0, ge=1, le=86_400, description="seconds that one request may take")
    headers: ServerHeaders = Field(
        default_factory=dict, description="headers for gateways; ${NAME} is read from the environment"
    )
    base_url: ServerAddress = Field(None, description="a server that speaks the engine's API")
    servers: Servers = Field(None, description="[[servers]]: several servers, each with base-url and key")
    concurrency: int = Field(256, ge=1, le=4096, description="maximum number of requests in flight")
    max_cost: float | None = Field(None, ge=0, description="hard cap in dollars, resumes included")
    batch: bool = Field(False, description="message batches: half the price, up to a day")
    prices: str | None = Field(
        None, validate_default=True, description="TOML file of prices that overrides the shipped one"
    )
    # Together a thousand ideas: a corpus of that size uses none twice.
    types: int = Field(40, ge=1, le=2000, description="document types to brainstorm")
    ideas: int = Field(25, ge=1, le=10_000, description="ideas for each type")
    words: WordRange = Field((300, 900), description="range of target lengths")
    airtime: Airtime | None = Field(None, description="dense, natural or sparse; the context's own when left out")
    length_tolerance: float = Field(
        0.5, ge=0, le=1, description="how far a length may be off, as a share of its target"
    )
    # Where a tenth of all attempts are rejected, one slot in 10,000 is left empty after four.
    max_attempts: int = Field(4, ge=1, le=100, description="attempts for one slot before it is left empty")
    revise: bool = Field(False, description="one critique-and-rewrite pass for each document")
    # Over 200 documents a share is known to 7 points (95%) at worst, over half as many to 10, over twice as many to 5.
    verify: Documents = Field(200, description="documents that a judge reads at the end of a paid run")
    judge_model: str | None = Field(None, min_length=1, max_length=200, description="model that judges")
    threshold: float = Field(
        0.8, ge=0.01, le=1, description="Jaccard similarity at which two documents are near-duplicates"
    )
    ngram: int = Field(5, ge=1, le=50, description="words in a shingle")
    salience: dict[str, float] = Field(default_factory=dict, description="overrides of the context's targets, by fact")
    stated: dict[str, float] = Field(default_factory=dict, description="overrides of directness: share stated, by fact")

    @model_validator(mode="before")
    @classmethod
    def _max_tokens_of_extra(cls, values: Any) -> Any:
        """A max_tokens under [extra] is the option of that name, so that prices and the cap count it."""
        extra = values.get("extra") if isinstance(values, dict) else None
        if not isinstance(extra, dict) or "max_tokens" not in extra:
            return values
        rest = {name: value for name, value in extra.items() if name != "max_tokens"}
        return {**values, "extra": rest, "max_tokens": values.get("max_tokens") or extra["max_tokens"]}

    @field_validator("prices")
    @classmethod
    def _cap_with_its_prices(cls, prices: str | None, before: ValidationInfo) -> str | None:
        if prices is None and before.data.get("max_cost") is not None and before.context != ON_RECORD:
            check_prices(before.data.get("extra", {}))
        return prices

    @classmethod
    def recorded(cls, values: Any) -> "RunConfig":
        """The settings as recorded in run.json, with the embedded writer's own model if it writes.

        Earlier versions recorded whatever model was named.
        """
        config = cls.stored(values)
        return config.model_copy(update={"model": EMBEDDED_MODEL}) if config.engine == EMBEDDED_ENGINE else config

    @classmethod
    def stored(cls, values: Any) -> "RunConfig":
        """The settings as run.json holds them, also those that a run could not be begun with any more."""
        return cls.model_validate(values, context=ON_RECORD)

    def identity(self) -> dict[str, Any]:
        """The part that determines the results; settings added after the first runs only if they are set."""
        left_out = {*HOW_NOT_WHAT, *(name for name in ("airtime", "writers") if getattr(self, name) is None)}
        values = self.model_dump(mode="json", exclude=left_out)
        if self.writers is not None:
            values["writers"] = [writer.model_dump(include={"model", "share", "engine"}) for writer in self.writers]
        return values


def load_config(path: Path) -> dict[str, Any]:
    """The settings of a TOML file by the names of `RunConfig`, not checked yet; `ConfigError` names file and line.

    Names may have dashes, and values may be written as after a flag: words = "200-300", salience = ["fact=0.3"].
    """
    if path.is_dir() or not path.exists():
        what = "is a folder" if path.is_dir() else "no such file"
        raise ConfigError(what, str(path), "Give --config the path of a TOML file")
    try:
        table = tomllib.loads(read_text(path, LARGEST_SETTINGS, ConfigError))
    except (RecursionError, ValueError) as error:  # a number of 5,000 digits is a ValueError of Python's own
        raise ConfigError(f"is not TOML: {error}", str(path), 'A line looks like n = 500, or model = "NAME"') from error
    settings: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in settings:
            raise ConfigError(f"{key!r} is given both with a dash and with an underscore", str(path), "Leave one out")
        settings[name] = _as_after_a_flag(name, value, f"{path}: {name}")
    return settings


def _as_after_a_flag(name: str, value: Any, where: str) -> Any:
    if name == "words" and isinstance(value, str):
        return read_words(value, where)
    if name in ("servers", "writers") and isinstance(value, list):
        return tuple(
            {key.replace("-", "_"): own for key, own in entry.items()} if isinstance(entry, dict) else entry
            for entry in value
        )
    pairs = [value] if isinstance(value, str) else value
    if name in ("salience", "stated") and isinstance(pairs, list) and all(isinstance(pair, str) for pair in pairs):
        return read_shares(pairs, where)
    return value


def resolve(before: RunConfig | None, file: Path | None, options: RunOptions, *, reads: bool = False) -> RunConfig:
    """The requested settings, over the `--config` file, over the run's earlier settings, over the defaults.

    `reads`: nothing is bought, so earlier settings need not be ones that may be sent today. Raises `ConfigError` that
    names the flag or the file's key.
    """
    values: dict[str, Any] = before.model_dump(exclude_unset=True) if before else {}
    for now in (load_config(file) if file else {}, options.settings()):
        if now.get("base_url") is not None and "servers" not in now:
            values["servers"] = None  # the one server that was named now
        if now.get("model") is not None and "writers" not in now:
            values["writers"] = None  # the one writer that was named now
        values |= now
    try:
        return RunConfig.stored(values) if reads else RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(*_explain(error, file, options)) from error


def _explain(error: ValidationError, file: Path | None, options: RunOptions) -> tuple[str, str, str]:
    first: dict[str, Any] = {"ctx": {}, **error.errors()[0]}
    name = str(first["loc"][0]) if first["loc"] else "?"
    if name not in options.settings() and file is None:
        fix = "Set it anew in a --config file, with --accept-changes, or start anew with --run NAME"
        return in_plain_words(first), f"run.json: {name}", fix
    where = f"--{name.replace('_', '-')}" if name in options.settings() else f"{file}: {name}"
    if first["type"] == "extra_forbidden":
        return f"no setting is called {name!r}", str(file), f"Known: {', '.join(sorted(RunConfig.model_fields))}"
    message = in_plain_words(first)
    described = RunConfig.model_fields[name].description if name in RunConfig.model_fields else ""
    value = first["input"]
    is_range = name == "words" and isinstance(value, tuple) and len(value) == 2
    shown = f" (got {'-'.join(map(str, value)) if is_range else repr(value)})"
    if name in ("base_url", "extra", "headers", "servers", "writers"):
        shown = ""  # these may contain a key
    return f"{message}{shown}", where, f"It is: {described}"
