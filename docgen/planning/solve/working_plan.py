"""The working plan: which slot has which facts while the plan is being repaired, with its sums kept up to date."""

from dataclasses import dataclass

import numpy as np

from docgen.planning.assignment.priorities import Keys
from docgen.planning.constraints import Bools, Constraints, Grid, Ints

__all__ = ["WorkingPlan"]


@dataclass
class WorkingPlan:
    """A plan of n slots under repair.

    `holds` (n, F) and `background` (n,) are changed in place. `eligible` (F, n) says where a fact may go at all, `keys`
    (F, n) in which order it takes slots, `target_counts` (F,) in how many documents it has to be. `loads` (n,) and
    `counts` (F,) are the sums of `holds`. With `prefer_changed`, slots that have been changed already are changed again
    before others; `last_changed` (n,) numbers the changes, 0 for none.
    """

    constraints: Constraints
    holds: Grid
    types: Ints
    eligible: Bools
    background: Bools
    keys: Keys
    target_counts: Ints
    prefer_changed: bool = False

    def __post_init__(self) -> None:
        self.loads: Ints = self.holds.sum(axis=1, dtype=np.int64)
        self.counts: Ints = self.holds.sum(axis=0, dtype=np.int64)
        self.last_changed: Ints = np.zeros(len(self.holds), dtype=np.int64)

    def surplus(self) -> Ints:
        """(F,): documents too many; negative when there are too few."""
        return self.counts - self.target_counts

    def has_underfilled(self) -> bool:
        """Whether a slot that is not background has fewer facts than the minimum."""
        return bool((self.loads[~self.background] < self.constraints.minimum).any())

    def set_fact(self, fact: int, rows: Ints, present: bool) -> None:
        """Give the fact to slots that lack it, or take it from slots that have it."""
        self.holds[rows, fact] = present
        step = 1 if present else -1
        self.loads[rows] += step
        self.counts[fact] += step * len(rows)
        if self.prefer_changed:
            self.last_changed[rows] = self.last_changed.max(initial=0) + 1 + np.arange(len(rows))

    def set_rows(self, rows: Ints, sets: Bools) -> None:
        """Give slots other sets of facts, (rows, F)."""
        self.counts += sets.sum(axis=0) - self.holds[rows].sum(axis=0, dtype=np.int64)
        self.holds[rows] = sets
        self.loads[rows] = sets.sum(axis=1)

    def can_add(self, fact: int, rows: Ints, without: int | None = None) -> Bools:
        """Which slots can take the fact as they are, or once `without` has left; the maximum is not considered."""
        fits = self.eligible[fact, rows] & (self.holds[rows, fact] == 0)
        for required in np.flatnonzero(self.constraints.requires[fact]):
            fits &= (self.holds[rows, required] == 1) & (required != without)
        for excluded in np.flatnonzero(self.constraints.excludes[fact]):
            if excluded != without:
                fits &= self.holds[rows, excluded] == 0
        return np.asarray(fits)

    def can_remove(self, fact: int, rows: Ints) -> Bools:
        """Which slots have the fact and nothing that requires it; the minimum is not considered."""
        removable = self.holds[rows, fact] == 1
        for dependent in np.flatnonzero(self.constraints.requires[:, fact]):
            removable &= self.holds[rows, dependent] == 0
        return np.asarray(removable)
