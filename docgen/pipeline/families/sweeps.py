"""Sweeps: runs that differ only in the level of one fact.

Each member is a separate run in its own folder, forked from the one before, so that replies that earlier members paid
for are reused for free.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from docgen.errors import ConfigError, PlanError
from docgen.files.run_folder.run_folder import LEVELS, OUTPUT, RunFolder
from docgen.llm.journal import journal_totals
from docgen.llm.protocol import LLM
from docgen.options.last_step import Step
from docgen.options.run import RunConfig, RunOptions
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.families.index import record_sweep, refresh_index
from docgen.pipeline.generate import brainstorm, with_custom_engine
from docgen.pipeline.inputs.plan import plan_of, trial_plan
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.run_resolution import open_proposal
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.run import Run
from docgen.pipeline.status import summarise
from docgen.progress import SilentReporter
from docgen.progress.display import ProgressArgument, reporter_for
from docgen.records import Record
from docgen.stages.plan import Plan
from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe import UniverseContext

__all__ = [
    "CarryOn",
    "Knob",
    "Level",
    "Member",
    "check_levels",
    "family_cost",
    "family_name",
    "open_level",
    "parse_levels",
    "sweep",
    "sweep_levels",
    "write_levels",
]

Knob = Literal["salience", "stated"]
CarryOn = Callable[[Setup, Step], None]
"""Does what is missing of a run up to a step."""


@dataclass(frozen=True)
class Level:
    """One member of a sweep. `documents` have the fact (or state it); `new` slots are in no earlier member's plan."""

    share: float
    documents: int
    new: int
    reused: int


class Member(Record):
    """One corpus of a sweep, written. `planned_new` slots are in no earlier member's plan; `calls` are its own."""

    share: float
    run: str
    accepted: int
    planned_new: int
    calls: int
    complete: bool
    dollars: float = 0.0


def sweep(
    world: UniverseContext | str | Path,
    fact: str,
    levels: Sequence[float],
    *,
    n: int | None = None,
    knob: Knob = "salience",
    out: str | Path | None = None,
    options: RunOptions | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
) -> list[Run]:
    """A corpus for each level of one fact, with everything else the same; documents that levels share are paid for
    once.

    `knob` "salience" varies the share of documents that have the fact, "stated" the share of those that state it. The
    corpora are runs in the folder levels/ of the run at `out` (default: output/CONTEXT-sweep-FACT). A `max_cost` in
    `options` applies to the whole family.
    """
    name = family_name(world, fact)
    folder = Path(out) if out else OUTPUT / name
    options = RunOptions(n=n).over(options or RunOptions())
    setup = open_proposal(world, with_custom_engine(options, llm), SilentReporter(), run=folder).setup
    _ = setup.n  # reports it if it was left out
    check_levels(setup.context, setup.config, fact, levels, knob)
    base = brainstorm(world, out=folder, options=options, llm=llm, progress=progress).setup
    reporter = reporter_for(progress)
    try:
        carry_on = partial(execute, reporter=reporter, stopping=lambda: False, llm=llm)
        members = write_levels(base, fact, sweep_levels(base, fact, levels, knob), knob, carry_on)
    finally:
        reporter.close()
    return [Run(member.run) for member in members]


def family_name(world: UniverseContext | str | Path, fact: str) -> str:
    """The name of a sweep's run; `ConfigError` when the context has no such fact."""
    context = world if isinstance(world, UniverseContext) else UniverseContext.load(world)
    facts = [own.id for own in context.key_facts]
    if fact not in facts:
        fix = suggestion(fact, facts, f"Facts: {', '.join(facts)}")
        raise ConfigError(f"no fact is called {fact!r}", "--fact", fix)
    return f"{context.id}-sweep-{fact}"


