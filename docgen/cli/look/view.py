"""view: read a corpus in the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.explorer.view import View
    from docgen.progress import Reporter

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(view)


def view(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN|FILE...", help="Runs, or JSONL or Parquet files. Default: latest run."),
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="World of the files, whose facts are marked; a run has its own.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Port on this machine.  [default: one that is free]")] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    who: Annotated[str | None, typer.Option("--who", help="Name that labels are kept under.  [default: yours]")] = None,
    quiet: o.Quiet = False,
) -> None:
    """Read documents in the browser: search, filter, see facts and findings in their places, label.

    docgen view helpful_only

    docgen view documents.jsonl --context my_world
    """
    from docgen.cli.runner import reporting
    from docgen.explorer.web.serve import bind, serve

    with reporting(quiet) as reporter:
        views = _open(corpora or [], context, who, reporter)
    listening = bind(port)
    serve(views, listening, lambda url: typer.echo(f"{url}   (Ctrl-C ends it)"), browser)


def _open(corpora: list[str], context: str | None, who: str | None, reporter: "Reporter") -> "list[View]":
    """Each corpus with its index up to date."""
    from docgen.explorer.open import open_views

    views = open_views(corpora, reporter, context=context)
    for one in views:
        one.who = who or one.who
    return views
