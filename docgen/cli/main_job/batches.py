"""batches: a run's message batches, and cancelling them."""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.llm.batch.log import BatchEntry
    from docgen.pipeline.setup import Setup

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Money and servers")(batches)


def batches(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Name or folder. Default: latest run.")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel those that are open; what is done is kept.")] = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """List a run's message batches as they stand at the server.

    docgen batches my_world --cancel
    """
    import asyncio
    import json as js

    from docgen.cli.console import PlainReporter
    from docgen.cli.main_job.resolve import run_or_latest
    from docgen.llm.batch.log import read_batches
    from docgen.llm.engine import BATCHES_FILE
    from docgen.pipeline.setup import reopen

    setup = reopen(run_or_latest(run, PlainReporter(quiet=quiet or json)))
    log = setup.run.path / BATCHES_FILE
    left = asyncio.run(_cancel(setup)) if cancel and read_batches(log) else 0
    entries = read_batches(log)
    states = asyncio.run(_states(setup, entries))
    rows = [_row(entry, states.get(entry.batch, "")) for entry in entries]
    if json:
        typer.echo(js.dumps(rows, indent=2))
    else:
        _show(rows, setup.run.name)
    if left:
        typer.echo(f"{left} batch(es) not yet identified are left; the next run with --batch finds them.", err=True)
        raise typer.Exit(1)


async def _cancel(setup: "Setup") -> int:
    from dataclasses import replace

    from docgen.llm.engine import open_engine
    from docgen.llm.journal import Journal

    with setup.run.lock(), Journal(setup.run.journal, setup.parents) as journal:
        options = replace(setup.engine_options, engine="anthropic", batch=True)
        async with open_engine(options, journal) as engine:
            return await engine.batches.cancel() if engine.batches is not None else 0


async def _states(setup: "Setup", entries: "list[BatchEntry]") -> dict[str, str]:
    """What the server says of the open ones, by batch id."""
    waiting = [entry.batch for entry in entries if entry.open and entry.batch]
    if not waiting:
        return {}
    from docgen.errors import RequestFailed, StopRun
    from docgen.llm.batch.api import BatchAPI
    from docgen.llm.providers.anthropic import AnthropicLLM

    provider, states = AnthropicLLM(base_url=setup.config.base_url), {}
    try:
        for batch in waiting:
            try:
                states[batch] = (await BatchAPI(provider).retrieve(batch)).status.replace("_", " ")
            except (RequestFailed, StopRun) as error:
                states[batch] = f"unknown: {error}"
    finally:
        await provider.aclose()
    return states


def _row(entry: "BatchEntry", at_server: str) -> dict[str, object]:
    return {
        "batch": entry.batch or "(not identified)",
        "stage": entry.stage,
        "model": entry.model,
        "requests": len(entry.keys),
        "submitted": entry.at.isoformat(timespec="seconds"),
        "state": entry.state,
        "at_server": at_server,
        "counts": entry.counts,
        "at_most_dollars": entry.worst,
    }


def _show(rows: list[dict[str, object]], run: str) -> None:
    from docgen.cli.console import console, table

    if not rows:
        console.print(f"{run} has no message batches. They are made with --batch.", markup=False)
        return
    shown = []
    for row in rows:
        counts = row["counts"]
        results = ", ".join(f"{n} {kind}" for kind, n in counts.items()) if isinstance(counts, dict) else ""
        cells = [str(row[name]) for name in ("batch", "stage", "requests", "submitted", "state", "at_server")]
        shown.append([*cells, results])
    columns = ("batch", "stage", "requests", "submitted", "state", "at server", "results")
    console.print(table(columns, shown))
