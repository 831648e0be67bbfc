"""Carries out a step of the main job for the command line: opens, asks about money, runs, shows, sets the exit code."""

import sys
from collections.abc import Mapping
from typing import Any

import typer

from docgen.cli.console import console, open_reporter
from docgen.cli.document import show_attempt
from docgen.cli.estimate import cost_line
from docgen.cli.opening import open_proposal
from docgen.cli.options import config_flags
from docgen.cli.screen import show_summary
from docgen.errors import ConfigError
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execute import Interrupted, Step, execute, interruptible
from docgen.pipeline.reports import read_measured
from docgen.pipeline.setup import Setup
from docgen.pipeline.summary import Summary, summarise
from docgen.progress import Reporter

__all__ = ["carry_out"]


def carry_out(params: Mapping[str, Any], until: Step, first: int | None = None) -> None:
    """Do a step for the run that the parameters mean; exits 1 when it finished short of n, 130 when interrupted.

    `first` makes it a pilot: only so many documents, which are shown.
    """
    as_json, quiet = params["json"], params["quiet"]
    reporter = open_reporter(quiet or as_json)
    try:
        proposal = open_proposal(params["target"], params, config_flags(params), reporter)
        _ready(proposal.setup, until)
        _agree(proposal.setup, until, params, reporter)
        setup = proposal.apply(params["accept_changes"])
        with interruptible(reporter) as stopping:
            execute(setup, until, reporter, stopping, first=first)
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


def _ready(setup: Setup, until: Step) -> None:
    """Before anything is written or spent: `RunError` when it is not said how many documents there should be."""
    if until > Step.BRAINSTORM:
        _ = setup.n


def _agree(setup: Setup, until: Step, params: Mapping[str, Any], reporter: Reporter) -> None:
    """Before money is spent: say how much, and ask a person at a terminal; a script says --yes or --max-cost."""
    if setup.config.engine != "anthropic" or until < Step.GENERATE:
        return
    found = estimate(setup)
    if not any(stage.calls for stage in found.stages):
        return
    reporter.note(cost_line(found, setup.config.batch))
    if params["yes"] or setup.config.max_cost is not None:
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
    accepted = sum(attempt.verdict == "accepted" for attempt in attempts)
    if not as_json:
        name, n = setup.run.name, setup.n
        console.print(
            f"{accepted} of {first} accepted. Like them? docgen generate {name} writes the other {n - first:,}."
        )
    if accepted < min(first, setup.n):
        raise typer.Exit(1)


def _close(setup: Setup, until: Step, as_json: bool) -> None:
    measured, leakage = read_measured(setup)
    summary = summarise(setup, measured)
    if as_json:
        typer.echo(summary.model_dump_json(indent=2))
    else:
        show_summary(console, summary, leakage)
        _say_next(summary, until)
    if until >= Step.GENERATE and not summary.complete:
        raise typer.Exit(1)


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
