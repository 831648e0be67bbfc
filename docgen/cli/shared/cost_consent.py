"""Asks for consent to costs before a command spends money, and shows progress and a clean end."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from docgen.cli.runs.tables import cost_line
from docgen.cli.shared.options import JobFlags
from docgen.cli.shared.streams import say
from docgen.errors import ConfigError
from docgen.options.last_step import Step
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execution.stopping import Interrupted, Stopping, interruptible_judging
from docgen.pipeline.inputs.run_resolution import open_proposal
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter
from docgen.progress.display import ShownReporter, open_reporter
from docgen.universe import role_proposals

if TYPE_CHECKING:
    from docgen.pipeline.audit.judge_setup import JudgeCost

__all__ = ["agree_to_cost", "ask_model", "ask_to_spend", "command_reporter", "note_proposals", "open_agreed_run"]

T = TypeVar("T")


@contextmanager
def command_reporter(quiet: bool, as_json: bool = False) -> Iterator[ShownReporter]:
    """A reporter for the command; a run that was interrupted ends it with exit code 130."""
    reporter = open_reporter(quiet, as_json)
    try:
        yield reporter
    except Interrupted:
        reporter.close()
        say("Stopped; nothing that was paid for is lost. Continue with the same command.", err=True)
        raise typer.Exit(130) from None
    finally:
        reporter.close()


def open_agreed_run(
    flags: JobFlags,
    until: Step,
    reporter: Reporter,
    first: int | None = None,
    check: Callable[[Setup], None] = lambda _: None,
) -> Setup:
    """The run that the flags name, with its inputs saved, once its cost up to `until` is agreed to.

    `first` is the number of documents of a pilot. `check` is called before the cost is shown, and raises for a run that
    cannot go on.
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
            if not setup.run.exists():
                note_proposals(setup, reporter)
            agree_to_cost(cost_line(costs, setup.config.batch), setup, flags.yes, reporter)
    return proposal.apply(flags.accept_changes)


def note_proposals(setup: Setup, reporter: Reporter) -> None:
    """Before anything is bought for a new run: what a context whose author gave no fact a role seems to lack."""
    has_roles = any(fact.presupposes or fact.public for fact in setup.context.key_facts)
    if not has_roles and (proposals := role_proposals(setup.context)):
        reporter.note(f"{setup.context.id}: {'; '.join(proposals)} (docgen context check says more)")


def agree_to_cost(line: str, setup: Setup, yes: bool, reporter: Reporter) -> None:
    """Before a run spends money: print how much, and get consent from --yes, --max-cost or a person."""
    if setup.is_paid:
        ask_to_spend(line, yes or setup.config.max_cost is not None, reporter)


def ask_to_spend(line: str, agreed: bool, reporter: Reporter) -> None:
    """Print what it will cost; unless `agreed`, ask, and exit with code 0 if the answer is no."""
    if agreed:
        reporter.note(line)
        return
    say(line, err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigError(
            "spends money, but there is no terminal to ask for consent", "docgen", "Give --yes or --max-cost DOLLARS"
        )
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(0)


def ask_model(
    cost: "JudgeCost",
    what: str,
    job: Callable[[Reporter, Stopping], Coroutine[Any, Any, T]],
    *,
    yes: bool,
    quiet: bool,
    as_json: bool,
) -> T:
    """Carry out a job that asks a model outside of a run, once its cost is agreed to; `what` is what it reads."""
    with command_reporter(quiet, as_json) as reporter:
        if cost.calls:
            ask_to_spend(cost.line(what), yes or cost.is_capped, reporter)
        with interruptible_judging(reporter) as stopping:
            return asyncio.run(job(reporter, stopping))
