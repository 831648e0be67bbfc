"""What every command that spends or writes goes through: the question about money, and the end."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from docgen.cli.look.tables import cost_line
from docgen.cli.options import JobFlags
from docgen.cli.streams import say
from docgen.errors import ConfigError
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execute import Step
from docgen.pipeline.resolve import open_proposal
from docgen.pipeline.setup import Setup
from docgen.pipeline.stopping import Interrupted
from docgen.progress import Reporter
from docgen.progress.display import ShownReporter, open_reporter

__all__ = ["agree", "ask_to_spend", "begin", "reporting"]


@contextmanager
def reporting(quiet: bool, as_json: bool = False) -> Iterator[ShownReporter]:
    """A reporter for the command; a run that was interrupted ends it with exit code 130."""
    reporter = open_reporter(quiet, as_json)
    try:
        yield reporter
    except Interrupted:
        reporter.close()
        say("Stopped; nothing that was paid for is lost. Go on with the same command.", err=True)
        raise typer.Exit(130) from None
    finally:
        reporter.close()


def begin(
    flags: JobFlags,
    until: Step,
    reporter: Reporter,
    first: int | None = None,
    check: Callable[[Setup], None] = lambda _: None,
) -> Setup:
    """The run that the flags mean, with its inputs written down, once its cost up to `until` is agreed to.

    `first` is the number of documents of a pilot. `check` raises what is wrong with the run before money is spoken of.
    """
    proposal = open_proposal(
        flags.target, flags.options(), reporter, run=flags.run, config=flags.config, fork=flags.fork,
        keep_context=flags.keep_context,
    )  # fmt: skip
    setup = proposal.setup
    setup.check_ready(planned=until > Step.BRAINSTORM)
    check(setup)
    documents = 0 if until < Step.GENERATE else setup.n if first is None else min(first, setup.n)
    if setup.is_paid:
        costs = estimate(setup, documents=documents, judged=until >= Step.ALL)
        if any(stage.calls for stage in costs.stages):
            setup.check_engine()
            agree(cost_line(costs, setup.config.batch), setup, flags.yes, reporter)
    return proposal.apply(flags.accept_changes)


def agree(line: str, setup: Setup, yes: bool, reporter: Reporter) -> None:
    """Before a run spends money: say how much, and have it agreed to by --yes, --max-cost or a person."""
    if setup.is_paid:
        ask_to_spend(line, yes or setup.config.max_cost is not None, reporter)


def ask_to_spend(line: str, agreed: bool, reporter: Reporter) -> None:
    """Say what is to come; unless `agreed`, ask, and end with exit code 0 on a no."""
    if agreed:
        reporter.note(line)
        return
    say(line, err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError("spends money, and nobody is there to be asked", "docgen", "Give --yes or --max-cost DOLLARS")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(0)