def parse_levels(text: str) -> tuple[float, ...]:
    """Shares from "0,0.05,0.2"; `ConfigError` for anything else."""
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError:
        levels = ()
    if levels and not all(0 <= level <= 1 for level in levels):
        what = f"{text!r} has a share that is not between 0 and 1"
        raise ConfigError(what, "--levels", "Write 10% as 0.1, as in 0.1,0.25")
    if not levels or len(set(levels)) < len(levels):
        raise ConfigError(f"{text!r} is not a list of different shares", "--levels", "Write it as 0,0.05,0.2,0.5")
    return levels


def sweep_levels(base: Setup, fact: str, levels: Sequence[float], knob: Knob) -> list[Level]:
    """Plan every level and report what each adds; the run must have its types and ideas."""
    types, ideas, cast = base.run.read_types(), base.run.read_ideas(), base.run.read_cast()
    plans: list[Plan] = []
    rows = []
    for level in levels:
        plan = plan_of(base.context, _at_level(base.config, fact, level, knob), types, ideas, base.n, cast)
        new = plan.slots_not_in(plans)
        index = plan.constraints.facts.index(fact)
        assignment = plan.columns.assignment
        carries = assignment.holds[:, index] == 1
        states = carries & (assignment.directness[:, index] == 0)
        documents = int((carries if knob == "salience" else states).sum())
        rows.append(Level(level, documents, new, len(plan) - new))
        plans.append(plan)
    return rows


def check_levels(context: UniverseContext, config: RunConfig, fact: str, levels: Sequence[float], knob: Knob) -> None:
    """Raise `PlanError` for levels that no brainstorm can meet, before one is paid for."""
    for level in levels:
        try:
            trial_plan(context, _at_level(config, fact, level, knob))
        except PlanError as error:
            raise PlanError(f"with {fact} at {level:g}, {error.what}", error.where or "--levels", error.fix) from error


def _at_level(config: RunConfig, fact: str, level: float, knob: Knob) -> RunConfig:
    return config.model_copy(update={knob: {**getattr(config, knob), fact: level}})


def family_cost(base: Setup, levels: Sequence[Level]) -> float | None:
    """Dollars for the whole family, by the price of a document; None without a known price."""
    if not base.is_paid:
        return 0.0
    costs = estimate(base, judged=False)
    total, calls = costs.dollars(base.config.batch), sum(stage.calls for stage in costs.stages)
    whole = estimate(base).dollars(base.config.batch)
    if total is None or whole is None:
        return None
    attempts = sum(level.new for level in levels) * (1 + costs.refill)
    return total / max(calls, 1) * attempts + (whole - total) * len(levels)


def write_levels(base: Setup, fact: str, levels: Sequence[Level], knob: Knob, carry_on: CarryOn) -> list[Member]:
    """Write each level's corpus, forked from the one before it; the base's cap applies to all of them together."""
    members: list[Member] = []
    before, cap = base.run, base.config.max_cost
    record_sweep(base.run, [_level_name(fact, level.share, knob) for level in levels])
    for level in levels:
        setup = open_level(base, before, fact, level.share, knob, cap)  # the engine counts what the others have spent
        carry_on(setup, Step.ALL)
        bought = journal_totals(setup.run.journal).all
        accepted = summarise(setup).accepted
        members.append(
            Member(
                share=level.share, run=str(setup.run.path), accepted=accepted, planned_new=level.new,
                calls=bought.calls, complete=accepted >= setup.n, dollars=bought.dollars,
            )
        )  # fmt: skip
        before = setup.run
        refresh_index(base.run)
    return members


def _level_name(fact: str, level: float, knob: Knob) -> str:
    return f"{fact}-{knob}-{level:g}"


def open_level(base: Setup, before: RunFolder, fact: str, level: float, knob: Knob, max_cost: float | None) -> Setup:
    """The run of one level, forked from the run `before` it or continued."""
    run = RunFolder(base.run.path / LEVELS / _level_name(fact, level, knob))
    shares = getattr(_at_level(base.config, fact, level, knob), knob)
    options = RunOptions.model_validate({knob: shares, "n": base.n, "max_cost": max_cost})
    return propose(run, None, options, base=None if run.exists() else before, is_named=base.is_named).apply()
