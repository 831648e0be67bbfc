"""export: training files from a run's corpus."""

from typing import Annotated

import typer

from docgen.cli import options as o

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Main job")(export)


def export(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Name or folder. Default: latest run.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="text: {text} a line; chat: OpenAI-style messages; parquet: all columns.")
    ] = "text",
    doctag: Annotated[
        bool, typer.Option("--doctag", help="Put <DOCTAG> before each text, or in a user turn: mask it in training.")
    ] = False,
    json: o.Json = False,
) -> None:
    """Write training files, a manifest and a dataset card to output/RUN/export/FORMAT/.

    docgen export helpful_only --format chat --doctag
    """
    from typing import get_args

    from docgen.cli.console import PlainReporter, console
    from docgen.cli.opening import run_or_latest
    from docgen.errors import ConfigError
    from docgen.pipeline.export import export_run
    from docgen.stages.export import ExportFormat

    if form not in get_args(ExportFormat):
        raise ConfigError(f"no format {form!r}", "--format", f"Use one of {', '.join(get_args(ExportFormat))}")
    folder, made = export_run(run_or_latest(run, PlainReporter(quiet=json)), form, doctag)  # type: ignore[arg-type]
    if json:
        import json as js

        typer.echo(js.dumps(made, indent=2))
    else:
        console.print(f"{made['documents']:,} documents, {made['tokens']:,} tokens: {folder}", markup=False)
