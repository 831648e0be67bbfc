"""Pairs slots with ideas: each slot gets an idea that suits its facts, and each idea of a type is used equally often.

The slots of a type are matched with its ideas round by round, each idea once in a round, so that the ideas suit the
slots of a round best altogether. Rounds are cut where segments of the plan end, so a plan for more slots begins with
the plan for fewer. If nothing is known about the ideas of a type, its slots keep the ideas of the layout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from docgen.planning.assignment.central_facts import CENTRAL
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.constraints import Bools
from docgen.planning.slot_layout import Ints, Layout
from docgen.planning.slots.fact_exchange import exchange_facts
from docgen.planning.slots.first_documents import MAX_SEGMENT_DOCUMENTS, About, rearrange
from docgen.records import Idea

__all__ = ["Pairing", "Suitability", "pair_ideas", "suitability"]

CENTRAL_FITS, ASSIGNED_FITS, OUT_OF_PLACE = 4, 1, -4
"""Points for an idea about a central fact, about another assigned fact, and about a fact to be left out.

Chosen: a central fact outweighs up to three others, and a fact to be left out cancels it.
"""


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


@dataclass(frozen=True)
class Pairing:
    """What the ideas of each type suit, and what a document with each fact may take for granted, (F, F)."""

    types: Sequence[Suitability]
    granted: Bools

    def pair_ideas(self, assignment: Assignment, layout: Layout) -> tuple[Assignment, Layout]:
        """Ideas for the slots, then facts exchanged so that they suit them, in turn.

        In short segments facts are first rearranged so that each slot suits some idea of its type, whichever.
        """
        if not any(suits.known for suits in self.types):
            return assignment, layout
        # (T, K, F): what the ideas of each type are about that documents with facts may get, repeated to K.
        own = [suits.about[~suits.background] if not suits.background.all() else suits.about for suits in self.types]
        most = max(map(len, own))
        choices = np.stack([each[np.arange(most) % len(each)] for each in own])
        assignment = rearrange(assignment, layout, lambda slots: choices[layout.types[slots]], self.granted)
        for _ in range(2):  # a third time changes nothing (bench/idea_fit.py)
            layout = replace(layout, ideas=pair_ideas(layout, assignment, self.types, self.granted))
            about = np.zeros((len(layout), len(self.granted)), dtype=bool)  # (n, F): of each slot's idea
            for kind, suits in enumerate(self.types):
                slots = np.flatnonzero(layout.types == kind)
                about[slots] = suits.about[layout.ideas[slots]]
            assignment = exchange_facts(assignment, layout, about, self.granted, longer_than=MAX_SEGMENT_DOCUMENTS)
            assignment = rearrange(assignment, layout, _alone(about), self.granted)
        return assignment, layout


def _alone(about: Bools) -> About:
    """Each slot's own idea as the only one that it may get."""
    return lambda slots: np.asarray(about[slots][:, None])


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
    """Slots with facts and background slots each cycle through their own ideas; a round ends where a segment does.

    In a round each slot gets a different idea, so that the sum of all scores is highest. Among equals the ideas are
    taken that the layout has next for a slot.
    """
    from scipy.optimize import linear_sum_assignment

    count, chosen = len(suits.background), np.empty(len(slots), dtype=np.int64)
    has_facts = assignment.holds[slots].any(axis=1)
    segments = np.searchsorted(np.array(assignment.ends), slots, side="right")
    for with_facts in (True, False):
        ideas = np.flatnonzero(suits.background != with_facts)
        ideas = ideas if len(ideas) else np.arange(count)
        left = ideas
        for segment in np.unique(segments):
            places = np.flatnonzero((segments == segment) & (has_facts == with_facts))
            while len(places):
                now, places = places[: len(left)], places[len(left) :]
                scores = _scores(slots[now], assignment, suits, granted)[:, left]
                turns = (left - first_choices[now][:, None]) % count
                # More than all turns of a matching can come to, so that they only decide between equal sums of scores.
                outweighs = turns.shape[1] * (int(turns.max(initial=0)) + 1) * len(turns)
                best = linear_sum_assignment(scores * outweighs - turns, maximize=True)[1]
                chosen[now] = left[best]
                left = np.delete(left, best)
                left = left if len(left) else ideas
    return chosen


def _scores(slots: Ints, assignment: Assignment, suits: Suitability, granted: Bools) -> Ints:
    """How well each idea suits each slot, (slots, K)."""
    holds = assignment.holds[slots] == 1
    central = holds & (assignment.prominence[slots] == CENTRAL)
    out_of_place = ~((holds.astype(np.int64) @ granted.astype(np.int64)) > 0)
    about = suits.about.T.astype(np.int64)
    scores = (CENTRAL_FITS - ASSIGNED_FITS) * (central.astype(np.int64) @ about)
    scores += ASSIGNED_FITS * (holds.astype(np.int64) @ about) + OUT_OF_PLACE * (out_of_place.astype(np.int64) @ about)
    return np.asarray(scores)
