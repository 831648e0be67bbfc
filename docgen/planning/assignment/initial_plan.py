"""The initial plan: which facts go into which slot, and how. `minimal_change` adapts a plan to other shares.

The plan is made in segments, each ending at a checkpoint. A segment is planned so that every share of all slots up to
its end is met to within one document, and is then left alone. So a plan for more slots begins with the plan for fewer,
slot by slot, up to the last checkpoint at which segments of both end, and may differ from there on. The exception is
constraints so tight that a segment cannot meet them: then it joins the next segment, or a final repair changes earlier
slots too.

Where no bound on facts per document binds, two plans whose targets differ in one fact differ in d slots, d being the
change in that fact's number of documents: within a segment every fact takes the first slots of an order of its own.
Rounding to whole documents in each segment adds a few, mostly in the fact's own grades. Where a bound binds, a slot in
which the fact meets a full or an otherwise empty document makes another fact move, which costs one more slot each.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from docgen.planning.assignment.central_facts import (
    keep_implied_supporting,
    limit_central_facts,
    move_central,
    relax_grades,
)
from docgen.planning.assignment.checkpoints import checkpoints, plan_segments
from docgen.planning.assignment.grade_quotas import assign_grades, fact_positions, slot_positions
from docgen.planning.assignment.priorities import Keys, background_keys, priority_keys, tracks_of
from docgen.planning.constraints import (
    TOLERANCE,
    Bools,
    Constraints,
    Floats,
    Grid,
    Ints,
    document_counts,
    nearest_count,
)
from docgen.planning.slot_layout import Layout
from docgen.planning.solve.repair import repair_counts, repair_or_solve, repair_slots
from docgen.planning.solve.working_plan import WorkingPlan

__all__ = ["Assignment", "assign", "segment_complete"]


@dataclass(frozen=True)
class Assignment:
    """Facts and grades of n slots. `holds` (n, F) is 1 where a slot has a fact; `keys` (F, n) are the facts' orders.

    `directness` and `prominence` (n, F) index the grades in the order of the constraints' columns, 0 where the slot
    does not have the fact. `background` (n,) marks slots without facts. `starts` (2, n) are the slots' points on the
    circles that directness and prominence are drawn from, `turns` (F,) what each fact adds. `ends` are the sizes at
    which segments end.
    """

    constraints: Constraints
    holds: Grid
    directness: Grid
    prominence: Grid
    background: Bools
    keys: Keys
    starts: Floats
    turns: Floats
    ends: tuple[int, ...]

    @property
    def counts(self) -> Ints:
        """(F,): documents with each fact."""
        return np.asarray(self.holds.sum(axis=0, dtype=np.int64))

    def positions(self, fact: int, rows: Ints, layout: Layout) -> list[Floats]:
        """A fact's positions in [0, 1) in the slots `rows`: for its directness, and for its prominence."""
        return [fact_positions(own[rows], self.keys[fact, rows], layout, self.turns[fact]) for own in self.starts]


def assign(constraints: Constraints, layout: Layout, key: int) -> Assignment:
    """Plan from scratch: every share met to within one document, every constraint exactly.

    Raises `PlanError` with the arithmetic when no plan can do that.
    """
    tracks = tracks_of(constraints)
    draft = _Draft(constraints, layout, priority_keys(tracks, layout, key), background_keys(layout, key))
    ends, succeeded = plan_segments(checkpoints(len(layout)), draft.plan_segment)
    if not succeeded:
        draft.repair()
    starts = np.stack([slot_positions(layout, mix_key ^ key, base) for mix_key, base in ((0x6469, 2), (0x7072, 3))])
    none = np.zeros_like(draft.holds)
    assignment = Assignment(
        constraints, draft.holds, none, none.copy(), draft.background, draft.keys, starts, tracks.turns, ends
    )
    finished = [np.zeros(shares.shape, dtype=np.int64) for shares in (constraints.directness, constraints.prominence)]
    for start, end in pairwise((0, *ends)):
        _grade_segment(assignment, layout, slice(start, end), finished)
    return assignment


