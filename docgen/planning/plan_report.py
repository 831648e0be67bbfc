"""The plan report: for each fact what was asked and planned, and how evenly it is spread over the corpus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL, STATED
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Constraints
from docgen.planning.slot_layout import Layout

__all__ = ["FactReport", "PlanReport", "plan_report"]

PARTS = 10
"""Parts of the lengths, and of the corpus, over which evenness is reported. Chosen: with twice as many, a part of a
small corpus is due less than one document with a fact; with half as many, facts may crowd within a part unseen."""


@dataclass(frozen=True)
class FactReport:
    """One fact, asked against planned. `asked` and `planned` are shares of all documents.

    `stated` and `central` are shares of the fact's `documents`. `worst_*`: the largest deviation, in documents, of a
    document type (an idea, a tenth of the lengths, a tenth of the corpus) from its even part.
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
    """What a plan contains. `loads[k]`: documents with k facts."""

    documents: int
    background: int
    loads: tuple[int, ...]
    facts: tuple[FactReport, ...]


def plan_report(
    constraints: Constraints, layout: Layout, assignment: Assignment, ideas_per_type: Sequence[int]
) -> PlanReport:
    """Measure a plan."""
    ideas = np.cumsum([0, *ideas_per_type])[layout.types] + layout.ideas
    groups = (
        layout.types,
        ideas,
        (layout.lengths * PARTS).astype(np.int64),
        np.arange(len(layout)) * PARTS // len(layout),
    )
    facts = []
    for fact, name in enumerate(constraints.facts):
        has_fact = assignment.holds[:, fact] == 1
        allowed = constraints.allowed[fact, layout.types]
        documents = int(has_fact.sum())
        worst = []
        for group in groups:  # even is: in proportion to the documents of each group that may carry the fact
            counts, room = np.bincount(group, weights=has_fact), np.bincount(group, weights=allowed)
            worst.append(float(np.abs(counts - room * (documents / max(allowed.sum(), 1))).max()))
        facts.append(
            FactReport(
                fact=name,
                asked=float(constraints.targets[fact]),
                planned=float(has_fact.mean()),
                documents=documents,
                stated=float((has_fact & (assignment.directness[:, fact] == STATED)).sum()) / max(documents, 1),
                central=float((has_fact & (assignment.prominence[:, fact] == CENTRAL)).sum()) / max(documents, 1),
                worst_type=worst[0],
                worst_idea=worst[1],
                worst_length=worst[2],
                worst_position=worst[3],
            )
        )
    loads = np.bincount(assignment.holds.sum(axis=1, dtype=np.int64))
    return PlanReport(len(layout), int(assignment.background.sum()), tuple(loads.tolist()), tuple(facts))
