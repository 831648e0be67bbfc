"""The steps of a run over its folder: each reads what the step before wrote, and writes its own finished files."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pydantic_core import to_json

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import RunError
from docgen.llm.engine import Engine
from docgen.llm.response_cache import ResponseCache
from docgen.parallel.worker import WorkerProcess, has_spare_core, in_this_process
from docgen.pipeline.batch_rounds import buyer
from docgen.pipeline.setup import Setup
from docgen.progress import Progress, Reporter
from docgen.prompts.style_pools import style_pools
from docgen.records import Attempt, DocumentType, Idea, Slot
from docgen.stages.brainstorm import Brainstorm, brainstorm_ideas, brainstorm_types
from docgen.stages.check import Checker, DocumentChecker
from docgen.stages.corpus import corpus_frame
from docgen.stages.generate import Catalogue, Generation, SlotTracker, generate
from docgen.stages.plan import plan, redraw

__all__ = ["brainstorm_step", "corpus_step", "generate_step", "ledger_of", "plan_step"]

BIG = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
IDEAS_AT_ONCE = 16
"""Document types whose ideas are asked for at the same time."""


async def brainstorm_step(setup: Setup, llm: ResponseCache, reporter: Reporter, stopping: Callable[[], bool]) -> None:
    """Types and ideas, unless the run has them; what is missing of the wanted counts is said."""
    run, config = setup.run, setup.config
    job = Brainstorm(llm, setup.context, setup.options, config.seed)
    types = run.read_types()
    if not types:
        reporter.progress(Progress("types", 0, config.types))
        types = await brainstorm_types(job, config.types)
        run.write_records("types.jsonl", types)
        reporter.progress(Progress("types", len(types), config.types, dollars=_dollars(llm)))
        _say_missing(reporter, "document types", len(types), config.types)
    if stopping() or (run.path / "ideas.jsonl").exists():
        return
    groups = await _ideas(job, types, setup, reporter, stopping)
    if stopping():
        return
    barren = [kind.name for kind, group in zip(types, groups, strict=True) if not group]
    if barren:
        reporter.note(f"No ideas came for {len(barren)} document type(s), which are left out: {', '.join(barren)}")
        run.write_records("types.jsonl", [kind for kind, group in zip(types, groups, strict=True) if group])
    run.write_records("ideas.jsonl", [idea for group in groups for idea in group])
    wanted = config.ideas * (len(types) - len(barren))
    _say_missing(reporter, "ideas", sum(map(len, groups)), wanted)


async def _ideas(
    job: Brainstorm, types: list[DocumentType], setup: Setup, reporter: Reporter, stopping: Callable[[], bool]
) -> list[list[Idea]]:
    """Ideas of each type, several types at once; empty ones for types that were not begun before `stopping`."""
    gate, found = asyncio.Semaphore(min(IDEAS_AT_ONCE, setup.config.concurrency)), 0

    async def one(kind: DocumentType) -> list[Idea]:
        nonlocal found
        async with gate:
            ideas = [] if stopping() else await brainstorm_ideas(job, kind, setup.config.ideas)
        found += len(ideas)
        reporter.progress(Progress("ideas", found, setup.config.ideas * len(types)))
        return ideas

    tasks = [asyncio.create_task(one(kind)) for kind in types]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say_missing(reporter: Reporter, what: str, have: int, wanted: int) -> None:
    if have < wanted:
        reporter.note(f"The model gave {have} of {wanted} {what} before it only repeated itself; going on with those")


def plan_step(setup: Setup, reporter: Reporter) -> None:
    """The plan, unless the run has it."""
    run, config = setup.run, setup.config
    if run.slots.exists():
        return
    types, ideas = run.read_types(), run.read_ideas()
    if not types or not ideas:
        raise RunError("has no document types or ideas yet", run.name, "Run: docgen brainstorm")
    made = plan(
        setup.context, types, ideas, setup.n, config.seed,
        words=config.words, salience=config.salience, stated=config.stated,
    )  # fmt: skip
    run.write_lines("slots.jsonl", made.lines())
    reporter.progress(Progress("plan", len(made), len(made)))


async def generate_step(
    setup: Setup, engine: Engine, reporter: Reporter, stopping: Callable[[], bool], first: int | None = None
) -> SlotTracker:
    """Attempts until the plan is filled or its bounds are reached; goes on from the attempts on disk.

    `first` keeps to so many slots at the head of the plan (a pilot).
    """
    run, config, llm = setup.run, setup.config, engine.llm
    catalogue = Catalogue.of(run.read_types(), run.read_ideas())
    index = NearDuplicateIndex(threshold=config.threshold, ngram=config.ngram)
    pools = style_pools(config.seed, setup.context.dates)

    def drawn_again(slot: Slot, number: int) -> Slot:
        return redraw(slot, number, catalogue.ideas_of[slot.doc_type], pools)

    if repeated := run.drop_repeated_attempts():
        reporter.note(f"attempts.jsonl: {repeated:,} attempts were there twice; the first of each stays")
    with _checker(setup, llm.engine, index) as checker, run.open_attempts() as log:
        if log.dropped:
            reporter.note(f"attempts.jsonl: dropped a half-written last line ({log.dropped} bytes)")
        ledger = _replay(setup, checker)

        def keep(attempts: list[Attempt]) -> None:
            for attempt in attempts:
                log.append(to_json(attempt))
            reporter.progress(_progress(ledger, llm))

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
            buy=buyer(engine.batches, reporter, stopping) if engine.batches else None,
            bought=llm.journal.get,
        )
        await generate(job, ledger, keep, stopping)
    return ledger


@contextmanager
def _checker(setup: Setup, engine: str, index: NearDuplicateIndex) -> Iterator[Checker]:
    """The judge of documents; in a big job of the embedded writer, which waits for nobody, on a core of its own."""
    examiner = setup.context, setup.config.length_tolerance, engine
    if engine == "offline" and setup.n >= BIG and has_spare_core():
        with WorkerProcess(DocumentChecker, *examiner) as elsewhere:
            yield Checker(elsewhere, index)
    else:
        yield Checker(in_this_process(DocumentChecker(*examiner)), index)


def ledger_of(setup: Setup) -> SlotTracker:
    """Where every slot stands, from the attempts on disk."""
    ledger = SlotTracker(setup.n)
    for attempt in setup.run.read_attempts():
        ledger.record(attempt)
    return ledger


def _replay(setup: Setup, checker: Checker, at_once: int = 1024) -> SlotTracker:
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


def _progress(ledger: SlotTracker, llm: ResponseCache) -> Progress:
    return Progress(
        "generate", ledger.accepted, ledger.size, ledger.rejected, len(ledger.failed), dollars=_dollars(llm)
    )


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
