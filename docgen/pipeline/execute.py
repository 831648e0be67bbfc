"""Carries out a run up to a step, under its lock, with its engine open, until done, stopped or interrupted."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

from docgen.errors import ConfigError, RunError, StopRun
from docgen.llm.engine import DRAIN_SECONDS, Engine, open_engine
from docgen.llm.errors import INTERRUPTED
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.pipeline.setup import CUSTOM, Setup, reopen
from docgen.pipeline.steps import RUN_STEPS, Job, Step
from docgen.progress import Reporter

__all__ = ["Interrupted", "Step", "Stopping", "aexecute", "carry_on", "execute", "interruptible", "wait_for"]

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""Between two looks at whether to stop: short enough that Ctrl-C seems to act at once."""


def carry_on(setup: Setup, until: Step, reporter: Reporter, first: int | None = None) -> None:
    """`execute` for the command line: Ctrl-C and SIGTERM stop it cleanly."""
    with interruptible(reporter) as stopping:
        execute(setup, until, reporter, stopping, first=first)


@dataclass
class Stopping:
    """Whether somebody asked to stop; call it to know."""

    requested: bool = False

    def __call__(self) -> bool:
        """Whether to begin nothing more."""
        return self.requested


@contextmanager
def interruptible(reporter: Reporter) -> Iterator[Stopping]:
    """Within the block the first Ctrl-C (or SIGTERM) asks to stop, the second stops at once.

    For a program's main thread; elsewhere signals cannot be handled, and nothing is changed.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stopping.requested:
            raise KeyboardInterrupt
        stopping.requested = True
        reporter.note("Stopping: waiting for the calls in flight, which are paid for (again Ctrl-C: at once)")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop and did, with everything that was in flight on disk."""


def execute(
    setup: Setup,
    until: Step,
    reporter: Reporter,
    stopping: Callable[[], bool],
    llm: LLM | None = None,
    first: int | None = None,
) -> None:
    """Do what is missing of a run up to `until`; `llm` takes the engine's place.

    `first` generates only so many slots at the head of the plan: a pilot, whose documents the run keeps.

    Raises `Interrupted` when `stopping` left something undone, `StopRun` when nothing more can be done now. In any case
    replies that arrived are in the journal and decided attempts on disk.
    """
    if not wait_for(aexecute(setup, until, reporter, stopping, llm, first)):
        raise Interrupted


def wait_for(job: Coroutine[Any, Any, T]) -> T:
    """Run it; `ConfigError` inside a running event loop, which cannot wait for another one."""
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
        fix = "Go on from Python: docgen.generate(run, llm=...)"
        raise RunError("was begun with an engine of your own", setup.run.name, fix)
    with setup.run.lock(), Journal(setup.run.journal, setup.parents) as journal:
        _check_current(setup)
        for notice in (*journal.notices, *_lost(setup)):
            reporter.note(notice)
        async with open_engine(setup.engine_options, journal, llm, reporter.note) as engine:
            watching = asyncio.create_task(_pass_on(engine, stopping))
            try:
                return await _steps(Job(setup, until, reporter, stopping, engine, first))
            except StopRun as error:
                if error.reason == INTERRUPTED:
                    return False
                if engine.llm.in_flight:
                    calls = "calls in flight, which are paid for"
                    reporter.note(f"Stopping: waiting for {calls}, {DRAIN_SECONDS:.0f} s at most (Ctrl-C: at once)")
                raise
            finally:
                watching.cancel()


def _check_current(setup: Setup) -> None:
    """Raise `RunError` when another process settled the run anew before this one got its lock."""
    now = reopen(setup.run)
    if (now.config, now.context.digest) != (setup.config, setup.context.digest):
        raise RunError("was changed by another process just now", str(setup.run.path), "Run the same command again")


def _lost(setup: Setup) -> Iterator[str]:
    """One line for each journal that the run shared and that is gone."""
    return (f"{path}: is gone, so its replies are bought again" for path in setup.parents if not path.exists())


async def _pass_on(engine: Engine, stopping: Callable[[], bool]) -> None:
    """Pass on a request to stop to calls that wait for their turn or for another try: nothing was paid for them."""
    while not stopping():
        await asyncio.sleep(LOOK_SECONDS)
    if engine.control is not None:
        engine.control.stop()


async def _steps(job: Job) -> bool:
    """Whether everything was done: a request to stop that comes with the last call stops nothing."""
    done = True
    for number, step in enumerate(RUN_STEPS):
        if step.belongs_to > job.until:
            break
        if number and job.stopping():
            return False
        done = await step.do(job)
    return done
