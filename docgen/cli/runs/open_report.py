"""The command open: a run's report in the browser."""

from pathlib import Path

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json

__all__ = ["open_in_browser", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open", rich_help_panel="Look")(open_report)


def open_report(run: o.RunArgument = None, json: o.Json = False, quiet: o.Quiet = False) -> None:
    """Open a run's report in the browser and print its path; without a browser, only print the path.

    docgen open my_world

    With --json the path is printed and no browser is opened.
    """
    import json as js

    from docgen.errors import RunError
    from docgen.pipeline.execution.shared_budget import check_single
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.progress.display import PlainReporter

    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    check_single(folder, "docgen open")
    report = folder.report("report.html")
    if not report.exists():
        raise RunError("has no report yet", folder.name, f"Write it: docgen audit all {folder.name} --html")
    if json:
        say_json(js.dumps({"run": folder.name, "report": str(report)}))
        return
    say(str(report))
    open_in_browser(report)


def open_in_browser(page: Path) -> bool:
    """Whether a browser was asked to show the page; one that would take over this terminal is not used."""
    import os
    import sys
    import webbrowser

    has_screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    try:
        return bool(has_screen) and webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        return False
