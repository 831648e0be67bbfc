"""The README says what is so: its context is valid, its prices are what `docgen estimate` computes, its files exist."""

import re
from pathlib import Path

import pytest

from docgen.universe import context_warnings, parse_context
from docgen.universe.strict_yaml import read_yaml
from tests.cli.runs.test_exit_codes import docgen

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")


def test_its_context_is_valid_and_short_of_prose_alone() -> None:
    text = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]
    context = parse_context(text, "README.md")
    warnings = [str(each) for each in context_warnings(context, read_yaml(text, "README.md"))]
    assert len(text.splitlines()) <= 10
    assert not [each for each in warnings if "words" not in each and "embedded writer" not in each]


def test_its_prices_are_those_of_the_estimate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert docgen(monkeypatch, "estimate", "helpful_only", "--n", "2000") == 0
    shown = capsys.readouterr().out
    rows = re.findall(r"^\| (claude-\S+) \| (\S+ - \S+) \| (\S+ - \S+) \|$", README, re.MULTILINE)
    assert len(rows) == 3
    lines = {line.split()[0]: " ".join(line.split()) for line in shown.splitlines() if line.startswith("claude")}
    assert all(lines[model].endswith(f"{cached} {batch}") for model, cached, batch in rows)
    dated = re.findall(r"\d{4}-\d\d-\d\d", README)
    assert dated[0] in shown


def test_every_file_that_it_names_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_small_corpus_that_it_trains_on_is_complete(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A length too short for the facts of a document would leave slots empty, and the command would fail."""
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ docgen (run .*--engine offline.*)$", README, re.MULTILINE)
    assert commands
    assert [docgen(monkeypatch, *command.split()) for command in commands] == [0] * len(commands)
