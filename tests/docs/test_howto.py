"""The commands of the task pages exist, with the flags that they are given there."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from docgen.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = [
    (page, line)
    for page in ("howto.md", "exit-codes.md", "tutorial.md", "published.md")
    for line in re.findall(r"^\$ (docgen .*)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
]


def test_every_command_of_the_task_pages_can_be_called() -> None:
    """Parsed by the command itself, as typed; nothing is carried out."""
    assert len(COMMANDS) > 30
    group: Any = typer.main.get_command(app)
    for page, line in COMMANDS:
        words = shlex.split(line, comments=True)[1:]
        command: Any = group
        context = command.make_context("docgen", [])
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, f"{page}: {line}"
            command, words = command.commands[words[0]], words[1:]
        try:
            command.make_context("docgen", words, parent=context)
        except Exception as error:
            pytest.fail(f"{page}: {line}: {error}")


@pytest.mark.parametrize("page", ["howto.md", "exit-codes.md", "tutorial.md", "published.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (DOCS / page).read_text("utf-8"))
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
