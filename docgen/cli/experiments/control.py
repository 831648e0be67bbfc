# ruff: noqa: ARG001 - the command reads its parameters from the context
"""control: a corpus from an unrelated universe that matches a run in everything but what it says."""

from typing import Annotated, Any

import typer

from docgen.cli import options as o

__all__ = ["register"]

Source = Annotated[str | None, typer.Argument(metavar="RUN", help="The run to match. Default: latest run.")]
Other = Annotated[str, typer.Option("--context", help="The unrelated universe: shipped name, local name, or path.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Main job")(control)


def control(
    ctx: typer.Context,
    source: Source = None,
    context: Other = "control_motors",
    run: o.Run = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Build the matched control of a run: same document types, lengths, facts per document and directness.

    docgen control helpful_only --context control_motors

    Each fact of the run is played by one fact of the other universe, in the same slots. The control is a run of its
    own, RUN-control, with ideas of its own.
    """
    from pathlib import Path

    from docgen.cli.experiments.runner import agree, carry_on, reporting
    from docgen.cli.main_job.resolve import run_or_latest
    from docgen.files.run_folder import OUTPUT, RunFolder
    from docgen.pipeline.execute import Step
    from docgen.pipeline.families import begin_control, mirror_slots
    from docgen.pipeline.setup import reopen
    from docgen.universe import find_context

    with reporting(ctx.params) as reporter:
        original = reopen(run_or_latest(source, reporter))
        folder = RunFolder(OUTPUT / (run or f"{original.run.name}-control"))
        setup = begin_control(original, folder, find_context(context, Path.cwd()))
        agree(f"{setup.n:,} documents of {setup.context.title} to be written", setup, yes, reporter)
        carry_on(setup, Step.BRAINSTORM, reporter)
        with setup.run.lock():
            mirror_slots(original, setup)
        carry_on(setup, Step.ALL, reporter)
    _close(setup, json)


def _close(setup: Any, as_json: bool) -> None:
    from docgen.cli.console import console
    from docgen.cli.look.tables import show_summary
    from docgen.pipeline.audit.run_reports import read_measured
    from docgen.pipeline.status import summarise

    measured, leakage = read_measured(setup)
    summary = summarise(setup, measured)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        show_summary(console, summary, leakage)
    if not summary.complete:
        raise typer.Exit(1)
