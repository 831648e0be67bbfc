"""Families of runs that differ in one thing alone: levels of one fact (a sweep), or the universe (a matched control).

Each member is a run of its own, in a folder of its own, forked from the one before, so that a reply that any earlier
member paid for is used again for nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from docgen.errors import ConfigError, RunError
from docgen.files.run_folder import OUTPUT, RunFolder
from docgen.llm.journal import journal_totals
from docgen.llm.protocol import LLM
from docgen.options.run import RunConfig, RunOptions
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execution.execute import Step, execute
from docgen.pipeline.execution.shared_money import LEVELS
from docgen.pipeline.generate import brainstorm, with_custom_engine
from docgen.pipeline.inputs.locate_run import open_proposal
from docgen.pipeline.inputs.plan import plan_of, trial_plan
from docgen.pipeline.inputs.proposal import propose
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.run import Run
from docgen.pipeline.status import summarise
from docgen.planning.select.matched_control import control_salience, fact_usage, map_facts, matched_slots
from docgen.progress import SilentReporter
from docgen.progress.display import ProgressArgument, reporter_for
from docgen.records import Idea, Record
from docgen.stages.plan import Plan, constraints_of, styling_of
from docgen.universe import UniverseContext

__all__ = [
    "CarryOn",
    "Knob",
    "Level",
    "Member",
    "begin_control",
    "check_levels",
    "control",
    "control_folder",
    "family_cost",
    "family_name",
    "mirror_slots",
    "open_level",
    "parse_levels",
    "sweep",
    "sweep_levels",
    "write_control",
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
    """One corpus of a sweep, written. `planned_new` slots are in no earlier member's plan; `calls` were its own."""

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
    """A corpus for each level of one fact, all else the same; documents that levels share are paid for once.

    `knob` "salience" varies the share of documents that have the fact, "stated" the share of those that state it. The
    corpora are runs in the folder levels/ of the run at `out` (default: output/CONTEXT-sweep-FACT). A `max_cost` in
    `options` holds for the whole family.
    """
    name = family_name(world, fact)
    folder = Path(out) if out else OUTPUT / name
    options = RunOptions(n=n).over(options or RunOptions())
    asked = open_proposal(world, with_custom_engine(options, llm), SilentReporter(), run=folder).setup
    asked.check_ready(planned=True)
    check_levels(asked.context, asked.config, fact, levels, knob)
    base = brainstorm(world, out=folder, options=options, llm=llm, progress=progress).setup
    reporter = reporter_for(progress)
    try:
        carry_on = partial(execute, reporter=reporter, stopping=lambda: False, llm=llm)
        members = write_levels(base, fact, sweep_levels(base, fact, levels, knob), knob, carry_on)
    finally:
        reporter.close()
    return [Run(member.run) for member in members]


def control(
    run: Run,
    other: UniverseContext | str | Path = "control_motors",
    *,
    out: str | Path | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
) -> Run:
    """The matched control of a run: the same document types, lengths, facts per document and directness, about `other`.

    Each fact of the run is played by one fact of the other universe, in the same slots. The control is a run at `out`
    (default: output/RUN-control). Raises `PlanError` when the other universe's facts cannot stand in for the run's.
    """
    context = other if isinstance(other, UniverseContext) else UniverseContext.load(other)
    folder = RunFolder(Path(out)) if out else control_folder(run.setup, None)
    setup = begin_control(run.setup, folder, context)
    reporter = reporter_for(progress)
    try:
        write_control(run.setup, setup, partial(execute, reporter=reporter, stopping=lambda: False, llm=llm))
    finally:
        reporter.close()
    return Run(folder.path)


def family_name(world: UniverseContext | str | Path, fact: str) -> str:
    """The name of a sweep's run; `ConfigError` when the context has no such fact."""
    context = world if isinstance(world, UniverseContext) else UniverseContext.load(world)
    facts = [own.id for own in context.key_facts]
    if fact not in facts:
        raise ConfigError(f"no fact is called {fact!r}", "--fact", f"Facts: {', '.join(facts)}")
    return f"{context.id}-sweep-{fact}"


