"""Puts the command line together."""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from docgen.cli.entry import Commands
from docgen.cli.shared.streams import say

if TYPE_CHECKING:
    app: typer.Typer

__all__ = ["COMMANDS", "CommandModule", "app", "command_line"]


class CommandModule(NamedTuple):
    """A module of docgen.cli, the commands that it has, and its function that adds them to a Typer."""

    module: str
    names: tuple[str, ...]
    function: str = "register"

    def register(self, app: typer.Typer) -> None:
        """Add the commands."""
        getattr(import_module(f"docgen.cli.{self.module}"), self.function)(app)


def command_line(name: str = "") -> typer.Typer:
    """The command line with all commands; if `name` is one, with those of its module only.

    To import all modules and work out all flags is a third of the time of a short command.
    """
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
    app.callback()(_main)
    for row in modules_of(name) or COMMANDS:
        row.register(app)
    return app


def modules_of(name: str) -> list["CommandModule"]:
    """The rows with this command; empty if there are none."""
    return [row for row in COMMANDS if name in row.names]


def _one_spelling(flag: str) -> str:
    """--licence is another spelling of --license."""
    return "license" if flag == "licence" else flag


def _version(value: bool) -> None:
    if value:
        from docgen import __version__

        say(f"docgen {__version__}")
        raise typer.Exit


def _main(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has acted
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if ctx.invoked_subcommand is None:
        from docgen.cli.runs.home import show_home

        show_home()


def __getattr__(name: str) -> Any:
    """`app`, the whole command line, put together when it is first asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    whole = globals()["app"] = command_line()
    return whole


COMMANDS = (
    CommandModule("generate", ("run", "brainstorm", "pilot", "generate")),
    CommandModule("generate", ("plan",), "register_plan"),
    CommandModule("audit.commands", ("audit",)),
    CommandModule("corpora.dedupe", ("dedupe",)),
    CommandModule("corpora.export", ("export",)),
    CommandModule("runs.status", ("status", "show")),
    CommandModule("runs.view", ("view",)),
    CommandModule("runs.open_report", ("open",)),
    CommandModule("runs.tail", ("tail",)),
    CommandModule("runs.prompt", ("prompt",)),
    CommandModule("runs.listing", ("runs",)),
    CommandModule("families", ("sweep", "control")),
    CommandModule("corpora.select", ("select", "doses")),
    CommandModule("context", ("init", "context")),
    CommandModule("importing", ("import",)),
    CommandModule("experiment.commands", ("experiment",)),
    CommandModule("generate", ("estimate",), "register_estimate"),
    CommandModule("runs.ctl", ("ctl",)),
    CommandModule("doctor", ("doctor",)),
    CommandModule("batches", ("batches",)),
    CommandModule("requests_and_replies", ("requests", "replies")),
    CommandModule("belief.questions", ("questions",)),
    CommandModule("belief.commands", ("eval",)),
    CommandModule("belief.logprob", ("eval",)),
    CommandModule("belief.train", ("train",)),
)
"""In the order in which --help lists them, within the panel of each. A new command goes here."""
