"""export: training files from a run's corpus, or from any corpus."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli import options as o
from docgen.cli.streams import say_json
from docgen.pipeline.corpora.export_formats import FORMATS

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
        str, typer.Option("--format", help="; ".join(f"{form.name}: {form.description}" for form in FORMATS) + ".")
    ] = "text",
    doctag: Annotated[
        bool, typer.Option("--doctag", help="Put <DOCTAG> before each text, or in a user turn: mask it in training.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to.  [default: the run's export/FORMAT, or FORMAT-doctag]"),
    ] = None,
    accept_unfinished: Annotated[
        bool,
        typer.Option("--accept-unfinished", help="Export a run short of its n, or not audited since it changed."),
    ] = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write training files, a manifest and, for a run, a dataset card.

    docgen export helpful_only --format chat --doctag

    docgen export documents.jsonl --format parquet --out training
    """
    from docgen.cli.console import console
    from docgen.pipeline.corpora.export import export as export_corpus
    from docgen.pipeline.inputs.locate_run import run_or_latest
    from docgen.progress.display import PlainReporter

    corpus = source or str(run_or_latest(None, PlainReporter(quiet=quiet or json)).path)
    folder, manifest = export_corpus(corpus, form, doctag=doctag, out=out, accept_unfinished=accept_unfinished)
    if json:
        import json as js

        say_json(js.dumps(manifest, indent=2))
    else:
        console.print(f"{manifest['documents']:,} documents, {manifest['tokens']:,} tokens: {folder}", markup=False)
        if "writer" in manifest:
            console.print(manifest["writer"], style="yellow", markup=False)
