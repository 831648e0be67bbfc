"""Carries out a run up to a step, under its lock, with its engine open, until done, stopped or interrupted."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from pydantic_core import to_json

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import ConfigError, RunError, StopRun
from docgen.llm.engine import DRAIN_SECONDS, Engine, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.llm.ratelimit.control import INTERRUPTED
from docgen.pipeline.audit.duplicates import duplicates_step
from docgen.pipeline.audit.run_reports import measure_step
from docgen.pipeline.audit.verify import verify_step
from docgen.pipeline.corpora.export import export_run
from docgen.pipeline.setup import CUSTOM, Setup, reopen
from docgen.pipeline.steps import (
    batch_buyer,
    brainstorm_step,
    corpus_step,
    document_checker,
    generate_progress,
    plan_step,
    replay,
)
from docgen.pipeline.stopping import Interrupted, interruptible
from docgen.planning.catalogue import Catalogue
from docgen.planning.slot_tracker import SlotTracker
from docgen.progress import Reporter
from docgen.records import Attempt, Slot
from docgen.stages.generate import Generation, generate
from docgen.stages.plan import redraw, styling_of

__all__ = ["Step", "aexecute", "carry_on", "execute", "generate_step", "wait_for"]

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""Between two looks at whether to stop: short enough that Ctrl-C seems to act at once."""


class Step(IntEnum):
    """How far to go. ALL is everything that `docgen run` does: GENERATE, then audit and export."""

    BRAINSTORM = 1
    PLAN = 2
    GENERATE = 3
    ALL = 4


def carry_on(setup: Setup, until: Step, reporter: Reporter, first: int | None = None) -> None:
    """`execute` for the command line: Ctrl-C and SIGTERM stop it cleanly."""
    with interruptible(reporter) as stopping:
        execute(setup, until, reporter, stopping, first=first)


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
                return await _steps(setup, until, reporter, stopping, engine, first)
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


async def generate_step(
    setup: Setup, engine: Engine, reporter: Reporter, stopping: Callable[[], bool], first: int | None = None
) -> SlotTracker:
    """Attempts until the plan is filled or its bounds are reached; goes on from the attempts on disk.

    `first` keeps to so many slots at the head of the plan (a pilot).
    """
    run, config, llm = setup.run, setup.config, engine.llm
    catalogue = Catalogue.of(run.read_types(), run.read_ideas())
    index = NearDuplicateIndex(threshold=config.threshold, ngram=config.ngram)
    styling = styling_of(setup.context, list(catalogue.types.values()), config.seed, run.read_cast())

    def drawn_again(slot: Slot, number: int, idea: str | None) -> Slot:
        return redraw(slot, number, catalogue.ideas_for(catalogue.kind_of(slot)), styling, idea)

    with document_checker(setup, llm.engine, index) as checker, run.open_attempts() as log:
        if log.dropped:
            reporter.note(f"attempts.jsonl: dropped a half-written last line ({log.dropped} bytes)")
        ledger = replay(setup, checker)

        def keep(attempts: list[Attempt]) -> None:
            for attempt in attempts:
                log.append(to_json(attempt))
            reporter.progress(generate_progress(ledger, llm))

        job = Generation(
            llm=engine.batches or llm,
            context=setup.context,
            options=setup.options,
            catalogue=catalogue,
            slots=lambda: itertools.islice(run.read_slots(), first),
            redraw=drawn_again,
            judge=checker,
            max_attempts=config.max_attempts,
            concurrency=config.concurrency,
            revise=config.revise,
            spare=catalogue.spare(run.read_slots()),
            eager=engine.batches is None and llm.engine != "offline",  # which answers at once
            buy=batch_buyer(engine.batches, reporter, stopping) if engine.batches else None,
            bought=llm.journal.get,
        )
        await generate(job, ledger, keep, stopping)
    return ledger


async def _measure(job: Job) -> bool:
    measure_step(job.setup, job.reporter)
    return True


async def _duplicates(job: Job) -> bool:
    duplicates_step(job.setup, job.reporter)
    return True


async def _verify(job: Job) -> bool:
    await verify_step(job.setup, job.engine, job.reporter)
    return True


async def _export(job: Job) -> bool:
    export_run(job.setup.run, "text", doctag=False)
    return True


RUN_STEPS = (
    RunStep("brainstorm", Step.BRAINSTORM, _brainstorm),
    RunStep("plan", Step.PLAN, _plan),
    RunStep("generate", Step.GENERATE, _generate),
    RunStep("measure", Step.ALL, _measure),
    RunStep("duplicates", Step.ALL, _duplicates),
    RunStep("export", Step.ALL, _export),
    RunStep("verify", Step.ALL, _verify),
)
"""Every step of a run, in order. A new step is added here."""
