"""brainstorm, generate, run: the main job, in steps or at once."""

from typing import Annotated

import typer

from docgen.cli import options as o

__all__ = ["register"]

RUN_HELP = """Do it all: brainstorm, plan, generate, check, audit, export.

docgen run helpful_only --n 500

Stopped or killed? The same command goes on where it was: every reply that arrived is used.
"""
GENERATE_HELP = """Write, check and deduplicate documents until n are accepted.

docgen generate helpful_only --n 50000

Plans n slots first (types, ideas, assigned facts, style). A rejected attempt is kept with its reasons, and its slot
tried again with the same facts. Brainstorms first where that was not done.
"""
PILOT_HELP = """Write a handful of documents of the plan, to be read before the rest is paid for.

docgen pilot helpful_only --n 50000 --documents 5

The plan is the one for --n; the run keeps these documents, and docgen generate goes on after them.
"""
PANEL = "Main job"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run", help=RUN_HELP, rich_help_panel=PANEL)(_job)
    app.command(rich_help_panel=PANEL)(brainstorm)
    app.command("pilot", help=PILOT_HELP, rich_help_panel=PANEL)(pilot)
    app.command("generate", help=GENERATE_HELP, rich_help_panel=PANEL)(_job)


def _job(
    ctx: typer.Context,
    target: o.Target = None,
    n: o.N = None,
    run: o.Run = None,
    seed: o.Seed = None,
    types: o.Types = None,
    ideas: o.Ideas = None,
    words: o.Words = None,
    airtime: o.Airtime = None,
    salience: o.Salience = None,
    max_attempts: o.MaxAttempts = None,
    revise: o.Revise = None,
    config: o.Config = None,
    engine: o.Engine = None,
    model: o.Model = None,
    effort: o.Effort = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    batch: o.Batch = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    accept_changes: o.Accept = False,
    fork: o.Fork = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    from docgen.cli.main_job.runner import carry_out
    from docgen.pipeline.execute import Step

    carry_out(ctx.params, Step.ALL if ctx.info_name == "run" else Step.GENERATE)


def pilot(
    ctx: typer.Context,
    target: o.Target = None,
    n: o.N = None,
    documents: Annotated[int, typer.Option("--documents", min=1, max=1000, help="How many to write.")] = 5,
    run: o.Run = None,
    seed: o.Seed = None,
    types: o.Types = None,
    ideas: o.Ideas = None,
    words: o.Words = None,
    airtime: o.Airtime = None,
    salience: o.Salience = None,
    max_attempts: o.MaxAttempts = None,
    revise: o.Revise = None,
    config: o.Config = None,
    engine: o.Engine = None,
    model: o.Model = None,
    effort: o.Effort = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    batch: o.Batch = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    accept_changes: o.Accept = False,
    fork: o.Fork = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    from docgen.cli.main_job.runner import carry_out
    from docgen.pipeline.execute import Step

    carry_out(ctx.params, Step.GENERATE, first=documents)


def brainstorm(
    ctx: typer.Context,
    target: o.Target = None,
    run: o.Run = None,
    seed: o.Seed = None,
    types: o.Types = None,
    ideas: o.Ideas = None,
    config: o.Config = None,
    engine: o.Engine = None,
    model: o.Model = None,
    effort: o.Effort = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    accept_changes: o.Accept = False,
    fork: o.Fork = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Expand a context into document types, and each type into ideas.

    docgen brainstorm helpful_only --types 40 --ideas 25
    """
    from docgen.cli.main_job.runner import carry_out
    from docgen.pipeline.execute import Step

    carry_out(ctx.params, Step.BRAINSTORM)
