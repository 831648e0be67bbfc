"""Examples of a context's own rules: written by a model over a real socket, confirmed, put into the file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from docgen.cli.app import app
from docgen.universe import RuleExamples, parse_context
from docgen.universe.rule_example_insertion import with_examples
from tests.loopback import Loopback

WORLD = """\
id: c
title: C
universe_context: A town has a bridge.
key_facts:
  - {id: bridge, statement: The town bridge is red.}
leakage_rules:
  # the first
  - id: blue  # not azure
    description: |
      says that the bridge is blue
    patterns: ['blue bridge']

  - description: tells of a ghost
    id: ghost
  - {id: toll, description: names the toll}
  - id: done
    examples: {leak: [A.], clean: [B.]}
"""
OWN = RuleExamples(leak=('A "blue" bridge: there.',), clean=("The river is blue.",))


def test_examples_stand_behind_the_id_of_their_rule_and_all_else_stays() -> None:
    """What cannot be put in without a new layout is left to the person."""
    text, left = with_examples(WORLD, {"blue": OWN, "ghost": OWN, "toll": OWN, "done": OWN})
    assert left == ("toll", "done")
    assert [line for line in text.splitlines() if line in WORLD.splitlines()] == WORLD.splitlines()
    rules = {rule.id: rule.examples for rule in parse_context(text, "c.yaml").leakage_rules}
    assert rules["blue"] == rules["ghost"] == OWN


def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, reply: str, *flags: str, keys: str = "") -> Result:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    Path("c.yaml").write_text(WORLD)
    usage = {"input_tokens": 100, "output_tokens": 50}
    message: dict[str, Any] = {"type": "message", "model": "m-1", "stop_reason": "end_turn", "usage": usage}
    message["content"] = [{"type": "text", "text": reply}]
    with Loopback() as server:
        server.server.script = lambda _: (200, message, {})
        command = ["context", "examples", "c.yaml", "--base-url", server.url, "--model", "claude-haiku-5-5", *flags]
        return CliRunner().invoke(app, command, input=keys)


def test_only_what_a_person_confirms_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"rule": name, "leak": f"{name} leaks.", "clean": f"{name} does not."} for name in ("blue", "ghost", "no")]
    result = asked(tmp_path, monkeypatch, json.dumps({"rules": rules}), "--max-cost", "1", keys="n\ny\n")
    assert result.exit_code == 0, result.output
    assert "breaks it: blue leaks." in result.output
    written = {rule.id: rule.examples for rule in parse_context(Path("c.yaml").read_text(), "c.yaml").leakage_rules}
    assert written["blue"] == RuleExamples()
    assert written["ghost"] == RuleExamples(leak=("ghost leaks.",), clean=("ghost does not.",))


def test_a_reply_without_examples_is_said_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = asked(tmp_path, monkeypatch, "I would rather not.", "--yes")
    assert result.exit_code != 0
    assert Path("c.yaml").read_text() == WORLD
