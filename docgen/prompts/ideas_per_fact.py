"""How many ideas about each fact a plan will need, in proportion to the documents about it."""

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

from docgen.universe import UniverseContext

__all__ = ["IdeaNeeds", "idea_needs"]

SELDOM_CENTRAL = 0.02
"""The least central share that a fact counts with: a document without a central fact needs an idea too (chosen)."""


@dataclass(frozen=True)
class IdeaNeeds:
    """How many ideas are to be mainly about each fact, omitting facts with none; and how many about no fact at all.

    `seconds` says how many are about each fact next to another: as many ideas as there are documents with two central
    facts. All others are about one fact, since any further one might be a fact that the document leaves out.
    """

    facts: tuple[tuple[str, int], ...]
    seconds: tuple[tuple[str, int], ...]
    background: int


def idea_needs(context: UniverseContext, count: int, start: float) -> IdeaNeeds:
    """What `count` ideas of a type should be about, so that every share of the plan finds ideas that suit it.

    A fact needs ideas in proportion to the documents that it is central in; where a type has fewer ideas than there are
    facts, `start` in [0, 1) decides which, so that the types together have them all. Background documents are of any
    type, so if there are any, each type has an idea for them in a list of three or more.
    """
    share = context.background_share
    background = min(count // 3, max(1, round(share * count))) if share else 0
    weights = {
        fact.id: fact.salience * max(fact.prominence.central, SELDOM_CENTRAL)
        for fact in context.key_facts
        if fact.salience
    }
    facts = _listed(_drawn(weights, count - background, start))
    # Central facts of a document that is not background; the bound is for a world that is all background.
    central = sum(fact.salience * fact.prominence.central for fact in context.key_facts) / max(0.01, 1 - share)
    pairs = round((count - background) * min(1.0, max(0.0, central - 1))) if len(weights) > 1 else 0
    return IdeaNeeds(facts, _listed(_drawn(weights, pairs, (start + 0.5) % 1)), background)


def _listed(numbers: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((fact, times) for fact, times in numbers.items() if times)


def _drawn(weights: dict[str, float], count: int, start: float) -> dict[str, int]:
    """How many of `count` equidistant points, the first at `start` in [0, 1), fall to each weight laid end to end.

    Systematic sampling (Cochran 1977, chapter 8): each number is within one of its quota, and is the quota on average
    over all starts.
    """
    total = sum(weights.values())
    if not total or not count:
        return {}
    numbers = dict.fromkeys(weights, 0)
    ends = list(accumulate(weights.values()))
    names = list(weights)
    for point in range(count):
        place = bisect(ends, (point + start) * total / count)
        numbers[names[min(place, len(names) - 1)]] += 1
    return numbers