def _grade_segment(assignment: Assignment, layout: Layout, rows: slice, finished: list[Ints]) -> None:
    """Grade the facts of a segment; `finished` counts each fact's grades in earlier segments, and is updated.

    Each grade is within one of its share of all documents so far. Then documents exchange grades: few have many
    central facts, these lie where they suit, and what is implied is supporting.
    """
    constraints, holds = assignment.constraints, assignment.holds[rows]
    directness, prominence, types = assignment.directness[rows], assignment.prominence[rows], layout.types[rows]
    for fact in range(len(constraints.facts)):
        own = np.flatnonzero(holds[:, fact])
        positions = assignment.positions(fact, own + rows.start, layout)
        directness[own, fact] = assign_grades(positions[0], constraints.directness[fact], finished[0][fact])
        prominence[own, fact] = assign_grades(positions[1], constraints.prominence[fact], finished[1][fact])
    limit_central_facts(holds, prominence)
    if constraints.suits is not None:
        move_central(holds, prominence, constraints.suits[:, types].T)
    for fact in range(len(constraints.facts)):
        has_fact = holds[:, fact] == 1
        if constraints.directness[fact, 1:].any():
            shares = constraints.directness[fact], constraints.prominence[fact]
            keep_implied_supporting(has_fact, directness[:, fact], prominence[:, fact], types)
            relax_grades(
                has_fact, directness[:, fact], prominence[:, fact], shares, (finished[0][fact], finished[1][fact])
            )
        for grades, counts in ((directness, finished[0]), (prominence, finished[1])):
            counts[fact] += np.bincount(grades[has_fact, fact], minlength=counts.shape[1])


class _Draft:
    """An initial plan in progress; `finished` (F,) counts each fact's documents in finished segments."""

    def __init__(self, constraints: Constraints, layout: Layout, keys: Keys, background_keys: Keys) -> None:
        n, facts = len(layout), len(constraints.facts)
        self.constraints, self.types, self.keys, self.background_keys = constraints, layout.types, keys, background_keys
        self.background = np.zeros(n, dtype=bool)
        self.holds = np.zeros((n, facts), dtype=np.uint8)
        self.finished = np.zeros(facts, dtype=np.int64)

    def plan_segment(self, start: int, end: int) -> bool:
        """Plan the slots from `start` to `end`; returns whether the plan can end there."""
        background = self.background[start:end]
        count = nearest_count(self.constraints.background, end) - int(self.background[:start].sum())
        background[:] = False
        background[_smallest(self.background_keys[start:end], np.arange(end - start), count)] = True
        target_counts = document_counts(self.constraints, end, len(background) - int(background.sum()), self.finished)
        eligible = self.constraints.allowed[:, self.types[start:end]] & ~background
        self.holds[start:end] = _assign_by_priority(self.constraints, self.keys[:, start:end], eligible, target_counts)
        plan = self._working_plan(start, end, target_counts)
        repair_slots(plan)
        repair_counts(plan)
        if complete := segment_complete(plan, self.finished + plan.counts, end):
            self.finished = self.finished + plan.counts
        return complete

    def repair(self) -> None:
        """Fix what the last segment could not meet by itself, in as few slots as possible, or raise `PlanError`."""
        n = len(self.holds)
        target_counts = document_counts(self.constraints, n, n - int(self.background.sum()))
        repair_or_solve(self._working_plan(0, n, target_counts))

    def _working_plan(self, start: int, end: int, target_counts: Ints) -> WorkingPlan:
        types, background = self.types[start:end], self.background[start:end]
        eligible = self.constraints.allowed[:, types] & ~background
        holds, keys = self.holds[start:end], self.keys[:, start:end]
        return WorkingPlan(self.constraints, holds, types, eligible, background, keys, target_counts)


def segment_complete(plan: WorkingPlan, counts: Ints, n: int) -> bool:
    """Whether `counts` (F,) are within one document of the shares of n, and no slot has too few facts."""
    close = np.abs(counts - plan.constraints.targets * n) < 1 - TOLERANCE
    return bool(close.all()) and not plan.has_underfilled()


def _assign_by_priority(constraints: Constraints, keys: Keys, eligible: Bools, target_counts: Ints) -> Grid:
    """Each fact in the first slots of its own order, after the slots whose facts require it."""
    holds = np.zeros((keys.shape[1], keys.shape[0]), dtype=np.uint8)
    for fact in np.argsort(-constraints.requires.sum(axis=1), kind="stable"):
        dependents = np.flatnonzero(constraints.requires[:, fact])
        required = holds[:, dependents].any(axis=1)
        holds[required, fact] = 1
        free = np.flatnonzero(eligible[fact] & ~required)
        holds[_smallest(keys[fact], free, int(target_counts[fact] - required.sum())), fact] = 1
    return holds


def _smallest(keys: Keys, among: Ints, count: int) -> Ints:
    """The `count` slots of `among` with the smallest keys, ties to the lowest slot; all of them if there are fewer."""
    if count >= len(among):
        return among
    if count <= 0:
        return among[:0]
    own = keys[among]
    threshold = np.partition(own, count - 1)[count - 1]
    chosen = own < threshold
    chosen[np.flatnonzero(own == threshold)[: count - int(chosen.sum())]] = True
    return np.asarray(among[chosen])
