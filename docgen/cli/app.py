"""Puts the command line together."""

from typing import Annotated

import typer

from docgen.cli import batches, context, doctor, families, generate, importing, requests_and_replies
from docgen.cli.audit import commands as audit
from docgen.cli.belief import commands as belief
from docgen.cli.belief import logprob, questions, train
from docgen.cli.corpora import dedupe, export, select
from docgen.cli.entry import Commands
from docgen.cli.experiment import commands as experiment
from docgen.cli.runs import ctl, listing, open_report, prompt, status, tail, view
from docgen.cli.shared.streams import say

__all__ = ["app"]

COMMANDS = (
    *(generate.register, generate.register_plan, audit.register, dedupe.register, export.register, status.register),
    *(view.register, open_report.register, tail.register, prompt.register, listing.register, families.register),
    *(select.register, context.register, importing.register, experiment.register),
    *(generate.register_estimate, ctl.register, doctor.register, batches.register, requests_and_replies.register),
    *(questions.register, belief.register, logprob.register, train.register),
)
"""In the order in which --help lists them, within the panel of each."""


def _one_spelling(flag: str) -> str:
    """--licence is another spelling of --license."""
    return "license" if flag == "licence" else flag


app = typer.Typer(
    name="docgen",
    cls=Commands,
    help="Synthetic document corpora for fine-tuning, with the salience of every fact controlled and measured.\n\n"
    "Start: docgen run tutorial --n 50 (free, no key), then docgen show.",
    invoke_without_command=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": _one_spelling},
)


def _version(value: bool) -> None:
    if value:
        from docgen import __version__

        say(f"docgen {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has acted
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        from docgen.cli.runs.home import show_home

        show_home()


for register in COMMANDS:
    register(app)
