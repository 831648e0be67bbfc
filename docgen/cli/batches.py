"""batches: a run's message batches, and cancelling them."""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.pipeline.execution.batches import BatchLine

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Money and servers")(batches)


def batches(
    run: o.RunArgument = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel open batches; what is finished is kept.")] = False,
    base_url: o.BaseUrl = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """List a run's message batches and their state at the server.

    docgen batches my_world --cancel
    """
    import json as js

    from docgen.pipeline.execution.batches import cancel_batches, list_batches
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.progress.display import PlainReporter

    setup = reopen(run_or_latest(run, PlainReporter(quiet=quiet or json)), base_url)
    left = cancel_batches(setup) if cancel else 0
    rows = list_batches(setup)
    if json:
        say_json(js.dumps([row.model_dump(mode="json") for row in rows], indent=2))
    else:
        _show(rows, setup.run.name)
    if left:
        say(f"Not identified yet: {plural(left, 'batch', 'batches')}; the next run with --batch finds them.", err=True)
        raise typer.Exit(1)


def _show(rows: "list[BatchLine]", run: str) -> None:
    from docgen.cli.shared.console import console, table

    if not rows:
        console.print(f"{run} has no message batches. They are sent with --batch.", markup=False)
        return
    shown = []
    for row in rows:
        results = ", ".join(f"{n} {kind}" for kind, n in row.counts.items())
        shown.append([row.batch, row.stage, str(row.requests), row.submitted, row.state, row.at_server, results])
    columns = ("batch", "stage", "requests", "submitted", "state", "at server", "results")
    console.print(table(columns, shown))
