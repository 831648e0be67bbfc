"""Minimal change: a plan for other shares that differs from a given plan in as few slots as possible.

With d the change in one fact's number of documents: d slots change while there are slots that can take (or give up) the
fact without breaking a constraint; after that the shortest chains of exchanges, each step of which changes one more
slot; and a few slots whose grades cannot stay. The given plan's segments are changed one by one, so the new plan for
more slots also begins with that for fewer, except for the grades that only its final size requires.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from docgen.planning.assignment.central_facts import keep_implied_supporting
from docgen.planning.assignment.checkpoints import plan_segments
from docgen.planning.assignment.grades import adjust_grades_by_segment
from docgen.planning.assignment.initial_plan import Assignment, segment_complete
from docgen.planning.constraints import TOLERANCE, Constraints, Grid, Ints, document_counts, within_one
from docgen.planning.slot_layout import Layout
from docgen.planning.solve.repair import repair_counts, repair_or_solve
from docgen.planning.solve.working_plan import WorkingPlan

__all__ = ["minimal_change"]


def minimal_change(base: Assignment, constraints: Constraints, layout: Layout) -> Assignment:
    """The plan for other shares nearest to `base`; raises `PlanError` as `assign` does.

    `constraints` may differ from those of `base` only in targets, directness and prominence.
    """
    change = _Change(base, constraints, layout)
    ends, succeeded = plan_segments(base.ends, change.plan_segment)
    if not succeeded:
        change.repair()
    holds = change.holds
    changed = replace(
        base, holds=holds, directness=base.directness * holds, prominence=base.prominence * holds,
        background=change.background, constraints=constraints, ends=ends,
    )  # fmt: skip
    for fact in range(len(constraints.facts)):
        rows = np.flatnonzero(holds[:, fact])
        staying, fact_ends = base.holds[rows, fact] == 1, np.searchsorted(rows, ends)
        positions = changed.positions(fact, rows, layout)
        for grades, own, before, after in (
            (changed.directness, positions[0], base.constraints.directness[fact], constraints.directness[fact]),
            (changed.prominence, positions[1], base.constraints.prominence[fact], constraints.prominence[fact]),
        ):
            grades[rows, fact] = adjust_grades_by_segment(grades[rows, fact], staying, own, (before, after), fact_ends)
        if constraints.directness[fact, 1:].any():
            new = base.holds[:, fact] == 0  # these change grades rather than documents that had the fact
            for start, end in pairwise((0, *ends)):
                part = slice(start, end)
                has_fact, prominence = holds[part, fact] == 1, changed.prominence[part, fact]
                keep_implied_supporting(
                    has_fact, changed.directness[part, fact], prominence, layout.types[part], new[part]
                )
    return changed


class _Change:
    """A changed plan in progress.

    `finished_in_base` and `finished` (F,) count each fact's documents in finished segments, in `base` and in the new
    plan.
    """

    def __init__(self, base: Assignment, constraints: Constraints, layout: Layout) -> None:
        self.base, self.constraints, self.types = base, constraints, layout.types
        self.holds, self.background = base.holds.copy(), base.background.copy()
        self.finished_in_base = np.zeros(len(constraints.facts), dtype=np.int64)
        self.finished = self.finished_in_base
        self.grades = base.directness, base.prominence
        self.kept_grades = [
            np.zeros(shares.shape, dtype=np.int64) for shares in (constraints.directness, constraints.prominence)
        ]

    def plan_segment(self, start: int, end: int) -> bool:
        """Change the slots from `start` to `end`; returns whether the plan can end there."""
        rows, base = slice(start, end), self.base.holds[start:end]
        self.holds[rows] = base
        finished_in_base = self.finished_in_base + base.sum(axis=0, dtype=np.int64)
        carrying = end - start - int(self.background[rows].sum())
        # A goal for each fact by which no segment gains what a later one would lose again: the base's documents up to
        # here and the whole change of share so far, as far as that stays within one document of the new share.
        change = np.ceil((self.constraints.targets - self.base.constraints.targets) * end - 0.5 - TOLERANCE)
        goal = np.clip(finished_in_base + change.astype(np.int64), *within_one(self.constraints.targets * end)).astype(
            np.int64
        )
        plan = self._working_plan(start, end, document_counts(self.constraints, end, carrying, self.finished, goal))
        losing = np.flatnonzero(plan.surplus() > 0)
        repair_counts(plan)
        for fact in losing:
            self._trade(plan, rows, int(fact))
        complete = segment_complete(plan, self.finished + plan.counts, end)
        if complete:
            self.finished_in_base, self.finished = finished_in_base, self.finished + plan.counts
            for counts, grades in zip(self.kept_grades, self.grades, strict=True):
                for fact in losing:
                    staying = (base[:, fact] == 1) & (plan.holds[:, fact] == 1)
                    counts[fact] += np.bincount(grades[rows, fact][staying], minlength=len(counts[fact]))
        return complete

    def repair(self) -> None:
        """Fix what the last segment could not meet by itself, in as few slots as possible, or raise `PlanError`."""
        n = len(self.holds)
        target_counts = document_counts(self.constraints, n, n - int(self.background.sum()))
        repair_or_solve(self._working_plan(0, n, target_counts))

    def _working_plan(self, start: int, end: int, target_counts: Ints) -> WorkingPlan:
        rows = slice(start, end)
        types, background, keys = self.types[rows], self.background[rows], self.base.keys[:, rows]
        eligible = self.constraints.allowed[:, types] & ~background
        return WorkingPlan(
            self.constraints, self.holds[rows], types, eligible, background, keys, target_counts, prefer_changed=True
        )

    def _trade(self, plan: WorkingPlan, rows: slice, fact: int) -> None:
        """Swap slots that lost the fact for slots that kept it, so that no slot that keeps it has to change grades."""
        base, columns = self.base.holds[rows], [grades[rows, fact] for grades in self.grades]
        shares = self.constraints.directness[fact], self.constraints.prominence[fact]
        for grades, other_grades, share, earlier in zip(columns, columns[::-1], shares, self.kept_grades, strict=True):
            # A safety bound, so that two trades cannot undo each other for ever: each moves one document, and rounding
            # leaves few to move.
            for _ in range(20):
                staying = np.flatnonzero(plan.holds[:, fact] & base[:, fact])
                counts = earlier[fact] + np.bincount(grades[staying], minlength=len(share))
                excess = counts - share * counts.sum()
                surplus, deficit = int(np.argmax(excess)), int(np.argmin(excess))
                if max(excess[surplus], -excess[deficit]) < 1 - TOLERANCE:
                    break
                lost = np.flatnonzero((base[:, fact] == 1) & (plan.holds[:, fact] == 0) & (grades == deficit))
                lost = lost[(plan.holds[lost] != base[lost]).sum(axis=1) == 1]
                staying = staying[(grades[staying] == surplus) & (plan.last_changed[staying] == 0)]
                staying = staying[plan.can_remove(fact, staying) & (plan.loads[staying] > self.constraints.minimum)]
                pair = _first_pair(other_grades, lost, staying)
                if pair is None:
                    break
                plan.set_fact(fact, np.array([pair[0]]), True)
                plan.set_fact(fact, np.array([pair[1]]), False)


def _first_pair(grades: Grid, lost: Ints, staying: Ints) -> tuple[int, int] | None:
    """The first slot of `lost` and of `staying` with equal grades, for the lowest grade that both have."""
    for grade in np.intersect1d(grades[lost], grades[staying]):
        return int(lost[grades[lost] == grade][0]), int(staying[grades[staying] == grade][0])
    return None
