# ruff: noqa: ARG001 - the command reads its parameters from the context
"""sweep: a family of corpora that differ in one fact alone."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.pipeline.families import Level
    from docgen.pipeline.setup import Setup

__all__ = ["register"]

Fact = Annotated[str, typer.Option("--fact", help="The fact that the family varies.")]
Levels = Annotated[str, typer.Option("--levels", metavar="SHARES", help="Its shares, one corpus each: 0,0.05,0.2,0.5.")]
Stated = Annotated[
    bool, typer.Option("--directness", help="Vary the share of the fact's documents that state it, not its salience.")
]
PlanOnly = Annotated[bool, typer.Option("--plan-only", help="Say what each level adds and what it costs, and stop.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Main job")(sweep)


def sweep(
    ctx: typer.Context,
    target: Annotated[str, typer.Argument(metavar="CONTEXT", help="A context: shipped name, local name, or path.")],
    fact: Fact,
    levels: Levels,
    n: o.N = None,
    directness: Stated = False,
    plan_only: PlanOnly = False,
    run: o.Run = None,
    seed: o.Seed = None,
    types: o.Types = None,
    ideas: o.Ideas = None,
    words: o.Words = None,
    airtime: o.Airtime = None,
    salience: o.Salience = None,
    max_attempts: o.MaxAttempts = None,
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
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Build a corpus for each level of one fact; all else stays the same, and shared documents are paid for once.

    docgen sweep helpful_only --fact opus_release --levels 0,0.05,0.2,0.5 --n 2000

    Says before anything is spent how many documents each level adds. The corpora are runs of their own in the run's
    folder levels/; --max-cost holds for the whole family.
    """
    from docgen.cli.experiments.runner import agree, begin, reporting
    from docgen.pipeline.execute import Step
    from docgen.pipeline.families import parse_levels, sweep_levels
    from docgen.universe import find_context, load_context

    shares, knob = parse_levels(levels), "stated" if directness else "salience"
    source = find_context(target, _here())
    context = load_context(source)
    _known(fact, [own.id for own in context.key_facts])
    params = {**ctx.params, "run": run or f"{context.id}-sweep-{fact}", "fork": None}
    with reporting(params) as reporter:
        base = begin(target, params, Step.BRAINSTORM, reporter)
        found = sweep_levels(base, fact, shares, knob)  # type: ignore[arg-type]
        if not (json or quiet) or plan_only:
            _show(found, fact, _dollars(base, found), json)
        if plan_only:
            return
        new = sum(level.new for level in found)
        agree(f"{new:,} documents to be written for {len(found)} corpora of {base.n:,}", base, yes, reporter)
        made = _build(base, fact, found, knob, reporter)
    _close(made, found, json)


def _here() -> Any:
    from pathlib import Path

    return Path.cwd()


def _known(fact: str, facts: list[str]) -> None:
    from docgen.errors import ConfigError

    if fact not in facts:
        raise ConfigError(f"no fact is called {fact!r}", "--fact", f"Facts: {', '.join(facts)}")


def _dollars(base: "Setup", found: "list[Level]") -> float | None:
    """The whole family, by the price of a document; None without a known price."""
    from docgen.pipeline.estimate import estimate

    if base.config.engine != "anthropic":
        return 0.0
    reckoned = estimate(base)
    total, calls = reckoned.dollars(base.config.batch), sum(stage.calls for stage in reckoned.stages)
    wanted = sum(level.new for level in found) * (1 + reckoned.refill)
    return None if total is None else total / max(calls, 1) * wanted


def _show(found: "list[Level]", fact: str, dollars: float | None, as_json: bool) -> None:
    if as_json:
        from pydantic_core import to_json

        typer.echo(to_json({"fact": fact, "levels": found, "dollars": dollars}, indent=2).decode())
        return
    from docgen.cli.console import console, table

    columns = (fact, "documents", "to be written", "shared with levels above")
    rows = [[f"{level.share:.2%}", f"{level.documents:,}", f"{level.new:,}", f"{level.reused:,}"] for level in found]
    console.print(table(columns, rows, right=columns))
    console.print("no known price" if dollars is None else f"about ${dollars:,.2f} for the whole family\n")


def _build(base: "Setup", fact: str, found: "list[Level]", knob: Any, reporter: Any) -> "list[Setup]":
    from docgen.cli.experiments.runner import carry_on
    from docgen.llm.journal import journal_totals
    from docgen.pipeline.execute import Step
    from docgen.pipeline.families import open_level

    made: list[Setup] = []
    before, cap = base.run, base.config.max_cost
    spent = journal_totals(base.run.journal).all.dollars or 0.0
    for level in found:
        left = None if cap is None else max(cap - spent, 0.0)
        setup = open_level(base, before, fact, level.share, knob, left)
        carry_on(setup, Step.ALL, reporter)
        spent += journal_totals(setup.run.journal).all.dollars or 0.0
        made.append(setup)
        before = setup.run
    return made


def _close(made: "list[Setup]", found: "list[Level]", as_json: bool) -> None:
    from pydantic_core import to_json

    from docgen.cli.console import console
    from docgen.llm.journal import journal_totals
    from docgen.pipeline.status import summarise

    rows = []
    for setup, level in zip(made, found, strict=True):
        summary = summarise(setup, None)
        rows.append(
            {
                "share": level.share,
                "run": str(setup.run.path),
                "accepted": summary.accepted,
                "planned_new": level.new,
                "calls": journal_totals(setup.run.journal).all.calls,
            }
        )
    if as_json:
        typer.echo(to_json(rows, indent=2).decode())
    else:
        for row in rows:
            console.print(
                f"{row['share']:.2%}: {row['accepted']:,} accepted, {row['calls']:,} new calls for "
                f"{row['planned_new']:,} changed slots, {row['run']}",
                markup=False,
            )
    if any(int(str(row["accepted"])) < setup.n for row, setup in zip(rows, made, strict=True)):
        raise typer.Exit(1)
