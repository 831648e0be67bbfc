"""Prices: ids in every spelling, tiers, the user's own file, and a worst case that no call exceeds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.errors import ConfigError
from docgen.llm.cost.pricing import input_token_bound, load_prices
from docgen.llm.protocol import Usage
from tests.llm.support import MODEL, request

PRICES = load_prices()


@pytest.mark.parametrize(
    "name",
    [
        "claude-haiku-5-5",
        "claude-haiku-5-5-20261007",
        "anthropic/claude-haiku-5-5",
        "anthropic.claude-haiku-5-5-20261007-v1:0",
        "us.anthropic.claude-haiku-5-5",
        "claude-haiku-5-5@20261007",
        "Claude-Haiku-5-5",
        "claude-haiku-5-5-latest",
    ],
)
def test_a_model_is_found_however_its_id_is_spelled(name: str) -> None:
    assert PRICES.find(name) is PRICES.models["claude-haiku-5-5"]


@pytest.mark.parametrize("name", ["", "gpt-9", "claude-haiku-5", "claude-haiku-55", "qwen/qwen3-8b"])
def test_an_unknown_model_has_no_price(name: str) -> None:
    assert PRICES.find(name) is None
    assert PRICES.cost(name, Usage(input=5)) is None


def test_long_prompts_cost_more_and_batches_half() -> None:
    """The tier depends on the whole prompt, cached or not."""
    price = PRICES.models[MODEL]
    assert price.long_prompt is not None
    edge = price.long_prompt.above
    below, above = Usage(input=edge), Usage(input=edge, cache_read=1)
    assert PRICES.cost(MODEL, below) == pytest.approx(edge * price.input / 1e6)
    assert PRICES.cost(MODEL, above) == pytest.approx(
        (edge * price.long_prompt.input + price.long_prompt.cache_read) / 1e6
    )
    full, half = PRICES.cost(MODEL, below), PRICES.cost(MODEL, below, batched=True)
    assert full is not None
    assert half == pytest.approx(full * price.batch)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_cost_is_additive_within_a_tier(a: int, b: int, c: int, d: int) -> None:
    usage = Usage(input=a, output=b, cache_read=c, cache_write=d)
    model = "claude-sonnet-5-5"
    whole, part = PRICES.cost(model, usage + usage), PRICES.cost(model, usage)
    assert whole is not None
    assert part is not None
    assert whole == pytest.approx(2 * part)


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 5000))
def test_no_reply_costs_more_than_the_worst_case(system: str, user: str, room: int) -> None:
    """A byte-level tokenizer has at most one token per byte."""
    prompt = request(system=system, user=user, max_tokens=room)
    tokens = len(system.encode()) + len(user.encode())
    dearest = PRICES.cost(MODEL, Usage(cache_write=tokens, output=room))
    worst = PRICES.worst_case(prompt)
    assert worst is not None
    assert dearest is not None
    assert dearest <= worst
    assert tokens < input_token_bound(prompt)


def test_the_users_file_overrides_model_by_model(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[models.my-model]\ninput = 1\noutput = 2\ncache_read = 0.1\ncache_write = 1.25\n")
    prices = load_prices(own)
    assert prices.cost("my-model", Usage(input=1_000_000)) == pytest.approx(1.0)
    assert prices.find(MODEL) == PRICES.find(MODEL)


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "[models.x]\ninput = -1\noutput = 1\ncache_read = 0\ncache_write = 0\n",
        "[models.x]\ninput = 1\n",
        "[models.x]\ninput = inf\noutput = 1\ncache_read = 0\ncache_write = 0\n",
        "[models.x]\ninput = 1\noutput = 1\ncache_read = 0\ncache_write = 0\nsurprise = 1\n",
        "models = 3\n",
    ],
)
def test_a_bad_price_file_is_one_clear_line(text: str, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_prices(own)
    assert str(own) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_price_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_prices(tmp_path / "none.toml")


def test_the_shipped_prices_are_dated() -> None:
    assert len(PRICES.date) == len("2026-11-21")
    assert PRICES.source.startswith("https://")
