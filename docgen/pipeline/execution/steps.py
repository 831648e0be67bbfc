"""The steps of a run, in order: each reads what the step before wrote to the run folder, and writes its own files.

A step whose files are finished does nothing: that is how a run resumes.
"""

import itertools
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from pydantic_core import to_json

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import RunError, StopRun
from docgen.options.last_step import Step
from docgen.pipeline.audit.duplicates import duplicates_step
from docgen.pipeline.audit.runs.run_reports import measure_step
from docgen.pipeline.audit.runs.sample_verification import verify_step
from docgen.pipeline.corpora.export import export_step
from docgen.pipeline.execution.batches import batch_buyer
from docgen.pipeline.execution.job import Job
from docgen.pipeline.inputs.plan import plan_of
from docgen.pipeline.inputs.setup import Setup
from docgen.planning.slots.catalogue import Catalogue
from docgen.planning.slots.tracker import SlotTracker
from docgen.progress import Progress, Reporter
from docgen.records import EMBEDDED_ENGINE, Attempt, Slot
from docgen.stages.brainstorm import Brainstorm, brainstorm_all_ideas, brainstorm_types, nothing_came
from docgen.stages.check import Checker, open_checker
from docgen.stages.corpus import corpus_frame
from docgen.stages.generate import Generation, generate
from docgen.stages.plan import redraw, styling_of
from docgen.text.output.plurals_and_money import plural

__all__ = ["RUN_STEPS", "RunStep", "corpus_step", "take_steps"]

MIN_PARALLEL_DOCUMENTS = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
REPLAY_BATCH = 1024
"""Accepted documents of earlier starts that enter the near-duplicate index at a time."""


async def brainstorm_step(job: Job) -> bool:
    """Types and ideas, unless the run has them; reports if there are fewer than requested."""
    setup, reporter, stopping = job.setup, job.reporter, job.stopping
    run, config = setup.run, setup.config
    llm = job.engine.llm
    storm = Brainstorm(llm, setup.context, setup.options, config.seed)
    types = run.read_types()
    if not types:
        reporter.progress(Progress("types", 0, config.types))
        population = await brainstorm_types(storm, config.types)
        types = population.types
        run.write_text("cast.json", population.cast.model_dump_json() + "\n")
        run.write_records("types.jsonl", types)
        reporter.progress(Progress("types", len(types), config.types, dollars=job.engine.llm.journal.totals.dollars))
    if stopping() or (run.path / "ideas.jsonl").exists():
        return not stopping()
    groups = await brainstorm_all_ideas(storm, types, config.ideas, config.concurrency, reporter, stopping)
    if stopping():
        return False
    if storm.refusals:
        reporter.note(
            f"The server refused {plural(len(storm.refusals), 'request')}, the last with {storm.refusals[-1]}"
        )
    if not any(groups):
        raise nothing_came(storm, "ideas")
    barren = [kind.name for kind, group in zip(types, groups, strict=True) if not group]
    if barren:
        reporter.note(
            f"Left out, since there are no ideas for them: {plural(len(barren), 'document type')}: {', '.join(barren)}"
        )
        run.write_records("types.jsonl", [kind for kind, group in zip(types, groups, strict=True) if group])
    run.write_records("ideas.jsonl", [idea for group in groups for idea in group])
    ideas, requested = sum(map(len, groups)), config.ideas * (len(types) - len(barren))
    for what, count, requested_count in (("document types", len(types), config.types), ("ideas", ideas, requested)):
        if count < requested_count:
            repeats = "before it started to repeat itself; continuing with those"
            reporter.note(f"The model gave {count} of {requested_count} {what} {repeats}")
    return not stopping()


async def plan_step(job: Job) -> bool:
    """The plan, unless the run has it."""
    setup, run = job.setup, job.setup.run
    if not run.slots.exists():
        types, ideas = run.read_types(), run.read_ideas()
        if not types or not ideas:
            raise RunError("has no document types or ideas yet", run.name, "Run: docgen brainstorm")
        plan = plan_of(setup.context, setup.config, types, ideas, setup.n, run.read_cast())
        run.write_lines("slots.jsonl", plan.lines())
        job.reporter.progress(Progress("plan", len(plan), len(plan)))
    return not job.stopping()


async def generate_step(job: Job) -> bool:
    """Attempts until the plan is filled or its bounds are reached, continuing from those on disk; then the corpus."""
    try:
        tracker = await _fill_slots(job)
    except StopRun:
        corpus_step(job.setup, job.reporter)  # what was paid for so far can still be exported
        raise
    corpus_step(job.setup, job.reporter, remade=job.until >= Step.ALL)
    return tracker.accepted == tracker.size or not job.stopping()