def control_folder(original: Setup, name: str | None) -> RunFolder:
    """Where the control of a run is written."""
    return RunFolder(OUTPUT / (name or f"{original.run.name}-control"))


def parse_levels(text: str) -> tuple[float, ...]:
    """Shares from "0,0.05,0.2"; `ConfigError` when they are none."""
    try:
        levels = tuple(float(part) for part in text.split(","))
    except ValueError:
        levels = ()
    if not levels or not all(0 <= level <= 1 for level in levels) or len(set(levels)) < len(levels):
        raise ConfigError(f"{text!r} is not a list of different shares", "--levels", "Write it as 0,0.05,0.2,0.5")
    return levels


def sweep_levels(base: Setup, fact: str, levels: Sequence[float], knob: Knob) -> list[Level]:
    """Plan every level and say what each adds; the run must have its types and ideas."""
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
    """Raise the `PlanError` of levels that no brainstorm can meet, before one is paid for."""
    for level in levels:
        trial_plan(context, _at_level(config, fact, level, knob))


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
    """Write each level's corpus, forked from the one before it; the base's cap holds for all of them together."""
    members: list[Member] = []
    before, cap = base.run, base.config.max_cost
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
    return members


def open_level(base: Setup, before: RunFolder, fact: str, level: float, knob: Knob, max_cost: float | None) -> Setup:
    """The run of one level, begun from the run `before` it or gone on with."""
    run = RunFolder(base.run.path / LEVELS / f"{fact}-{knob}-{level:g}")
    shares = getattr(_at_level(base.config, fact, level, knob), knob)
    options = RunOptions.model_validate({knob: shares, "n": base.n, "max_cost": max_cost})
    return propose(run, None, options, base=None if run.exists() else before).apply()


def begin_control(source: Setup, run: RunFolder, context: UniverseContext) -> Setup:
    """A run for another universe with the configuration, document types and plan of `source`; brainstorms nothing yet.

    Raises `PlanError` when the other universe's facts cannot stand in for those of `source`.
    """
    if run.exists():
        return propose(run, None, RunOptions()).apply()
    if not source.run.slots.exists():
        raise RunError("has no plan yet", source.run.name, f"Make one: docgen plan {source.run.name} --n 500")
    types = source.run.read_types()
    constraints = constraints_of(context, types)
    usage = fact_usage(source.run.read_slots(), [kind.id for kind in types])
    shares = control_salience(usage, map_facts(usage, constraints), constraints)
    options = RunOptions.model_validate(source.config.model_dump() | {"salience": shares, "stated": {}})
    setup = propose(run, context, options).apply()
    run.write_records("types.jsonl", types)
    return setup


def write_control(source: Setup, control: Setup, carry_on: CarryOn) -> None:
    """Brainstorm ideas, take over the plan of `source`, and write, audit and export the corpus."""
    carry_on(control, Step.BRAINSTORM)
    with control.run.lock():
        mirror_slots(source, control)
    carry_on(control, Step.ALL)


def mirror_slots(source: Setup, control: Setup) -> None:
    """Write the control's plan, once its ideas are there."""
    if control.run.slots.exists():
        return
    types, ideas = control.run.read_types(), control.run.read_ideas()
    names = [kind.id for kind in source.run.read_types()]
    constraints = constraints_of(control.context, source.run.read_types())
    fact_mapping = map_facts(fact_usage(source.run.read_slots(), names), constraints)
    owned = _ideas_by_type([kind.id for kind in types], ideas)
    missing = sorted(set(names) - {name for name, own in owned.items() if own})
    if missing:
        fix = "Run the command again: the model may find some; or take another run as the source"
        raise RunError(f"has no ideas for the document types {', '.join(missing)}", control.run.name, fix)
    seed = control.config.seed
    styling = styling_of(control.context, types, seed + 1, control.run.read_cast())
    slots = matched_slots(source.run.read_slots(), fact_mapping, owned, styling, seed + 1)
    control.run.write_records("slots.jsonl", slots)


def _ideas_by_type(types: Sequence[str], ideas: Sequence[Idea]) -> dict[str, list[str]]:
    owned: dict[str, list[str]] = {name: [] for name in types}
    for idea in ideas:
        owned[idea.doc_type].append(idea.id)
    return owned
