"""run, brainstorm, plan, pilot, generate, estimate: the main job, at once or in steps, and what it will cost."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import command, command_flags
from docgen.cli.shared.options import JobFlags
from docgen.cli.shared.streams import say_json
from docgen.options.last_step import Step

if TYPE_CHECKING:
    from docgen.pipeline.inputs.setup import Setup

__all__ = ["register", "register_estimate", "register_plan"]

RUN_HELP = """Do it all: brainstorm, plan, generate, check, audit, export; with a paid engine a judge reads a sample.

docgen run helpful_only --n 500

If it is stopped or killed, the same command resumes it and uses every reply that arrived.
"""
GENERATE_HELP = """Write, check and deduplicate documents until n are accepted.

docgen generate helpful_only --n 50000

Plans n slots first (types, ideas, assigned facts, style). A rejected attempt is kept with its reasons, and its slot
tried again with the same facts. Brainstorms first if that was not done.
"""
PILOT_HELP = """Write a few documents of the plan, to be read before the rest is paid for.

docgen pilot helpful_only --n 50000 --documents 5

The plan is the one for --n; the run keeps these documents, and docgen generate continues after them.
"""
PANEL = "Main job"
JUDGING = {"verify", "judge_model"}
"""Flags for the end of a whole run."""
DOCUMENTS_ONLY = {"max_attempts", "revise", "effort", "batch", *JUDGING}
"""Flags without meaning for a plan."""


@command_flags
class PilotFlags(JobFlags):
    """The flags of pilot."""

    documents: Annotated[int, typer.Option("--documents", min=1, max=1000, help="How many to write.")] = 5


def register(app: typer.Typer) -> None:
    """Add run, brainstorm, pilot and generate."""
    no_plan = {"n", "words", "airtime", "salience", "max_attempts", "revise", "batch", *JUDGING}

    def add(name: str, call: Callable[..., None], text: str | None = None) -> None:
        app.command(name, help=text, rich_help_panel=PANEL)(call)

    add("run", command(run, JobFlags), RUN_HELP)
    add("brainstorm", command(brainstorm, JobFlags, no_plan))
    add("pilot", command(pilot, PilotFlags, JUDGING), PILOT_HELP)
    add("generate", command(generate, JobFlags, JUDGING), GENERATE_HELP)


def register_plan(app: typer.Typer) -> None:
    """Add plan."""
    app.command("plan", rich_help_panel=PANEL)(command(plan, JobFlags, DOCUMENTS_ONLY))


def register_estimate(app: typer.Typer) -> None:
    """Add estimate."""
    settings = {"n", "types", "ideas", "words", "airtime", "salience", "revise", "model", *JUDGING}
    shown = settings | {"target", "run", "config", "json", "quiet"}
    left_out = JobFlags.__annotations__.keys() - shown
    app.command("estimate", rich_help_panel="Money and servers")(command(estimate, JobFlags, left_out))


def run(flags: JobFlags) -> None:
    """Everything up to audit and export."""
    _finish(flags, Step.ALL)


def generate(flags: JobFlags) -> None:
    """Everything up to the corpus."""
    _finish(flags, Step.GENERATE)


def brainstorm(flags: JobFlags) -> None:
    """Expand a context into document types, and each type into ideas.

    docgen brainstorm helpful_only --types 40 --ideas 25
    """
    _finish(flags, Step.BRAINSTORM)


def plan(flags: JobFlags) -> None:
    """Plan n slots, save them as slots.jsonl and summarise them; generate no documents.

    docgen plan helpful_only --n 50000 --salience opus_release=0.3

    Brainstorms first if that was not done. Targets that cannot be met are refused, with the arithmetic.
    """
    from docgen.cli.runs.tables import show_plan
    from docgen.pipeline.run import Run

    setup = _run_until(flags, Step.PLAN)
    report = Run(setup.run.path).plan_report()
    if flags.json:
        from pydantic_core import to_json

        from docgen.llm.journal import journal_totals

        spent = journal_totals(setup.run.journal).all.dollars
        say_json(to_json({**asdict(report), "spent": spent}, indent=2).decode())
    else:
        show_plan(report, str(setup.run.slots))


def pilot(flags: PilotFlags) -> None:
    """The first documents of the plan."""
    from docgen.cli.runs.document_screen import show_attempt
    from docgen.cli.runs.tables import show_pilot
    from docgen.cli.shared.console import console
    from docgen.pipeline.attempt_filter import first_documents
    from docgen.pipeline.estimate import estimate

    setup = _run_until(flags, Step.GENERATE, first=flags.documents)
    attempts = [attempt for attempt in setup.run.read_attempts() if attempt.slot < flags.documents]
    for attempt in attempts:
        if flags.json:
            say_json(attempt.model_dump_json())
        else:
            show_attempt(console, setup.context, attempt)
    first = first_documents(setup.run, attempts, min(flags.documents, setup.n))
    if not flags.json:
        show_pilot(first, setup, estimate(setup) if setup.is_paid else None)
    if first.accepted < first.documents:
        raise typer.Exit(1)


def estimate(flags: JobFlags) -> None:
    """Say what a run will cost: calls, tokens and dollars; nothing is sent or written.

    docgen estimate helpful_only --n 50000

    More precise after docgen pilot, which shows what replies really cost.
    """
    from docgen.cli.runs.tables import show_estimate
    from docgen.pipeline.estimate import estimate_cost
    from docgen.pipeline.inputs.run_resolution import open_proposal
    from docgen.progress.display import PlainReporter

    reporter = PlainReporter(quiet=flags.quiet or flags.json)
    proposal = open_proposal(
        flags.target, flags.options(), reporter, run=flags.run, config=flags.config, priced_only=True
    )
    costs = estimate_cost(proposal, flags.options().model)
    if flags.json:
        say_json(costs.model_dump_json(indent=2))
    else:
        show_estimate(costs)


def _run_until(flags: JobFlags, until: Step, first: int | None = None) -> "Setup":
    """Carry out the run that the flags name, up to `until`; a run that had to stop still shows its status."""
    from docgen.cli.runs.tables import show_run
    from docgen.cli.shared.cost_consent import command_reporter, open_agreed_run
    from docgen.errors import StopRun
    from docgen.pipeline.execution.execute import execute
    from docgen.pipeline.status import summarise

    with command_reporter(flags.quiet, flags.json) as reporter:
        setup = open_agreed_run(flags, until, reporter, first)
        try:
            execute(setup, until, reporter, first=first)
        except StopRun:
            reporter.close()
            if flags.json or setup.run.corpus.exists():
                show_run(summarise(setup), flags.json)
            raise
    return setup


def _finish(flags: JobFlags, until: Step) -> None:
    """Carry out the run, show its state and what to do next; exits 1 if it finished short of n."""
    setup = _run_until(flags, until)

    from docgen.cli.runs.tables import show_run
    from docgen.pipeline.status import summarise

    summary = summarise(setup)
    show_run(summary, flags.json, until)
    if until >= Step.GENERATE and not summary.complete:
        raise typer.Exit(1)
