"""status --explain: which inputs changed, and what going on with them would buy again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from docgen.cli.console import console, table
from docgen.cli.options import config_flags
from docgen.files.run_folder import RunFolder
from docgen.pipeline.change_cost import Explanation, explain
from docgen.pipeline.setup import propose
from docgen.universe import find_context

__all__ = ["explain_run"]


def explain_run(run: RunFolder, context: str | None, params: Mapping[str, Any], as_json: bool) -> None:
    """Print it for a run with its context file as it is now, or `context`, and the settings given."""
    source = find_context(context, Path.cwd()) if context else _source(run)
    found = explain(propose(run, source, None, config_flags(params)))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found)


def _source(run: RunFolder) -> Path | None:
    """The file that the run's context was read from, if it is still there."""
    source = run.read_meta().get("context", {}).get("source", "")
    return Path(source) if source and Path(source).is_file() else None


def _show(found: Explanation) -> None:
    if not found.changes:
        console.print("Nothing that the run depends on has changed.")
    for change in found.changes:
        console.print(f"changed: {change}", style="yellow", markup=False)
    rows = []
    for stage in found.stages:
        dollars = "?" if stage.dollars is None else f"${stage.dollars:,.4f}"
        rows.append([stage.stage, f"{stage.calls:,}", f"{stage.known:,}", f"{stage.bought:,}", dollars])
    numbers = ("calls", "in the journal", "bought anew", "about")
    console.print(table(("stage", *numbers), rows, right=numbers))
    if found.types_asked_anew:
        console.print("Types or ideas are asked for anew: where their replies differ, documents are new too.")
    console.print("First calls only; refills come on top.", style="dim")
