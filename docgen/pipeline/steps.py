"""The steps of a run over its folder: each reads what the step before wrote, and writes its own finished files."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from docgen.errors import RunError
from docgen.llm.response_cache import Journalled
from docgen.pipeline.plan import plan_of
from docgen.pipeline.setup import Setup
from docgen.progress import Progress, Reporter
from docgen.records import DocumentType, Idea
from docgen.stages.brainstorm import Brainstorm, brainstorm_ideas, brainstorm_types
from docgen.stages.corpus import corpus_frame
from docgen.stages.generate import Ledger

if TYPE_CHECKING:
    pass  # needs the SDK, which takes seconds to import

__all__ = ["brainstorm_step", "corpus_step", "ledger_of", "plan_step", "spent_dollars"]

IDEAS_AT_ONCE = 16
"""Document types whose ideas are asked for at the same time."""


async def brainstorm_step(setup: Setup, llm: Journalled, reporter: Reporter, stopping: Callable[[], bool]) -> None:
    """Types and ideas, unless the run has them; what is missing of the wanted counts is said."""
    run, config = setup.run, setup.config
    job = Brainstorm(llm, setup.context, setup.options, config.seed)
    types = run.read_types()
    if not types:
        reporter.progress(Progress("types", 0, config.types))
        types = await brainstorm_types(job, config.types)
        run.write_records("types.jsonl", types)
        reporter.progress(Progress("types", len(types), config.types, dollars=spent_dollars(llm)))
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
    plan = plan_of(setup.context, setup.config, types, ideas, setup.n)
    run.write_lines("slots.jsonl", plan.lines())
    reporter.progress(Progress("plan", len(plan), len(plan)))


def ledger_of(setup: Setup) -> Ledger:
    """Where every slot stands, from the attempts on disk."""
    ledger = Ledger(setup.n)
    for attempt in setup.run.read_attempts():
        ledger.record(attempt)
    return ledger


def spent_dollars(llm: Journalled) -> float | None:
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
    if run.drop_of_corpus() and not remade:
        reporter.note("The corpus grew: reports and exports of the earlier one were removed; docgen audit, export")
    run.write_corpus(partial(corpus_frame, run.attempts))
