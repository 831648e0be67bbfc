"""Carries out a step of the main job for the command line: opens, asks about money, runs, shows, sets the exit code."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer

from docgen.cli.console import PlainReporter, TerminalReporter, console, open_reporter
from docgen.cli.look.document import show_attempt
from docgen.cli.look.tables import show_summary
from docgen.cli.main_job.estimate import cost_line
from docgen.cli.main_job.resolve import open_proposal
from docgen.cli.options import config_flags
from docgen.errors import ConfigError, StopRun
from docgen.pipeline.audit.run_reports import read_measured
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execute import Interrupted, Step, execute, interruptible
from docgen.pipeline.setup import Setup
from docgen.pipeline.status import Summary, summarise

__all__ = ["agree", "carry_out"]


def carry_out(params: Mapping[str, Any], until: Step, first: int | None = None) -> None:
    """Do a step for the run that the parameters mean; exits 1 when it finished short of n, 130 when interrupted.

    `first` makes it a pilot: only so many documents, which are shown.
    """
    as_json, quiet = params["json"], params["quiet"]
    reporter = open_reporter(quiet or as_json)
    try:
        proposal = open_proposal(params["target"], params, config_flags(params), reporter)
        _ready(proposal.setup, until)
        agree(proposal.setup, _documents(proposal.setup, until, first), params)
        setup = proposal.apply(params["accept_changes"])
        with interruptible(reporter) as stopping:
            _execute(setup, until, reporter, stopping, first, as_json)
    except Interrupted:
        reporter.close()
        typer.echo("Stopped; nothing that was paid for is lost. Go on with the same command.", err=True)
        raise typer.Exit(130) from None
    finally:
        reporter.close()
    if first is not None:
        _show_pilot(setup, first, as_json)
    else:
        _close(setup, until, as_json)


def _execute(
    setup: Setup,
    until: Step,
    reporter: PlainReporter | TerminalReporter,
    stopping: Callable[[], bool],
    first: int | None,
    as_json: bool,
) -> None:
    """Execute; a run that had to stop still shows how it stands."""
    try:
        execute(setup, until, reporter, stopping, first=first)
    except StopRun:
        reporter.close()
        if as_json or setup.run.corpus.exists():
            _show(setup, as_json)
        raise


def _ready(setup: Setup, until: Step) -> None:
    """Before anything is written or spent: `RunError` when it is not said how many documents there should be."""
    if until > Step.BRAINSTORM:
        _ = setup.n


def _documents(setup: Setup, until: Step, first: int | None) -> int:
    """How many documents a step is to write."""
    if until < Step.GENERATE:
        return 0
    return setup.n if first is None else min(first, setup.n)


def agree(setup: Setup, documents: int, params: Mapping[str, Any]) -> None:
    """Before money is spent: say how much, and ask a person at a terminal; a script says --yes or --max-cost."""
    if setup.config.engine != "anthropic":
        return
    found = estimate(setup, documents=documents)
    if not any(stage.calls for stage in found.stages):
        return
    agreed = params["yes"] or setup.config.max_cost is not None
    if not agreed or not (params["quiet"] or params["json"]):
        typer.echo(cost_line(found, setup.config.batch), err=True)
    if agreed:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("spends money, and nobody is there to be asked", "docgen", "Give --yes or --max-cost DOLLARS")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(0)


def _show_pilot(setup: Setup, first: int, as_json: bool) -> None:
    attempts = [attempt for attempt in setup.run.read_attempts() if attempt.slot < first]
    for attempt in attempts:
        if as_json:
            typer.echo(attempt.model_dump_json())
        else:
            show_attempt(console, setup.context, attempt)
    accepted, asked = sum(attempt.verdict == "accepted" for attempt in attempts), min(first, setup.n)
    if not as_json:
        rest = f"docgen generate {setup.run.name} writes the other {setup.n - asked:,}"
        console.print(f"{accepted} of {asked} accepted. Like them? {rest}.", markup=False)
    if accepted < asked:
        raise typer.Exit(1)


def _close(setup: Setup, until: Step, as_json: bool) -> None:
    summary = _show(setup, as_json)
    if not as_json:
        _say_next(summary, until)
    if until >= Step.GENERATE and not summary.complete:
        raise typer.Exit(1)


def _show(setup: Setup, as_json: bool) -> Summary:
    measured, leakage = read_measured(setup)
    summary = summarise(setup, measured)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        show_summary(console, summary, leakage)
    return summary


def _say_next(summary: Summary, until: Step) -> None:
    if until == Step.BRAINSTORM:
        console.print(f"\nNext: docgen generate {summary.run} --n 500", markup=False)
    elif not summary.complete:
        more = "Failed requests are tried again by the same command"
        why = (
            more
            if summary.failed
            else "More attempts for the empty slots: the same command with a higher --max-attempts"
        )
        console.print(f"\nShort of n. {why}; see docgen show {summary.run}", markup=False)
    else:
        console.print(f"\nRead some: docgen show {summary.run} --sample 3", markup=False)
