"""plan: what the corpus will be, without writing it."""

from typing import TYPE_CHECKING

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.planning.plan_report import PlanReport

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Main job")(plan)


def plan(
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
    config: o.Config = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    accept_changes: o.Accept = False,
    fork: o.Fork = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Plan n slots, save them as slots.jsonl and say what they hold; generate no document.

    docgen plan helpful_only --n 50000 --salience opus_release=0.3

    Brainstorms first where that was not done. Demands that cannot be met are refused with the arithmetic.
    """
    from docgen.cli.experiments.runner import begin, plan_of, reporting
    from docgen.pipeline.execute import Step

    with reporting(ctx.params) as reporter:
        setup = begin(target, ctx.params, Step.PLAN, reporter)
    report = plan_of(setup).report()
    if json:
        from pydantic_core import to_json

        typer.echo(to_json(report, indent=2).decode())
    else:
        show(report, str(setup.run.slots))


def show(report: "PlanReport", file: str) -> None:
    """Print it as a table."""
    from docgen.cli.console import console, table

    loads = ", ".join(f"{count:,} with {facts}" for facts, count in enumerate(report.loads) if count)
    console.print(f"{report.documents:,} slots, {report.background:,} of them background\nfacts: {loads}\n")
    rows = []
    for fact in report.facts:
        worst = [f"{x:.1f}" for x in (fact.worst_type, fact.worst_idea, fact.worst_length, fact.worst_position)]
        shares = f"{fact.asked:.2%}", f"{fact.documents:,}", f"{fact.stated:.1%}", f"{fact.central:.1%}"
        rows.append([fact.fact, *shares, *worst])
    numbers = ("asked", "planned", "stated", "central", "types", "ideas", "lengths", "places")
    caption = "types, ideas, lengths, places: the worst deviation, in documents, from an even spread"
    console.print(table(("fact", *numbers), rows, right=numbers, caption=caption))
    console.print(f"\n{file}", markup=False)
