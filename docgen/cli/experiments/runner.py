"""What plan, sweep and control share: open a run, ask about money, carry it out, stop cleanly."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from docgen.cli.console import open_reporter
from docgen.cli.main_job.resolve import open_proposal
from docgen.cli.options import config_flags
from docgen.errors import ConfigError
from docgen.pipeline.execute import Interrupted, Step, execute, interruptible
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.stages.plan import Plan
from docgen.stages.plan import plan as make_plan

__all__ = ["agree", "ask_to_spend", "begin", "carry_on", "plan_of", "reporting"]


@contextmanager
def reporting(params: Mapping[str, Any]) -> Iterator[Any]:
    """A reporter for the command; Ctrl-C ends it with exit code 130."""
    reporter = open_reporter(params["quiet"] or params["json"])
    try:
        yield reporter
    except Interrupted:
        reporter.close()
        typer.echo("Stopped; nothing that was paid for is lost. Go on with the same command.", err=True)
        raise typer.Exit(130) from None
    finally:
        reporter.close()


def begin(target: str | None, params: Mapping[str, Any], until: Step, reporter: Reporter) -> Setup:
    """Open the run that the parameters mean and carry it out so far."""
    proposal = open_proposal(target, params, config_flags(params), reporter)
    setup = proposal.apply(params["accept_changes"])
    if not setup.run.read_ideas():
        agree("The brainstorm comes first", setup, params["yes"], reporter)
    carry_on(setup, until, reporter)
    return setup


def carry_on(setup: Setup, until: Step, reporter: Reporter) -> None:
    """Do what is missing of a run."""
    with interruptible(reporter) as stopping:
        execute(setup, until, reporter, stopping)


def plan_of(setup: Setup) -> Plan:
    """The plan of a run, from its inputs."""
    config, run = setup.config, setup.run
    return make_plan(
        setup.context, run.read_types(), run.read_ideas(), setup.n, config.seed,
        words=config.words, salience=config.salience, stated=config.stated, cast=run.read_cast(),
    )  # fmt: skip


def agree(line: str, setup: Setup, yes: bool, reporter: Reporter) -> None:
    """Before money is spent: say how much, and ask a person at a terminal; a script says --yes or --max-cost."""
    if setup.config.engine == "anthropic":
        ask_to_spend(line, yes or setup.config.max_cost is not None, reporter)


def ask_to_spend(line: str, agreed: bool, reporter: Reporter) -> None:
    """Say what is to come; unless `agreed`, ask, and end with exit code 0 on a no."""
    reporter.note(line)
    if agreed:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("spends money, and nobody is there to be asked", "docgen", "Give --yes or --max-cost DOLLARS")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(0)
