"""view: read a corpus in the browser."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say

if TYPE_CHECKING:
    from docgen.explorer.publish.site import SiteOptions
    from docgen.explorer.viewable import Viewable
    from docgen.progress import Reporter

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(view)


def view(
    corpora: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN|FILE...", help="Runs, sweeps, experiments, or JSONL or Parquet files. Default: latest run."
        ),
    ] = None,
    context: Annotated[
        str | None, typer.Option("--context", help="Context of the files, whose facts are marked; a run has its own.")
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            "--port", min=0, max=65535, show_default=False, help="Port on this machine.  [default: a free one]"
        ),
    ] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    who: Annotated[
        str | None, typer.Option("--who", help="Your name, recorded with your labels.  [default: your user name]")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FOLDER", help="Write a static site to publish, and exit.")
    ] = None,
    documents: Annotated[
        int | None,
        typer.Option(
            "--documents", min=0, help="With --export: at most this many documents; 0 for all.  [default: 5000]"
        ),
    ] = None,
    license: Annotated[str, typer.Option("--license", help="With --export: the license that every page states.")] = "",
    canary: Annotated[str, typer.Option("--canary", help="With --export: the canary string.  [default: its own]")] = "",
    seed: o.Draw = None,
    quiet: o.Quiet = False,
) -> None:
    """Read documents in the browser: search, filter, see facts and findings marked in the text, label.

    docgen view helpful_only

    docgen view documents.jsonl --context my_world

    docgen view helpful_only --export site --license "CC BY 4.0"
    """
    from docgen.explorer.web.server import bind, serve
    from docgen.progress.display import open_reporter

    with closing(open_reporter(quiet, False)) as reporter:
        views = _open(corpora or [], context, who, reporter)
        if export is not None:
            from docgen.explorer.publish.site import MAX_DOCUMENTS, SiteOptions

            most = MAX_DOCUMENTS if documents is None else documents or None  # 0: all of them
            options = SiteOptions(documents=most, seed=seed or 0, licence=license, canary=canary)
            say(_export(views, export, options, reporter))
            return
    listening = bind(port)
    serve(views, listening, lambda url: say(f"{url}   (Ctrl-C ends it)"), browser)


def _export(views: "list[Viewable]", out: Path, options: "SiteOptions", reporter: "Reporter") -> str:
    """Publish one corpus, or each of several in its own folder; returns lines on what was written where."""
    from docgen.explorer.publish.site import export_site

    folders = [out] if len(views) == 1 else [out / view.name for view in views]
    counts = [export_site(view, folder, options, reporter) for view, folder in zip(views, folders, strict=True)]
    lines = [
        f"{n:,} of {v.head()['documents']:,} {v.head()['unit']}s: {f}/index.html"
        for n, v, f in zip(counts, views, folders, strict=True)
    ]
    return "\n".join(lines)


def _open(corpora: list[str], context: str | None, who: str | None, reporter: "Reporter") -> "list[Viewable]":
    """Each corpus with its index up to date."""
    from docgen.explorer.corpus_opening import open_all
    from docgen.explorer.view import View

    views = open_all(corpora, reporter, context=context)
    for view in views:
        if isinstance(view, View):
            view.who = who or view.who
    return views
