"""The manual page docs/commands.md, from the commands' own help: python -m docgen.cli.manual > docs/commands.md."""

import typer
from typer.cli import get_docs_for_click

from docgen.cli.app import app
from docgen.cli.shared.help_markup import unescaped

__all__ = ["commands_page"]


def commands_page() -> str:
    """Every command with its --help, as Markdown."""
    command = typer.main.get_command(app)
    context = typer.Context(command)
    return unescaped(f"{get_docs_for_click(obj=command, ctx=context, name='docgen').strip()}\n")


if __name__ == "__main__":
    print(commands_page(), end="")
