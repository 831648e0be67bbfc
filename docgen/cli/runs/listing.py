"""runs: all runs at a glance."""

from typing import TYPE_CHECKING

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say_json

if TYPE_CHECKING:
    from docgen.pipeline.run import RunLine

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(runs)


def runs(json: o.Json = False) -> None:
    """List the runs under output/, most recently used first.

    docgen runs --json | jq -r '.[].run'
    """
    from docgen.files.run_folder.run_folder import list_runs
    from docgen.pipeline.run import list_lines

    lines = list_lines(list_runs())
    if json:
        import json as js

        say_json(js.dumps([line.model_dump(mode="json") for line in lines], indent=2))
    else:
        _show(lines)


def _show(lines: "list[RunLine]") -> None:
    from rich.text import Text

    from docgen.cli.shared.console import console, table

    if not lines:
        console.print("There are no runs here. Start one: docgen run tutorial --n 50")
        return
    columns = ("run", "kind", "context", "engine", "accepted", "of", "when")
    rows = [_row(line) for line in lines if not line.problem]
    if rows:
        embedded = {f"{line.engine} is the {line.writer}" for line in lines if line.writer}
        console.print(table(columns, rows, right=("accepted", "of", "when"), caption="; ".join(embedded) or None))
    for line in lines:
        if line.problem:
            console.print(Text(line.problem, style="red"))


def _row(line: "RunLine") -> list[str]:
    n = "?" if line.n is None else f"{line.n:,}"
    when = f"{line.when:%Y-%m-%d %H:%M}" if line.when else ""
    kind = f"sweep of {line.corpora}" if line.kind == "sweep" else line.kind
    return [line.run, kind, line.context, line.engine, f"{line.accepted:,}", n, when]
