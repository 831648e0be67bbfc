"""Escapes and refills help texts: Typer reads square brackets as markup and keeps the line breaks of the source."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape

from docgen.cli.shared.json_keys import json_help

__all__ = ["commands_below", "unescaped", "write_help_out"]

SHARED_JSON_HELP = "Print one JSON object."
"""Help of the flag that most commands share; a command with its own help text keeps it."""


def write_help_out(commands: Mapping[str, Any]) -> None:
    """Escape the brackets in the help of these commands, of their options and groups, and fill their paragraphs."""
    for name, command in commands_below(commands):
        paragraphs = (command.help or "").strip().split("\n\n")
        command.help = escape("\n\n".join(map(_filled, paragraphs)))
        for parameter in command.params:
            if parameter.name == "json" and parameter.help == SHARED_JSON_HELP:
                parameter.help = json_help(name) or parameter.help
            for field in ("help", "rich_help_panel"):
                if text := getattr(parameter, field, None):
                    setattr(parameter, field, escape(text))


def unescaped(text: str) -> str:
    """Help for a page that knows no markup."""
    return text.replace("\\[", "[")


def commands_below(commands: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each command with its full name, such as "context check"."""
    for name, command in commands.items():
        yield above + name, command
        yield from commands_below(getattr(command, "commands", {}), f"{above}{name} ")


def _filled(paragraph: str) -> str:
    """A paragraph as one line, which the terminal wraps; lines of examples stay lines."""
    is_example = all(line.strip().startswith("docgen ") for line in paragraph.splitlines())
    return paragraph if is_example else " ".join(paragraph.split())
