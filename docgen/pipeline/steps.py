"""The steps of a run over its folder: each reads what the step before wrote, and writes its own finished files."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import RunError
from docgen.llm.protocol import Request
from docgen.llm.response_cache import ResponseCache
from docgen.parallel.worker import WorkerProcess, has_spare_core, in_this_process
from docgen.pipeline.plan import plan_of
from docgen.pipeline.setup import Setup
from docgen.planning.slot_tracker import SlotTracker
from docgen.progress import Progress, Reporter
from docgen.records import Attempt, DocumentType, Idea
from docgen.stages.brainstorm import Brainstorm, brainstorm_ideas, brainstorm_types, nothing_came
from docgen.stages.check import Checker, DocumentChecker
from docgen.stages.corpus import corpus_frame

if TYPE_CHECKING:
    from docgen.llm.batch.runner import BatchRunner  # needs the SDK, which takes seconds to import

__all__ = [
    "batch_buyer",
    "brainstorm_step",
    "corpus_step",
    "document_checker",
    "generate_progress",
    "ledger_of",
    "plan_step",
    "replay",
]

BIG = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
LOOK_SECONDS = 0.2
"""Between two looks at whether to stop waiting for message batches: short enough that Ctrl-C seems to act at once."""
IDEAS_AT_ONCE = 16
"""Document types whose ideas are asked for at the same time."""


async def brainstorm_step(setup: Setup, llm: ResponseCache, reporter: Reporter, stopping: Callable[[], bool]) -> None:
    """Types and ideas, unless the run has them; what is missing of the wanted counts is said."""
    run, config = setup.run, setup.config
    job = Brainstorm(llm, setup.context, setup.options, config.seed)
    types = run.read_types()
    if not types:
        reporter.progress(Progress("types", 0, config.types))
        population = await brainstorm_types(job, config.types)
        types = population.types
        run.write_text("cast.json", population.cast.model_dump_json() + "\n")
        run.write_records("types.jsonl", types)
        reporter.progress(Progress("types", len(types), config.types, dollars=_dollars(llm)))
        _say_missing(reporter, "document types", len(types), config.types)
    if stopping() or (run.path / "ideas.jsonl").exists():
        return
    groups = await _ideas(job, types, setup, reporter, stopping)
    if stopping():
        return
    if job.refusals:
        reporter.note(f"The server refused {len(job.refusals)} request(s), the last with {job.refusals[-1]}")
    if not any(groups):
        raise nothing_came(job, "ideas")
    barren = [kind.name for kind, group in zip(types, groups, strict=True) if not group]
    if barren:
        reporter.note(f"No ideas came for {len(barren)} document type(s), which are left out: {', '.join(barren)}")
        run.write_records("types.jsonl", [kind for kind, group in zip(types, groups, strict=True) if group])
    run.write_records("ideas.jsonl", [idea for group in groups for idea in group])
    requested = config.ideas * (len(types) - len(barren))
    _say_missing(reporter, "ideas", sum(map(len, groups)), requested)


async def _ideas(
    job: Brainstorm, types: list[DocumentType], setup: Setup, reporter: Reporter, stopping: Callable[[], bool]
) -> list[list[Idea]]:
    """Ideas of each type, several types at once; empty ones for types that were not begun before `stopping`."""
    gate, count = asyncio.Semaphore(min(IDEAS_AT_ONCE, setup.config.concurrency)), 0

    async def one(kind: DocumentType) -> list[Idea]:
        nonlocal count
        async with gate:
            ideas = [] if stopping() else await brainstorm_ideas(job, kind, setup.config.ideas)
        count += len(ideas)
        reporter.progress(Progress("ideas", count, setup.config.ideas * len(types)))
        return ideas

    tasks = [asyncio.create_task(one(kind)) for kind in types]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say_missing(reporter: Reporter, what: str, count: int, requested: int) -> None:
    if count < requested:
        reporter.note(
            f"The model gave {count} of {requested} {what} before it only repeated itself; going on with those"
        )


def plan_step(setup: Setup, reporter: Reporter) -> None:
    """The plan, unless the run has it."""
    run = setup.run
    if run.slots.exists():
        return
    types, ideas = run.read_types(), run.read_ideas()
    if not types or not ideas:
        raise RunError("has no document types or ideas yet", run.name, "Run: docgen brainstorm")
    plan = plan_of(setup.context, setup.config, types, ideas, setup.n, run.read_cast())
    run.write_lines("slots.jsonl", plan.lines())
    reporter.progress(Progress("plan", len(plan), len(plan)))


def batch_buyer(
    batches: "BatchRunner", reporter: Reporter, stopping: Callable[[], bool]
) -> Callable[[Callable[[], Iterable[Request]]], Awaitable[None]]:
    """`Generation.buy` by message batches: returns early, leaving them at the server, once `stopping`."""

    def report_replies() -> None:
        state = batches.progress()
        reporter.progress(Progress("batches", state.replies, state.requests))

    reported = 0

    async def buy(requests: Callable[[], Iterable[Request]]) -> None:
        nonlocal reported
        batches.on_change(report_replies)
        task = asyncio.ensure_future(batches.buy(requests))
        while not task.done() and not stopping():
            await asyncio.wait([task], timeout=LOOK_SECONDS)
        for notice in batches.notices[reported:]:
            reporter.note(notice)
        reported = len(batches.notices)
        if task.done():
            task.result()
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        waiting = len(batches.open_batches)
        reporter.note(f"{waiting} message batch(es) go on at the server; the same command takes them up again")

    return buy


@contextmanager
def document_checker(setup: Setup, engine: str, index: NearDuplicateIndex) -> Iterator[Checker]:
    """The judge of documents; in a big job of the embedded writer, which waits for nobody, on a core of its own."""
    examiner = setup.context, setup.config.length_tolerance, engine
    if engine == "offline" and setup.n >= BIG and has_spare_core():
        with WorkerProcess(DocumentChecker, *examiner) as elsewhere:
            yield Checker(elsewhere, index)
    else:
        yield Checker(in_this_process(DocumentChecker(*examiner)), index)


def replay(setup: Setup, checker: Checker, at_once: int = 1024) -> SlotTracker:
    """The ledger of earlier starts; their accepted documents enter the near-duplicate index."""
    ledger, accepted = SlotTracker(setup.n), list[Attempt]()
    for attempt in setup.run.read_attempts():
        ledger.record(attempt)
        if attempt.verdict == "accepted":
            accepted.append(attempt)
        if len(accepted) == at_once:
            checker.remember(accepted)
            accepted.clear()
    checker.remember(accepted)
    return ledger


def generate_progress(ledger: SlotTracker, llm: ResponseCache) -> Progress:
    """Where a generation stands."""
    return Progress(
        "generate", ledger.accepted, ledger.size, ledger.rejected, len(ledger.failed), dollars=_dollars(llm)
    )


def ledger_of(setup: Setup) -> SlotTracker:
    """Where every slot stands, from the attempts on disk."""
    ledger = SlotTracker(setup.n)
    for attempt in setup.run.read_attempts():
        ledger.record(attempt)
    return ledger


def _dollars(llm: ResponseCache) -> float | None:
    """What this run's own journal has cost; None when nothing in it has a known price."""
    total = llm.journal.totals.all
    return None if total.unpriced and total.unpriced == total.calls else total.dollars


def corpus_step(setup: Setup, reporter: Reporter, remade: bool = False) -> None:
    """Write corpus.parquet from the accepted attempts, streaming, unless it holds them all already.

    Reports and exports of an earlier corpus are thrown away with it, so that none passes as this one's; that is said
    unless they are `remade` at once.
    """
    run = setup.run
    if not run.attempts.exists() or run.corpus_is_current():
        return
    if run.delete_corpus_outputs() and not remade:
        reporter.note("The corpus grew: reports and exports of the earlier one were removed; docgen audit, export")
    run.write_corpus(partial(corpus_frame, run.attempts))
