"""ctl: pause, slow down or raise the cap of a run that another process is writing."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    pass

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Money and servers")(ctl)


def ctl(
    run: o.RunArgument = None,
    pause: Annotated[bool, typer.Option("--pause", help="Send nothing more; calls in flight are still read.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue after --pause.")] = False,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", min=1, help="Maximum number of requests in flight from now on.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", min=0, help="Raise the cap, in dollars; it cannot be lowered.")
    ] = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Pause, slow down, or raise the cap of a running run from another terminal; without flags show its settings.

    docgen ctl my_world --pause

    docgen ctl my_world --max-cost 50 --concurrency 20

    Changes take effect within a second, and only for the running process; the next start takes its flags as usual,
    except that a raised cap stays raised. Message batches already sent continue at the server.
    """
    from docgen.errors import ConfigError
    from docgen.pipeline.execution.control_orders import Order, change_run
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.progress.display import PlainReporter

    if pause and resume:
        raise ConfigError("contradict each other", "--pause --resume", "Give one of the two")
    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    what: Literal["pause", "resume"] | None = "pause" if pause else "resume" if resume else None
    control = change_run(folder, Order(do=what, concurrency=concurrency, max_cost=max_cost))
    if json:
        say_json(control.model_dump_json())
    elif not quiet:
        cap = "no cap" if control.max_cost is None else f"cap ${control.max_cost:,.2f}"
        settings = f"at most {control.concurrency:,} requests in flight, {cap}"
        if control.process:
            state = "paused" if control.paused else "at work"
            say(f"{control.run}: {state} (process {control.process}), {settings}")
        else:
            say(f"{control.run}: no process is working on it; started with: {settings}")
