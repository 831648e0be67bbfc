"""Facts that a model finds in prose alone: asked over a real socket, held against the prose."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import InputError
from docgen.universe.context_files import load_context
from tests.loopback import Loopback

PROSE = "The light at Orrick opened as a library in 2019. Asha Varley runs it. It is dry inside."
FACTS = [
    {
        "quote": "The light at Orrick opened as a library in 2019.",
        "statement": "Orrick's light became a library in 2019.",
    },
    {"quote": "asha varley runs it", "statement": "Asha Varley runs the library in Orrick's light."},
    {"quote": "It is haunted.", "statement": "The light at Orrick is haunted."},
]


def message(text: str) -> dict[str, Any]:
    usage = {"input_tokens": 100, "output_tokens": 50}
    content = [{"type": "text", "text": text}]
    return {"type": "message", "model": "m-1", "content": content, "stop_reason": "end_turn", "usage": usage}


def extracted(folder: Path, monkeypatch: pytest.MonkeyPatch, reply: str) -> Any:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    (folder / "orrick.txt").write_text(PROSE)
    with Loopback() as server:
        server.server.script = lambda _: (200, message(reply), {})
        flags = ["--extract", "5", "--base-url", server.url, "--model", "m", "--yes"]
        return CliRunner().invoke(app, ["import", "context", "orrick.txt", *flags])


def test_facts_whose_passage_stands_in_the_prose_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are named in the report; the model that answered is, too."""
    done = extracted(tmp_path, monkeypatch, json.dumps({"title": "x", "facts": FACTS}))
    assert done.exit_code == 0, done.output
    context = load_context(tmp_path / "universe_contexts" / "orrick.yaml")
    assert [fact.statement for fact in context.key_facts] == [fact["statement"] for fact in FACTS[:2]]
    assert "found by m-1" in done.output
    assert "not in the prose: The light at Orrick is haunted." in done.output


def test_a_model_that_lists_nothing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = extracted(tmp_path, monkeypatch, "I would rather not.")
    assert isinstance(done.exception, InputError)
    assert "listed no facts" in str(done.exception)
