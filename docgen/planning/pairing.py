"""Which idea each slot gets: one that suits its facts, each idea of a type as often as the others.

A slot takes, of the ideas that were used least, the one that suits it best, so a plan for more slots begins with that
for fewer. Where nothing is known of the ideas, they stay as they were laid out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docgen.planning.central_facts import CENTRAL
from docgen.planning.constraints import Bools
from docgen.planning.initial_plan import Assignment
from docgen.planning.layout import Ints, Layout
from docgen.records import Idea

__all__ = ["Suitability", "pair_ideas", "suitability"]

CENTRAL_FITS, ASSIGNED_FITS, STRANGE = 4, 1, -1
"""What it counts that an idea is about a central fact, about another one assigned, about one to be left out."""
CHUNK = 1 << 14


@dataclass(frozen=True)
class Suitability:
    """What a type's ideas suit: `about` (K, F) by fact, `background` (K,) documents without facts."""

    about: Bools
    background: Bools

    @property
    def known(self) -> bool:
        """Whether anything is known of them."""
        return bool(self.about.any() or self.background.any())


def suitability(ideas: Sequence[Idea], facts: Sequence[str]) -> Suitability:
    """Of the ideas of one type."""
    about = np.array([[fact in idea.about for fact in facts] for idea in ideas], dtype=bool)
    return Suitability(about, np.array([idea.background for idea in ideas], dtype=bool))


def pair_ideas(layout: Layout, assignment: Assignment, types: Sequence[Suitability], granted: Bools) -> Ints:
    """(n,): the idea of each slot. `granted` (F, F): facts that may come with each fact, itself and public ones too."""
    ideas = layout.ideas.copy()
    for kind, own in enumerate(types):
        if own.known:
            rows = np.flatnonzero(layout.types == kind)
            ideas[rows] = _of_type(rows, layout.ideas[rows], assignment, own, granted)
    return ideas


def _of_type(rows: Ints, listed: Ints, assignment: Assignment, own: Suitability, granted: Bools) -> Ints:
    count = len(own.background)
    carrying, empty = ~own.background, own.background
    pools = [np.flatnonzero(pool) if pool.any() else np.arange(count) for pool in (empty, carrying)]
    used, chosen = np.zeros(count, dtype=np.int64), np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        scores, loaded = _scores(part, assignment, own, granted)
        for i, (score, carries) in enumerate(zip(scores, loaded.tolist(), strict=True)):
            pool = pools[carries]
            least = pool[used[pool] == used[pool].min()]
            turn = (least - listed[start + i]) % count
            best = int(least[np.lexsort((turn, -score[least]))[0]])
            used[best] += 1
            chosen[start + i] = best
    return chosen


def _scores(rows: Ints, assignment: Assignment, own: Suitability, granted: Bools) -> tuple[Ints, Bools]:
    """(rows, K) how well each idea suits each slot, and (rows,) whether the slot carries facts."""
    holds = assignment.holds[rows] == 1
    central = holds & (assignment.prominence[rows] == CENTRAL)
    strange = ~((holds.astype(np.int64) @ granted.astype(np.int64)) > 0)
    about = own.about.T.astype(np.int64)
    scores = (CENTRAL_FITS - ASSIGNED_FITS) * (central.astype(np.int64) @ about)
    scores += ASSIGNED_FITS * (holds.astype(np.int64) @ about) + STRANGE * (strange.astype(np.int64) @ about)
    return scores, holds.any(axis=1)
