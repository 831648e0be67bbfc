"""estimate: what a run will cost, before anything is spent."""

from typing import TYPE_CHECKING

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.pipeline.estimate import Estimate

__all__ = ["cost_line", "register", "show_estimate"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Money and servers")(estimate)


def estimate(
    ctx: typer.Context,
    target: o.Target = None,
    n: o.N = None,
    run: o.Run = None,
    types: o.Types = None,
    ideas: o.Ideas = None,
    words: o.Words = None,
    airtime: o.Airtime = None,
    salience: o.Salience = None,
    revise: o.Revise = None,
    config: o.Config = None,
    model: o.Model = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Say what a run will cost: calls, tokens and dollars; nothing is sent or written.

    docgen estimate helpful_only --n 50000

    Sharper after docgen pilot, which shows what replies really cost.
    """
    from docgen.cli.console import PlainReporter
    from docgen.cli.main_job.resolve import open_proposal
    from docgen.cli.options import config_flags
    from docgen.pipeline.estimate import estimate as reckon
    from docgen.pipeline.setup import DEFAULT_MODELS

    proposal = open_proposal(target, ctx.params, config_flags(ctx.params), PlainReporter(quiet=quiet or json))
    setup = proposal.setup
    if setup.config.engine == "offline" and model is None:
        setup = setup.with_model(DEFAULT_MODELS["anthropic"])
    found = reckon(setup)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        show_estimate(found)


def show_estimate(found: "Estimate") -> None:
    """Print it as tables."""
    from docgen.cli.console import console, table

    numbers = ("calls", "input each", "shared prefix", "output each", "from")
    rows = []
    for stage in found.stages:
        counts = [f"{value:,}" for value in (stage.calls, stage.input, stage.prefix, stage.output)]
        rows.append([stage.stage, *counts, "replies" if stage.measured else "prompts"])
    console.print(table(("stage", *numbers), rows, right=numbers))
    console.print(f"refills: {found.refill:.0%} of n on top, counted in the calls\n")
    ways = ("synchronous", "with prompt cache", "--batch")
    money = [
        [each.model, *(_range(value, found) for value in (each.sync, each.cached, each.batch))] for each in found.models
    ]
    console.print(table(("model", *ways), money, right=ways))
    own = found.models[0]
    if own.batch is not None and own.cached is not None and own.batch < own.cached:
        console.print(f"\nCheapest: --batch (replies within a day). Prices of {found.prices}.")
    else:
        console.print(f"\nPrices of {found.prices}.")


def _range(dollars: float | None, found: "Estimate") -> str:
    return "no price" if dollars is None else f"${dollars * found.low:,.2f} - ${dollars * found.high:,.2f}"


def cost_line(found: "Estimate", batch: bool) -> str:
    """One line for before the spending begins."""
    calls = sum(stage.calls for stage in found.stages)
    tokens = sum(stage.calls * (stage.input + stage.output) for stage in found.stages)
    dollars = found.dollars(batch)
    money = "no known price" if dollars is None else f"about ${dollars:,.2f} ({_range(dollars, found)})"
    return f"To come: {calls:,} calls, {tokens:,} tokens, {money} with {found.models[0].model}"
