"""What a plan holds, asked against planned, and how evenly it is spread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docgen.planning.constraints import Bools, Demands
from docgen.planning.initial_plan import Assignment
from docgen.planning.layout import Ints, Layout

__all__ = ["FactReport", "PlanReport", "report"]

PARTS = 10


@dataclass(frozen=True)
class FactReport:
    """One fact, asked against planned.

    `worst_*`: the largest distance, in documents, between what a document type (an idea, a tenth of the lengths, a
    tenth of the corpus) got and its even part.
    """

    fact: str
    asked: float
    planned: float
    documents: int
    stated: float
    central: float
    worst_type: float
    worst_idea: float
    worst_length: float
    worst_position: float


@dataclass(frozen=True)
class PlanReport:
    """What a plan holds. `loads[k]`: documents with k facts."""

    documents: int
    background: int
    loads: tuple[int, ...]
    facts: tuple[FactReport, ...]


def report(demands: Demands, layout: Layout, assignment: Assignment, ideas_per_type: Sequence[int]) -> PlanReport:
    """Measure a plan."""
    ideas = np.cumsum([0, *ideas_per_type])[layout.types] + layout.ideas
    groups = (
        layout.types,
        ideas,
        (layout.lengths * PARTS).astype(np.int64),
        np.arange(len(layout)) * PARTS // len(layout),
    )
    loads = np.bincount(assignment.holds.sum(axis=1, dtype=np.int64))
    facts = tuple(_fact(demands, layout, assignment, fact, groups) for fact in range(len(demands.facts)))
    return PlanReport(len(layout), int(assignment.background.sum()), tuple(loads.tolist()), facts)


def _fact(demands: Demands, layout: Layout, assignment: Assignment, fact: int, groups: tuple[Ints, ...]) -> FactReport:
    has = assignment.holds[:, fact] == 1
    allowed = demands.allowed[fact, layout.types]
    worst = [_worst(has, allowed, group) for group in groups]
    held = max(int(has.sum()), 1)
    return FactReport(
        fact=demands.facts[fact],
        asked=float(demands.targets[fact]),
        planned=float(has.mean()),
        documents=int(has.sum()),
        stated=float((has & (assignment.directness[:, fact] == 0)).sum()) / held,
        central=float((has & (assignment.prominence[:, fact] == 0)).sum()) / held,
        worst_type=worst[0],
        worst_idea=worst[1],
        worst_length=worst[2],
        worst_position=worst[3],
    )


def _worst(has: Bools, allowed: Bools, group: Ints) -> float:
    """Largest distance, in documents, of a group's count from its part of the allowed documents."""
    if not allowed.any():
        return 0.0
    got, room = np.bincount(group, weights=has), np.bincount(group, weights=allowed)
    return float(np.abs(got - room * (has.sum() / allowed.sum())).max())
