"""Carries out a run up to a step, under its lock, with its engine open, until done, stopped or interrupted."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, TypeVar

from docgen.errors import ConfigError, RunError, StopRun
from docgen.llm.engine import DRAIN_SECONDS, open_engine
from docgen.llm.errors import INTERRUPTED
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.options.last_step import Step
from docgen.pipeline.execution.control_orders import Orders
from docgen.pipeline.execution.job import Job
from docgen.pipeline.execution.shared_budget import check_handed_out, check_parents, lock_for_spending
from docgen.pipeline.execution.steps import take_steps
from docgen.pipeline.execution.stopping import Interrupted, interruptible, supervise
from docgen.pipeline.inputs.setup import CUSTOM, Setup, reopen
from docgen.progress import Reporter

__all__ = ["aexecute", "execute", "wait_for"]

T = TypeVar("T")


def execute(
    setup: Setup,
    until: Step,
    reporter: Reporter,
    stopping: Callable[[], bool] | None = None,
    llm: LLM | None = None,
    first: int | None = None,
) -> None:
    """Do what is missing of a run up to `until`; `llm` replaces the engine.

    Without `stopping`, Ctrl-C, SIGTERM and SIGHUP stop it cleanly.

    `first` only generates so many slots at the head of the plan: a pilot, whose documents the run keeps.

    Raises `Interrupted` when `stopping` left something undone, `StopRun` when nothing more can be done now. In any case
    replies that arrived are in the journal and decided attempts on disk.
    """
    with nullcontext(stopping) if stopping else interruptible(reporter) as is_stopping:
        if not wait_for(aexecute(setup, until, reporter, is_stopping, llm, first)):
            raise Interrupted


def wait_for(job: Coroutine[Any, Any, T]) -> T:
    """Run `job` to its end; raises `ConfigError` inside a running event loop, which cannot wait for another one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(job)
    job.close()
    fix = "Use: await docgen.agenerate(...), with until=docgen.Step.PLAN for a plan alone"
    raise ConfigError("an event loop is running, as in a notebook", "docgen.generate", fix)


async def aexecute(
    setup: Setup,
    until: Step,
    reporter: Reporter,
    stopping: Callable[[], bool],
    llm: LLM | None = None,
    first: int | None = None,
) -> bool:
    """`execute` for a running event loop; returns whether all was done, not stopped halfway."""
    if setup.config.engine == CUSTOM and llm is None:
        fix = "Continue from Python: docgen.generate(run, llm=...)"
        raise RunError("was begun with an engine from Python", setup.run.name, fix)
    with lock_for_spending(setup.run), Journal(setup.run.journal, setup.parents) as journal:
        if setup.is_paid and llm is None:
            check_parents(setup.parents)
            journal.answer_for(setup.config.engine or "")
            check_handed_out(journal, (setup.run.journal, *setup.parents))
        now = reopen(setup.run)
        if (now.config, now.context.digest) != (setup.config, setup.context.digest):
            raise RunError("was changed by another process just now", str(setup.run.path), "Run the same command again")
        lost = [path for path in setup.parents if not path.exists()]
        for notice in (*journal.notices, *(f"{path}: is gone, so its replies are bought again" for path in lost)):
            reporter.note(notice)
        orders = Orders(setup.run)
        async with open_engine(setup.engine_options, journal, llm, reporter.note) as engine:
            watching = asyncio.create_task(supervise(engine, stopping, reporter, orders.apply_new))
            try:
                return await take_steps(Job(setup, until, reporter, stopping, engine, first))
            except StopRun as error:
                if error.reason == INTERRUPTED:
                    return False
                if engine.llm.in_flight:
                    calls = "calls in flight, which are paid for"
                    reporter.note(f"Stopping: waiting for {calls}, {DRAIN_SECONDS:.0f} s at most (Ctrl-C: at once)")
                raise
            finally:
                watching.cancel()
