"""What calls cost: prices from a dated data file, the cost of a usage, and the worst-case cost of a request."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from docgen.errors import ConfigError
from docgen.files.text_files import LARGEST_SETTINGS, read_text
from docgen.llm.protocol import Request, Usage
from docgen.records import Record

__all__ = ["ModelPrice", "PriceTier", "Prices", "input_token_bound", "load_prices"]

PER_MILLION = 1e-6
"""Prices are per million tokens."""
FRAMING_TOKENS = 600
"""More than role markers, the date of the prompt format and the JSON-mode preamble have been observed to add."""

_DATE_SUFFIX = re.compile(r"[-@]\d{8}(-v\d+(:\d+)?)?$")
_PREFIX = re.compile(r"^(?:[a-z0-9_]+/|(?:[a-z]{2,6}\.)?anthropic\.)+")


class PriceTier(Record):
    """Dollars per million tokens of each kind."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cache_read: float = Field(ge=0, allow_inf_nan=False)
    cache_write: float = Field(ge=0, allow_inf_nan=False)

    def cost(self, usage: Usage) -> float:
        """Dollars for `usage` at these prices."""
        dollars = usage.input * self.input + usage.output * self.output
        return (dollars + usage.cache_read * self.cache_read + usage.cache_write * self.cache_write) * PER_MILLION


class LongPrompt(PriceTier):
    """Prices for prompts, cached or not, of more than `above` tokens."""

    above: int = Field(gt=0)


class ModelPrice(PriceTier):
    """One model's prices. `batch` is the factor for message batches, `cache_min_tokens` the shortest cached prefix."""

    batch: float = Field(default=0.5, ge=0, le=1)
    cache_min_tokens: int = Field(default=4096, ge=0)
    long_prompt: LongPrompt | None = None
    aliases: tuple[str, ...] = ()

    def tier(self, prompt_tokens: int) -> PriceTier:
        """The prices for a prompt of this length."""
        return self.long_prompt if self.long_prompt and prompt_tokens > self.long_prompt.above else self

    def saved(self, usage: Usage) -> float:
        """Dollars that the prompt cache saved: its tokens as plain input, minus what they did cost."""
        cost = usage.cache_read * self.cache_read + usage.cache_write * self.cache_write
        return ((usage.cache_read + usage.cache_write) * self.input - cost) / 1e6


class Prices(Record):
    """Every known model's prices, as of `date`."""

    date: str
    source: str = ""
    models: dict[str, ModelPrice]

    def find(self, model: str) -> ModelPrice | None:
        """Prices of `model`, whatever provider prefix, date suffix or letter case its id has; None if not known."""
        exact = self.models.get(model)
        if exact is not None:
            return exact
        plain = _PREFIX.sub("", model.strip().lower())
        undated = _DATE_SUFFIX.sub("", plain)
        for name in dict.fromkeys((plain, undated, undated.removesuffix("-latest"))):
            if name in self.models:
                return self.models[name]
            for price in self.models.values():
                if name in price.aliases:
                    return price
        return None

    def cost(self, model: str, usage: Usage, batched: bool = False) -> float | None:
        """Dollars for one call; None for a model without a known price."""
        price = self.find(model)
        if price is None:
            return None
        prompt = usage.input + usage.cache_read + usage.cache_write
        return price.tier(prompt).cost(usage) * (price.batch if batched else 1.0)

    def worst_case(self, request: Request, batched: bool = False) -> float | None:
        """Dollars that one call of `request` cannot exceed; None for a model without a known price.

        Every prompt token is charged at the highest rate that may apply (a cache write), the reply at full length.
        """
        price = self.find(request.model)
        if price is None:
            return None
        prompt = input_token_bound(request)
        tier = price.tier(prompt)
        dollars = prompt * max(tier.input, tier.cache_write) + request.max_tokens * tier.output
        return dollars * PER_MILLION * (price.batch if batched else 1.0)

    def dearest(self, model: str) -> float:
        """How many times the price of `model` the dearest model costs, by the token; 1 without a known price."""
        price = self.find(model)
        return 1.0 if price is None else max(_times(other, price) for other in self.models.values())

    def times(self, answered: str, asked: str) -> float:
        """How many times the price of the model `asked` that of another costs, at most; 1 where one is not known."""
        price, other = self.find(asked), self.find(answered)
        return 1.0 if price is None or other is None else _times(other, price)


def _times(other: ModelPrice, price: ModelPrice) -> float:
    pairs = ((other.input, price.input), (other.cache_write, price.cache_write), (other.output, price.output))
    return max(1.0, *(high / low for high, low in pairs if low))


def load_prices(override: Path | None = None) -> Prices:
    """The shipped prices, overridden model by model by the user's own file. Raises `ConfigError` if it is unusable."""
    shipped = _read(Path(__file__).parents[2] / "data" / "prices.toml")
    if override is None:
        return shipped
    own = _read(override, default_date=shipped.date)
    return shipped.model_copy(update={"models": {**shipped.models, **own.models}, "date": own.date})


def input_token_bound(request: Request) -> int:
    """An upper bound on the prompt's tokens: a token is at least one byte of UTF-8."""
    schema = json.dumps(request.schema) if request.schema else ""
    extra = json.dumps(dict(request.extra), default=str) if request.extra else ""
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in (request.system, request.user, schema, extra))
    return size + FRAMING_TOKENS


def _read(path: Path, default_date: str | None = None) -> Prices:
    try:
        table: Mapping[str, Any] = tomllib.loads(read_text(path, LARGEST_SETTINGS, ConfigError))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not valid TOML: {error}", str(path), "Fix the file") from error
    if default_date is not None:
        table = {"date": default_date, **table}
    try:
        return Prices.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        fix = "See docgen/data/prices.toml for the shape"
        raise ConfigError(f"{field}: {first['msg']}", str(path), fix) from error
