"""sweep and control: families of corpora that differ in one thing only."""

from dataclasses import field
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import command, command_flags
from docgen.cli.shared import options as o
from docgen.cli.shared.completion import contexts, facts, runs
from docgen.cli.shared.streams import say, say_json
from docgen.text.output.plurals_and_money import money

if TYPE_CHECKING:
    from docgen.files.run_folder.run_folder import RunFolder
    from docgen.pipeline.families.sweeps import Level, Member
    from docgen.pipeline.inputs.setup import Setup

__all__ = ["register"]

Target = Annotated[
    str,
    typer.Argument(metavar="CONTEXT", help="A context: shipped name, local name, or path.", autocompletion=contexts),
]
Fact = Annotated[str, typer.Option("--fact", help="The fact that the family varies.", autocompletion=facts)]
Levels = Annotated[str, typer.Option("--levels", metavar="SHARES", help="Its shares, one corpus each: 0,0.05,0.2,0.5.")]
Stated = Annotated[
    bool, typer.Option("--directness", help="Vary the share of the fact's documents that state it, not its salience.")
]
PlanOnly = Annotated[bool, typer.Option("--plan-only", help="Say what each level adds and what it costs, and stop.")]
Source = Annotated[
    str | None, typer.Argument(metavar="RUN", help="The run to match. Default: latest run.", autocompletion=runs)
]
Other = Annotated[str, typer.Option("--context", help="The unrelated universe: shipped name, local name, or path.")]
ControlRun = Annotated[
    str | None, typer.Option("--run", help="Name of the control under output/.  [default: RUN-control]")
]


@command_flags
class SweepFlags(o.JobFlags):
    """The flags of sweep."""

    target: Target = field()
    fact: Fact
    levels: Levels
    directness: Stated = False
    plan_only: PlanOnly = False


@command_flags
class ControlFlags(o.JobFlags):
    """The flags of control."""

    source: Source = None
    context: Other = "control_motors"
    run: ControlRun = None


MATCHED = {"target", "n", "seed", "types", "ideas", "words", "airtime", "salience", "revise"}
"""What a control takes from the run that it matches."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sweep", rich_help_panel="Main job")(command(sweep, SweepFlags, {"revise", "fork"}))
    left_out = {*MATCHED, "config", "fork", "keep_context"}
    app.command("control", rich_help_panel="Main job")(command(control, ControlFlags, left_out))


def sweep(flags: SweepFlags) -> None:
    """Build a corpus for each level of one fact; everything else stays the same, and shared documents cost once.

    docgen sweep helpful_only --fact opus_release --levels 0,0.05,0.2,0.5 --n 2000

    Says how many documents each level adds before anything is spent. The corpora are runs in the run's folder levels/;
    --max-cost applies to the whole family.
    """
    from dataclasses import replace
    from functools import partial

    from docgen.cli.shared.cost_consent import agree_to_cost, command_reporter, open_agreed_run
    from docgen.options.last_step import Step
    from docgen.pipeline.execution.execute import execute
    from docgen.pipeline.families.sweeps import (
        Knob,
        check_levels,
        family_cost,
        family_name,
        parse_levels,
        sweep_levels,
        write_levels,
    )

    shares = parse_levels(flags.levels)
    knob: Knob = "stated" if flags.directness else "salience"
    name = family_name(flags.target, flags.fact)
    with command_reporter(flags.quiet, flags.json) as reporter:

        def check(asked: "Setup") -> None:
            _ = asked.n  # reports it if it was left out
            check_levels(asked.context, asked.config, flags.fact, shares, knob)

        base = open_agreed_run(replace(flags, run=flags.run or name), Step.BRAINSTORM, reporter, check=check)
        execute(base, Step.BRAINSTORM, reporter)
        levels = sweep_levels(base, flags.fact, shares, knob)
        if not (flags.json or flags.quiet) or flags.plan_only:
            _show_levels(levels, flags.fact, family_cost(base, levels), flags.json)
        if flags.plan_only:
            return
        new = sum(level.new for level in levels)
        line = f"{new:,} documents to be written for {len(levels)} corpora of {base.n:,}"
        agree_to_cost(line, base, flags.yes, reporter)
        members = write_levels(base, flags.fact, levels, knob, partial(execute, reporter=reporter))
    _show_members(members, base.run, flags.json)
    if not all(member.complete for member in members):
        raise typer.Exit(1)


def _show_levels(levels: "list[Level]", fact: str, dollars: float | None, as_json: bool) -> None:
    if as_json:
        from pydantic_core import to_json

        say_json(to_json({"fact": fact, "levels": levels, "dollars": dollars}, indent=2).decode())
        return
    from docgen.cli.shared.console import console, table

    columns = (fact, "documents", "to be written", "shared with lower levels")
    rows = [[f"{level.share:.2%}", f"{level.documents:,}", f"{level.new:,}", f"{level.reused:,}"] for level in levels]
    console.print(table(columns, rows, right=columns))
    console.print("no known price" if dollars is None else f"about {money(dollars)} for the whole family\n")


def _show_members(members: "list[Member]", base: "RunFolder", as_json: bool) -> None:
    from pydantic_core import to_json

    from docgen.cli.runs.family_tables import show_family
    from docgen.pipeline.families.index import read_family

    if as_json:
        shown = {"share", "run", "accepted", "planned_new", "calls", "dollars"}
        say_json(to_json([member.model_dump(include=shown) for member in members], indent=2).decode())
        return
    for member in members:
        new = f"{member.calls:,} new calls for {member.planned_new:,} changed slots"
        say(f"{member.share:.2%}: {member.accepted:,} accepted, {new}")
    family = read_family(base)
    if family is not None:
        show_family(family, as_json=False)


def control(flags: ControlFlags) -> None:
    """Build the matched control of a run: same document types, lengths, facts per document and directness.

    docgen control helpful_only --context control_motors

    One fact of the other universe takes the place of each fact of the run, in the same slots. The control is a separate
    run, RUN-control, with its own ideas; engine, model and cap are the run's unless given.
    """
    from functools import partial

    from docgen.cli.runs.family_tables import control_line
    from docgen.cli.runs.tables import cost_line, show_run
    from docgen.cli.shared.cost_consent import agree_to_cost, command_reporter
    from docgen.pipeline.estimate import estimate
    from docgen.pipeline.execution.execute import execute
    from docgen.pipeline.families.controls import begin_control, control_folder, write_control
    from docgen.pipeline.families.index import read_family
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.pipeline.status import summarise
    from docgen.universe import UniverseContext

    with command_reporter(flags.quiet, flags.json) as reporter:
        original = reopen(run_or_latest(flags.source, reporter))
        folder, context = control_folder(original, flags.run), UniverseContext.load(flags.context)
        setup = begin_control(original, folder, context, flags.options(), flags.accept_changes)
        if setup.is_paid:
            agree_to_cost(cost_line(estimate(setup), setup.config.batch), setup, flags.yes, reporter)
        write_control(original, setup, partial(execute, reporter=reporter))
    summary = summarise(setup)
    show_run(summary, flags.json)
    family = read_family(setup.run)
    if family is not None and not flags.json:
        say(f"\n{control_line(family)}")
    if not summary.complete:
        raise typer.Exit(1)
