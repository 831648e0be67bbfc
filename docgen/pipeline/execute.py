"""Carries out a run up to a step, under its lock, with its engine open, until done, stopped or interrupted."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from types import FrameType

from docgen.errors import RunError, StopRun
from docgen.files.append_log import damaged_lines
from docgen.llm.batch.log import lost_batches
from docgen.llm.engine import DRAIN_SECONDS, SPEND_FILE, Engine, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.llm.ratelimit.control import INTERRUPTED
from docgen.pipeline.audit.duplicates import duplicates_step
from docgen.pipeline.audit.run_reports import measure_step
from docgen.pipeline.export import export_run
from docgen.pipeline.setup import Setup, reopen
from docgen.pipeline.steps import brainstorm_step, corpus_step, generate_step, plan_step
from docgen.progress import Reporter

__all__ = ["Interrupted", "Step", "Stopping", "execute", "interruptible"]

LOOK_SECONDS = 0.2
STOPPING = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl-C; systemd, Slurm and docker stop; a terminal or ssh that is closed. One that is ignored (nohup) stays so."""


class Step(IntEnum):
    """How far to go."""

    BRAINSTORM = 1
    PLAN = 2
    GENERATE = 3
    ALL = 4


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop and did, with everything that was in flight on disk."""


@dataclass
class Stopping:
    """Whether somebody asked to stop; call it to know."""

    asked: bool = False

    def __call__(self) -> bool:
        """Whether to begin nothing more."""
        return self.asked


@contextmanager
def interruptible(reporter: Reporter) -> Iterator[Stopping]:
    """Within the block the first Ctrl-C (or SIGTERM, SIGHUP) asks to stop, the second stops at once."""
    stopping = Stopping()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stopping.asked:
            raise KeyboardInterrupt
        stopping.asked = True
        reporter.note("Stopping: waiting for the calls in flight, which are paid for (again Ctrl-C: at once)")

    before = {number: signal.signal(number, ask) for number in STOPPING if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def execute(
    setup: Setup,
    until: Step,
    reporter: Reporter,
    stopping: Callable[[], bool],
    llm: LLM | None = None,
    first: int | None = None,
) -> None:
    """Do what is missing of a run up to `until`; `llm` puts another provider in the engine's place.

    `first` generates only so many slots at the head of the plan: a pilot, whose documents the run keeps.

    Raises `Interrupted` when `stopping` left something undone, `StopRun` when nothing more can be done now. In any case
    replies that arrived are in the journal and decided attempts on disk.
    """
    with setup.run.lock(), Journal(setup.run.journal, setup.parents) as journal:
        _check_current(setup)
        for notice in (*journal.notices, *_lost(setup), *_damaged(setup)):
            reporter.note(notice)
        finished = asyncio.run(_execute(setup, until, reporter, stopping, journal, llm, first))
    if not finished:
        raise Interrupted


def _check_current(setup: Setup) -> None:
    """Raise `RunError` when another process settled the run anew before this one got its lock."""
    now = reopen(setup.run)
    if (now.config, now.context.digest) != (setup.config, setup.context.digest):
        raise RunError("was changed by another process just now", str(setup.run.path), "Run the same command again")


def _lost(setup: Setup) -> Iterator[str]:
    """One line for each journal that the run shared and that is gone."""
    return (f"{path}: is gone, so its replies are bought again" for path in setup.parents if not path.exists())


def _damaged(setup: Setup) -> Iterator[str]:
    """One line for each log of the run with lines that cannot be read."""
    for name in (SPEND_FILE, "batches.jsonl"):
        if count := damaged_lines(setup.run.path / name):
            yield f"{name}: {count} unreadable line(s) skipped"
    if count := lost_batches(setup.run.path / "batches.jsonl"):
        yield f"batches.jsonl: the beginning of {count} batch(es) is lost; what they deliver may be bought again"


async def _execute(
    setup: Setup,
    until: Step,
    reporter: Reporter,
    stopping: Callable[[], bool],
    journal: Journal,
    llm: LLM | None,
    first: int | None,
) -> bool:
    async with open_engine(setup.engine_options, journal, llm) as engine:
        telling = asyncio.create_task(_tell(engine, stopping))
        try:
            return await _steps(setup, until, reporter, stopping, engine, first)
        except StopRun as error:
            if error.reason == INTERRUPTED:
                return False
            if engine.llm.in_flight:
                calls = "calls in flight, which are paid for"
                reporter.note(f"Stopping: waiting for {calls}, {DRAIN_SECONDS:.0f} s at most (Ctrl-C: at once)")
            raise
        finally:
            telling.cancel()


async def _tell(engine: Engine, stopping: Callable[[], bool]) -> None:
    """Pass on a request to stop to calls that wait for their turn or for another try: nothing was paid for them."""
    while not stopping():
        await asyncio.sleep(LOOK_SECONDS)
    if engine.control is not None:
        engine.control.stop()


async def _steps(
    setup: Setup, until: Step, reporter: Reporter, stopping: Callable[[], bool], engine: Engine, first: int | None
) -> bool:
    """Whether everything was done: a request to stop that comes with the last call stops nothing."""
    job, done = Job(setup, until, reporter, stopping, engine, first), True
    for number, step in enumerate(RUN_STEPS):
        if step.belongs_to > until:
            break
        if number and stopping():
            return False
        done = await step.do(job)
    return done


@dataclass(frozen=True)
class Job:
    """One start of a run; see `execute`."""

    setup: Setup
    until: Step
    reporter: Reporter
    stopping: Callable[[], bool]
    engine: Engine
    first: int | None


@dataclass(frozen=True)
class RunStep:
    """A step of a run, done when the run goes as far as `belongs_to`.

    `do` reads what earlier steps wrote to the run folder, writes its own files, does nothing where they are finished,
    and returns whether it came to its end.
    """

    name: str
    belongs_to: Step
    do: Callable[[Job], Awaitable[bool]]


async def _brainstorm(job: Job) -> bool:
    await brainstorm_step(job.setup, job.engine.llm, job.reporter, job.stopping)
    return not job.stopping()


async def _plan(job: Job) -> bool:
    plan_step(job.setup, job.reporter)
    return not job.stopping()


async def _generate(job: Job) -> bool:
    try:
        ledger = await generate_step(job.setup, job.engine, job.reporter, job.stopping, job.first)
    except StopRun:
        corpus_step(job.setup, job.reporter)  # what it paid for until now can be exported all the same
        raise
    corpus_step(job.setup, job.reporter, remade=job.until >= Step.ALL)
    return ledger.accepted == ledger.size or not job.stopping()


async def _measure(job: Job) -> bool:
    measure_step(job.setup, job.reporter)
    return True


async def _duplicates(job: Job) -> bool:
    duplicates_step(job.setup, job.reporter)
    return True


async def _export(job: Job) -> bool:
    export_run(job.setup.run, "text", doctag=False, accept_unfinished=True)  # the screen says what it is short of
    return True


RUN_STEPS = (
    RunStep("brainstorm", Step.BRAINSTORM, _brainstorm),
    RunStep("plan", Step.PLAN, _plan),
    RunStep("generate", Step.GENERATE, _generate),
    RunStep("measure", Step.ALL, _measure),
    RunStep("duplicates", Step.ALL, _duplicates),
    RunStep("export", Step.ALL, _export),
)
"""Every step of a run, in order. A new step is added here."""
