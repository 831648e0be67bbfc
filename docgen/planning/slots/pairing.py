"""Pairs slots with ideas: each slot gets an idea that suits its facts, and each idea of a type is used equally often.

Slots choose in order, each the best of the least-used ideas, so a plan for more slots begins with the plan for fewer.
If nothing is known about the ideas of a type, its slots keep the ideas of the layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Bools
from docgen.planning.layout import Ints, Layout
from docgen.records import Idea

__all__ = ["Suitability", "pair_ideas", "suitability"]

CENTRAL_FITS, ASSIGNED_FITS, OUT_OF_PLACE = 4, 1, -1
"""Points for an idea about a central fact, about another assigned fact, about a fact to be left out.

Chosen: a central fact outweighs up to three others, and a fact to be left out cancels another that fits.
"""
CHUNK = 1 << 14  # slots scored at once; chosen: bounds the (slots, ideas) scores to some megabytes


@dataclass(frozen=True)
class Suitability:
    """What the K ideas of a type are suited to: `about` (K, F) says which facts, `background` (K,) documents without
    facts."""

    about: Bools
    background: Bools

    @property
    def known(self) -> bool:
        """Whether any idea says what it suits."""
        return bool(self.about.any() or self.background.any())


def suitability(ideas: Sequence[Idea], facts: Sequence[str]) -> Suitability:
    """What the ideas of one type suit; columns are `facts`, in order."""
    about = np.array([[fact in idea.about for fact in facts] for idea in ideas], dtype=bool)
    return Suitability(about, np.array([idea.background for idea in ideas], dtype=bool))


def pair_ideas(layout: Layout, assignment: Assignment, types: Sequence[Suitability], granted: Bools) -> Ints:
    """The idea of each slot, (n,).

    `granted[i, j]`, (F, F), says whether a document with fact i may take fact j for granted: itself, what it
    presupposes, and public facts.
    """
    ideas = layout.ideas.copy()
    for kind, suits in enumerate(types):
        if suits.known:
            slots = np.flatnonzero(layout.types == kind)
            ideas[slots] = _of_type(slots, layout.ideas[slots], assignment, suits, granted)
    return ideas


def _of_type(slots: Ints, first_choices: Ints, assignment: Assignment, suits: Suitability, granted: Bools) -> Ints:
    count = len(suits.background)
    with_facts = ~suits.background
    pools = [np.flatnonzero(pool) if pool.any() else np.arange(count) for pool in (suits.background, with_facts)]
    used, chosen = np.zeros(count, dtype=np.int64), np.empty(len(slots), dtype=np.int64)
    for start in range(0, len(slots), CHUNK):
        chunk = slots[start : start + CHUNK]
        scores, has_facts = _scores(chunk, assignment, suits, granted)
        for i, (score, has_fact) in enumerate(zip(scores, has_facts.tolist(), strict=True)):
            pool = pools[has_fact]
            candidates = pool[used[pool] == used[pool].min()]
            turn = (candidates - first_choices[start + i]) % count
            best = int(candidates[np.lexsort((turn, -score[candidates]))[0]])
            used[best] += 1
            chosen[start + i] = best
    return chosen


def _scores(slots: Ints, assignment: Assignment, suits: Suitability, granted: Bools) -> tuple[Ints, Bools]:
    """How well each idea suits each slot (slots, K), and whether the slot has facts (slots,)."""
    holds = assignment.holds[slots] == 1
    central = holds & (assignment.prominence[slots] == CENTRAL)
    out_of_place = ~((holds.astype(np.int64) @ granted.astype(np.int64)) > 0)
    about = suits.about.T.astype(np.int64)
    scores = (CENTRAL_FITS - ASSIGNED_FITS) * (central.astype(np.int64) @ about)
    scores += ASSIGNED_FITS * (holds.astype(np.int64) @ about) + OUT_OF_PLACE * (out_of_place.astype(np.int64) @ about)
    return scores, holds.any(axis=1)
