"""--config: everything that flags say, said in TOML, and errors in a person's words."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.errors import ConfigError
from docgen.options.run import RunConfig, RunOptions, load_config, resolve

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def given_file(folder: Path, text: str) -> RunConfig:
    file = folder / "c.toml"
    file.write_text(text, "utf-8")
    return resolve(None, file, RunOptions())


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("max-attempts = 2", "max_attempts", 2),
        ("max_attempts = 2", "max_attempts", 2),
        ('base-url = "http://h"', "base_url", "http://h"),
        ('words = "200-300"', "words", (200, 300)),
        ('words = "250"', "words", (250, 250)),
        ("words = [200, 300]", "words", (200, 300)),
        ("salience = {fact = 0.3}", "salience", {"fact": 0.3}),
        ("[salience]\nfact = 0.3\nother = 0", "salience", {"fact": 0.3, "other": 0}),
        ('salience = ["fact=0.3", "other=0"]', "salience", {"fact": 0.3, "other": 0}),
        ('stated = "fact=1"', "stated", {"fact": 1}),
    ],
)
def test_names_and_values_are_those_of_the_flags(tmp_path: Path, text: str, name: str, value: Any) -> None:
    assert getattr(given_file(tmp_path, text), name) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("max-attempts = 2\nmax_attempts = 3", "dash"),
        ('words = "many"', "300-900"),
        ('words = "²"', "300-900"),
        ('salience = ["fact"]', "FACT=0.3"),
        ("max-attemps = 2", "max_attempts"),
        ("n = 0", "must be 1 or more"),
        ('effort = "huge"', "must be 'low', 'medium', 'high' or 'max'"),
        ("words = [1, 2, 3]", "must be two numbers"),
        ("words = [1]", "must be two numbers"),
        ("threshold = 0.001", "must be 0.01 or more"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)) as refused:
        given_file(tmp_path, text)
    assert "c.toml" in str(refused.value)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=300),
    st.lists(st.integers(), max_size=4), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip


@given(st.sampled_from(sorted(RunConfig.model_fields)), VALUES)
def test_no_value_is_answered_in_the_words_of_a_library(name: str, value: Any) -> None:
    try:
        resolve(None, None, RunOptions.model_construct(**{name: value}))
    except ConfigError as error:
        what, where = error.what.partition(" (got")[0], error.where
    else:
        return
    assert not any(word in what for word in ("Input should", "valid", "pydantic"))
    assert where == f"--{name.replace('_', '-')}"


def test_the_page_has_every_setting_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.M))
    assert list(rows) == [name.replace("_", "-") for name in RunConfig.model_fields]
    for name, field in RunConfig.model_fields.items():
        assert rows[name.replace("_", "-")].endswith(str(field.description).replace("|", "\\|"))


def test_the_example_of_the_page_has_every_setting_and_is_taken(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    file = tmp_path / "example.toml"
    file.write_text(example, "utf-8")
    assert set(load_config(file)) == set(RunConfig.model_fields)
    assert resolve(None, file, RunOptions()).words == (300, 900)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('model = "other"', "--model"),
        ("stream = true", "docgen sets itself"),
        ("messages = []", "docgen sets itself"),
        ("best_of = 4", "one reply is bought"),
        ("Num_Predict = 9000", "--max-tokens"),
        ('models = ["a", "b"]', "--model"),
        ("output_config = {}", "--effort"),
        ("timeout = 5", "--timeout"),
        ("since = 2026-01-02", "date"),
        ("at = 07:32:00", "time"),
        ("top_p = nan", "JSON cannot represent"),
        ("deep = { list = [1, { x = -inf }] }", "deep.list[1].x"),
    ],
)
def test_an_extra_field_that_is_docgens_own_or_no_json_is_one_line(line: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"[extra]\n{line}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        resolve(None, file, RunOptions())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_max_tokens_under_extra_is_checked_like_the_option(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[extra]\nmax_tokens = "many"\n', "utf-8")
    with pytest.raises(ConfigError, match="max_tokens"):
        resolve(None, file, RunOptions())
    file.write_text("[extra]\nmax_tokens = 900\n", "utf-8")
    assert (
        resolve(None, file, RunOptions()).max_tokens,
        resolve(None, file, RunOptions(max_tokens=800)).max_tokens,
    ) == (900, 800)


@pytest.mark.parametrize(("line", "dearer"), [
    ('service_tier = "priority"', True), ('speed = "fast"', True), ('service_tier = "flex"', False), ("k = 3", False),
])  # fmt: skip
def test_a_field_that_changes_prices_goes_under_no_cap_without_them(line: str, dearer: bool, tmp_path: Path) -> None:
    """A cap is held by docgen's table; a file of prices may say what such tokens cost."""
    file = tmp_path / "c.toml"
    file.write_text(f"[extra]\n{line}\n", "utf-8")
    asked = RunOptions(max_cost=1.0, engine="anthropic")
    if dearer:
        with pytest.raises(ConfigError, match="needs its prices"):
            resolve(None, file, asked)
        resolve(None, file, RunOptions(engine="anthropic"))
        file.write_text(f'prices = "mine.toml"\n[extra]\n{line}\n', "utf-8")
    assert resolve(None, file, asked).extra


def test_one_model_or_address_in_a_file_takes_the_place_of_several_before(tmp_path: Path) -> None:
    """As one after a flag does."""
    several = RunConfig.model_validate({
        "writers": [{"model": "a", "share": 0.5}, {"model": "b", "share": 0.5}],
        "servers": [{"base_url": "http://a"}, {"base_url": "http://b"}],
    })  # fmt: skip
    file = tmp_path / "c.toml"
    file.write_text('model = "c"\nbase-url = "http://c"\n', "utf-8")
    config = resolve(several, file, RunOptions())
    assert (config.model, config.writers, config.base_url, config.servers) == ("c", None, "http://c", None)
