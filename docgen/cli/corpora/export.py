"""export: training files from a run's corpus, or from any corpus."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli import options as o

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Main job")(export)


def export(
    source: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN|FILES", help="A run, or JSONL or Parquet files (with --out). Default: latest run."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="text: {text} a line; chat: OpenAI-style messages; parquet: all columns.")
    ] = "text",
    doctag: Annotated[
        bool, typer.Option("--doctag", help="Put <DOCTAG> before each text, or in a user turn: mask it in training.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to.  [default: output/RUN/export/FORMAT]")
    ] = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write training files, a manifest and, for a run, a dataset card.

    docgen export helpful_only --format chat --doctag

    docgen export documents.jsonl --format parquet --out training
    """
    from typing import get_args

    from docgen.cli.console import PlainReporter, console
    from docgen.cli.corpora.sources import means_files
    from docgen.cli.main_job.resolve import run_or_latest
    from docgen.errors import ConfigError
    from docgen.pipeline.export import export_files, export_run
    from docgen.stages.export import ExportFormat

    if form not in get_args(ExportFormat):
        raise ConfigError(f"no format {form!r}", "--format", f"Use one of {', '.join(get_args(ExportFormat))}")
    if doctag and form == "parquet":
        raise ConfigError("parquet holds the corpus as it is", "--doctag", "Use --format text or chat, or leave it out")
    if source and means_files(source):
        if out is None:
            raise ConfigError("it is not said where files are exported to", "export", "Give --out FOLDER")
        folder, made = export_files([Path(name) for name in source], form, doctag, out)  # type: ignore[arg-type]
    else:
        run = run_or_latest(source[0] if source else None, PlainReporter(quiet=quiet or json))
        folder, made = export_run(run, form, doctag, out)  # type: ignore[arg-type]
    if json:
        import json as js

        typer.echo(js.dumps(made, indent=2))
    else:
        console.print(f"{made['documents']:,} documents, {made['tokens']:,} tokens: {folder}", markup=False)
