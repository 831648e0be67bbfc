"""A plan under repair: which slot has which facts, with the sums kept in step."""

from dataclasses import dataclass

import numpy as np

from docgen.planning.constraints import Bools, Demands, Grid
from docgen.planning.layout import Ints
from docgen.planning.priorities import Keys

__all__ = ["Board"]


@dataclass
class Board:
    """The plan under repair. `holds` (n, F) is changed in place; `open_to` (F, n) says where a fact may go at all.

    `sticky`: slots that have been changed already are changed again before others; `touched` numbers the changes.
    """

    demands: Demands
    holds: Grid
    types: Ints
    open_to: Bools
    background: Bools
    keys: Keys
    wanted: Ints
    sticky: bool = False

    def __post_init__(self) -> None:
        self.loads: Ints = self.holds.sum(axis=1, dtype=np.int64)
        self.counts: Ints = self.holds.sum(axis=0, dtype=np.int64)
        self.touched: Ints = np.zeros(len(self.holds), dtype=np.int64)

    def surplus(self) -> Ints:
        """(F,): documents too many, negative when too few."""
        return self.counts - self.wanted

    def lacking(self) -> bool:
        """Whether a slot that is not background has fewer facts than the minimum."""
        return bool((self.loads[~self.background] < self.demands.minimum).any())

    def put(self, fact: int, rows: Ints, there: bool) -> None:
        """Give the fact to slots that lack it, or take it from slots that have it."""
        self.holds[rows, fact] = there
        step = 1 if there else -1
        self.loads[rows] += step
        self.counts[fact] += step * len(rows)
        if self.sticky:
            self.touched[rows] = self.touched.max(initial=0) + 1 + np.arange(len(rows))

    def replace(self, rows: Ints, sets: Bools) -> None:
        """Give slots other sets of facts."""
        self.counts += sets.sum(axis=0) - self.holds[rows].sum(axis=0, dtype=np.int64)
        self.holds[rows] = sets
        self.loads[rows] = sets.sum(axis=1)

    def addable(self, fact: int, rows: Ints, without: int | None = None) -> Bools:
        """Which of the slots may take the fact as they are (or once `without` has left), the maximum aside."""
        fits = self.open_to[fact, rows] & (self.holds[rows, fact] == 0)
        for needed in np.flatnonzero(self.demands.needs[fact]):
            fits &= (self.holds[rows, needed] == 1) & (needed != without)
        for barred in np.flatnonzero(self.demands.bars[fact]):
            if barred != without:
                fits &= self.holds[rows, barred] == 0
        return np.asarray(fits)

    def removable(self, fact: int, rows: Ints) -> Bools:
        """Which of the slots have the fact and nothing that needs it, the minimum aside."""
        spare = self.holds[rows, fact] == 1
        for dependent in np.flatnonzero(self.demands.needs[:, fact]):
            spare &= self.holds[rows, dependent] == 0
        return np.asarray(spare)