async def _fill_slots(job: Job) -> SlotTracker:
    setup, reporter, batches = job.setup, job.reporter, job.engine.batches
    run, config, llm = setup.run, setup.config, job.engine.llm
    catalogue = Catalogue.of(run.read_types(), run.read_ideas())
    index = NearDuplicateIndex(threshold=config.threshold, ngram=config.ngram)
    styling = styling_of(setup.context, list(catalogue.types.values()), config.seed, run.read_cast())
    options = setup.writer_options()

    def drawn_again(slot: Slot, number: int, idea: str | None) -> Slot:
        return redraw(slot, number, catalogue.ideas_for(catalogue.kind_of(slot)), styling, idea)

    is_big = llm.engine == EMBEDDED_ENGINE and setup.n >= MIN_PARALLEL_DOCUMENTS
    checking = open_checker(setup.context, config.length_tolerance, llm.engine, index, in_worker=is_big)
    with checking as checker, closing(run.open_attempts(reporter.note)) as log:
        tracker = _replay(setup, checker)

        def keep(attempts: list[Attempt]) -> None:
            for attempt in attempts:
                log.append(to_json(attempt))
            done, rejected, failed = tracker.accepted, tracker.rejected, len(tracker.failed)
            total = tracker.size if job.first is None else min(job.first, tracker.size)
            dollars = llm.journal.totals.dollars
            reporter.progress(Progress("generate", min(done, total), total, rejected, failed, dollars=dollars))

        buy = batch_buyer(batches, reporter, job.stopping) if batches else job.buy
        generation = Generation(
            llm=batches or llm,
            context=setup.context,
            options=options,
            catalogue=catalogue,
            slots=lambda: itertools.islice(run.read_slots(), job.first),
            redraw=drawn_again,
            checker=checker,
            max_attempts=config.max_attempts,
            concurrency=config.concurrency,
            revise=config.revise,
            spare=catalogue.spare(run.read_slots()),
            eager=buy is None and llm.engine != EMBEDDED_ENGINE,  # which answers at once
            buy=buy,
            bought=llm.journal.get,
        )
        await generate(generation, tracker, keep, job.stopping)
    return tracker


def _replay(setup: Setup, checker: Checker) -> SlotTracker:
    """The state in which earlier starts left every slot; their accepted documents enter the near-duplicate index."""
    tracker, accepted = SlotTracker(setup.n), list[Attempt]()
    for attempt in setup.run.read_attempts():
        tracker.record(attempt)
        if attempt.verdict == "accepted":
            accepted.append(attempt)
        if len(accepted) == REPLAY_BATCH:
            checker.remember(accepted)
            accepted.clear()
    if accepted:
        checker.remember(accepted)
    return tracker


def corpus_step(setup: Setup, reporter: Reporter, remade: bool = False) -> None:
    """Write corpus.parquet from the accepted attempts, streaming, unless it holds them all already.

    Reports and exports of an earlier corpus are deleted with it, so that none passes as this one's; that is reported
    unless they are `remade` at once.
    """
    run = setup.run
    if not run.attempts.exists() or run.corpus_is_current():
        return
    if run.delete_corpus_outputs() and not remade:
        reporter.note("The corpus grew: reports and exports of the earlier one were removed; docgen audit, export")
    run.write_corpus(partial(corpus_frame, run.attempts))


@dataclass(frozen=True)
class RunStep:
    """A step of a run, done when the run goes as far as `belongs_to`.

    `do` reads what earlier steps wrote to the run folder, writes its own files, does nothing if they are finished, and
    returns whether it finished.
    """

    name: str
    belongs_to: Step
    do: Callable[[Job], Awaitable[bool]]


RUN_STEPS = (
    RunStep("brainstorm", Step.BRAINSTORM, brainstorm_step),
    RunStep("plan", Step.PLAN, plan_step),
    RunStep("generate", Step.GENERATE, generate_step),
    RunStep("measure", Step.ALL, measure_step),
    RunStep("duplicates", Step.ALL, duplicates_step),
    RunStep("export", Step.ALL, export_step),
    RunStep("verify", Step.ALL, verify_step),
)
"""Every step of a run, in order. A new step is added here."""


async def take_steps(job: Job) -> bool:
    """Take every step as far as the job goes; returns whether everything was done.

    A request to stop that arrives with the last call has no effect.
    """
    done = True
    for number, step in enumerate(RUN_STEPS):
        if step.belongs_to > job.until:
            break
        if number and job.stopping():
            return False
        done = await step.do(job)
    return done
