"""Families of runs that differ in one thing alone: levels of one fact (a sweep), or the universe (a matched control).

Each member is a run of its own, in a folder of its own, forked from the one before, so that a reply that any earlier
member paid for is used again for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docgen.errors import ConfigError, RunError
from docgen.files.run_folder import RunFolder
from docgen.pipeline.setup import Setup, propose
from docgen.planning.select.matched_control import control_salience, fact_usage, map_facts, matched_slots
from docgen.records import Idea
from docgen.stages.plan import Plan, constraints_of, plan, styling_of
from docgen.universe import load_context

__all__ = ["Knob", "Level", "begin_control", "mirror_slots", "open_level", "parse_levels", "sweep_levels"]

Knob = Literal["salience", "stated"]


@dataclass(frozen=True)
class Level:
    """One member of a sweep. `documents` have the fact (or state it); `new` slots are in no earlier member's plan."""

    share: float
    documents: int
    new: int
    reused: int


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
    plans: list[Plan] = []
    found = []
    for level in levels:
        made = _plan(base, fact, level, knob)
        new = made.slots_not_in(plans)
        index = made.constraints.facts.index(fact)
        assignment = made.columns.assignment
        held = assignment.holds[:, index] == 1
        documents = int(held.sum() if knob == "salience" else (held & (assignment.directness[:, index] == 0)).sum())
        found.append(Level(level, documents, new, len(made) - new))
        plans.append(made)
    return found


def _plan(base: Setup, fact: str, level: float, knob: Knob) -> Plan:
    config = base.config.model_copy(update={knob: {**getattr(base.config, knob), fact: level}})
    types, ideas = base.run.read_types(), base.run.read_ideas()
    return plan(
        base.context, types, ideas, base.n, config.seed,
        words=config.words, salience=config.salience, stated=config.stated, cast=base.run.read_cast(),
    )  # fmt: skip


def open_level(base: Setup, before: RunFolder, fact: str, level: float, knob: Knob, max_cost: float | None) -> Setup:
    """The run of one level, begun from the run `before` it or gone on with."""
    run = RunFolder(base.run.path / "levels" / f"{fact}-{knob}-{level:g}")
    flags = {knob: {**getattr(base.config, knob), fact: level}, "n": base.n, "max_cost": max_cost}
    return propose(run, None, None, flags, None if run.exists() else before).apply()


def begin_control(source: Setup, run: RunFolder, context_file: Path) -> Setup:
    """A run for another universe with the configuration, document types and plan of `source`; brainstorms nothing yet.

    Raises `PlanError` when the other universe's facts cannot stand where those of `source` stand.
    """
    if run.exists():
        return propose(run, None, None, {}).apply()
    if not source.run.slots.exists():
        raise RunError("has no plan yet", source.run.name, f"Make one: docgen plan {source.run.name} --n 500")
    types, context = source.run.read_types(), load_context(context_file)
    constraints = constraints_of(context, types)
    usage = fact_usage(source.run.read_slots(), [kind.id for kind in types])
    shares = control_salience(usage, map_facts(usage, constraints), constraints)
    flags = source.config.model_dump() | {"salience": shares, "stated": {}}
    setup = propose(run, context_file, None, flags).apply()
    run.write_records("types.jsonl", types)
    return setup


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
