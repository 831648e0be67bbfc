"""The plan of a matched control: the slots of one plan with the facts of an unrelated universe in place of its own.

A fact mapping replaces each fact of the plan with one fact of the other universe, so types, lengths, facts per
document, directness, prominence and even co-occurrence are distributed exactly as in the plan.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from docgen.errors import PlanError
from docgen.planning.constraints import Bools, Constraints
from docgen.planning.slots.columns import slot_seeds
from docgen.planning.slots.style_draws import Styling
from docgen.records import OF_THE_WORLD, AssignedFact, Slot, Style

__all__ = ["FactUsage", "control_salience", "fact_usage", "map_facts", "matched_slots"]


@dataclass(frozen=True)
class FactUsage:
    """How a plan of `slots` slots uses its F facts, the most frequent first.

    `counts` (F,): slots with each fact. `cooccur` (F, F): whether some slot has both. `implies[a, b]`: every slot with
    a has b. `types` (F, T): the document types that each fact occurs in.
    """

    facts: tuple[str, ...]
    counts: tuple[int, ...]
    cooccur: Bools
    implies: Bools
    types: Bools
    slots: int


def fact_usage(slots: Iterable[Slot], types: Sequence[str]) -> FactUsage:
    """Read off a plan, in one pass, how its facts are used; `types` are the ids of its document types."""
    index: dict[str, int] = {}
    type_index = {name: i for i, name in enumerate(types)}
    pairs: dict[tuple[int, int], int] = {}
    in_types: set[tuple[int, int]] = set()
    total = 0
    for slot in slots:
        total += 1
        facts = [index.setdefault(fact.fact, len(index)) for fact in slot.facts]
        for first in facts:
            in_types.add((first, type_index[slot.doc_type]))
            for second in facts:
                pairs[first, second] = pairs.get((first, second), 0) + 1
    both = np.zeros((len(index), len(index)), dtype=np.int64)
    for pair, number in pairs.items():
        both[pair] = number
    occurs = np.zeros((len(index), len(types)), dtype=bool)
    for pair in in_types:
        occurs[pair] = True
    names = list(index)
    order = np.lexsort((np.array(names), -both.diagonal())) if names else np.array([], dtype=np.int64)
    both = both[np.ix_(order, order)]
    counts = both.diagonal()
    return FactUsage(
        facts=tuple(names[i] for i in order),
        counts=tuple(counts.tolist()),
        cooccur=both > 0,
        implies=both == counts[:, None],
        types=occurs[order],
        slots=total,
    )


def map_facts(usage: FactUsage, constraints: Constraints) -> dict[str, str]:
    """A fact mapping: for each fact of the plan a fact of the other universe that may take its place.

    The most frequent facts get the facts with the highest salience, as far as the other universe's own `constraints`
    allow. Raises `PlanError` when there are too few facts or no mapping fits.
    """
    if len(usage.facts) > len(constraints.facts):
        raise PlanError(
            f"the plan uses {len(usage.facts)} facts and the other universe has {len(constraints.facts)}: "
            f"{len(usage.facts) - len(constraints.facts)} too few",
            "--context",
            "Give a context with at least as many key facts",
        )
    preferred = np.argsort(-constraints.targets, kind="stable").tolist()
    chosen: list[int] = []
    stack, steps = [iter(preferred)], 0
    while len(chosen) < len(usage.facts) or not _has_all_required(chosen, constraints):
        steps += 1
        following = next((fact for fact in stack[-1] if _fits(fact, chosen, usage, constraints)), None)
        if following is not None and len(chosen) < len(usage.facts):
            chosen.append(following)
            stack.append(iter(preferred))
        elif not chosen or steps > 200_000:  # a safety bound: trying every mapping could take for ever
            raise PlanError(
                "no mapping of the plan's facts to the other universe's satisfies that universe's with, never_with and "
                "doc_types",
                "--context",
                "Relax these in a copy of the context, or choose another",
            )
        else:
            stack.pop()
            chosen.pop()
    return {fact: constraints.facts[other] for fact, other in zip(usage.facts, chosen, strict=True)}


def _fits(fact: int, chosen: Sequence[int], usage: FactUsage, constraints: Constraints) -> bool:
    """Whether `fact` may take the place of the plan's next fact after those that `chosen` replace."""
    place = len(chosen)
    if fact in chosen or place >= len(usage.facts) or (usage.types[place] & ~constraints.allowed[fact]).any():
        return False
    for earlier, other in enumerate(chosen):
        if constraints.excludes[fact, other] and usage.cooccur[place, earlier]:
            return False
        if constraints.requires[fact, other] and not usage.implies[place, earlier]:
            return False
        if constraints.requires[other, fact] and not usage.implies[earlier, place]:
            return False
    return True


def _has_all_required(chosen: Sequence[int], constraints: Constraints) -> bool:
    """Whether every fact that a chosen one requires is chosen too."""
    return set(np.flatnonzero(constraints.requires[list(chosen)].any(axis=0))) <= set(chosen)


def matched_slots(
    slots: Iterable[Slot],
    fact_mapping: Mapping[str, str],
    ideas: Mapping[str, Sequence[str]],
    styling: Styling,
    seed: int,
) -> Iterator[Slot]:
    """The same slots with the other universe's facts, ideas (ids by document type), and style `OF_THE_WORLD`."""
    uses: dict[str, int] = {}
    for slot in slots:
        own_ideas = ideas[slot.doc_type]
        use = uses.get(slot.doc_type, 0)
        uses[slot.doc_type] = use + 1
        seeds = slot_seeds(seed, np.array([slot.id]))
        facts = tuple(
            AssignedFact(fact=fact_mapping[fact.fact], directness=fact.directness, prominence=fact.prominence)
            for fact in slot.facts
        )
        drawn = styling.style(seeds, slot.doc_type, [fact.fact for fact in facts], slot.style.words)
        same = {name: getattr(slot.style, name) for name in Style.model_fields if name not in OF_THE_WORLD}
        style = drawn.model_copy(update=same)
        idea = own_ideas[use % len(own_ideas)]
        yield slot.model_copy(update={"idea": idea, "facts": facts, "style": style, "seed": int(seeds[0])})


def control_salience(usage: FactUsage, fact_mapping: Mapping[str, str], constraints: Constraints) -> dict[str, float]:
    """The salience of each fact of the other universe in the control: that of the fact it replaces, otherwise 0."""
    shares = dict.fromkeys(constraints.facts, 0.0)
    for fact, count in zip(usage.facts, usage.counts, strict=True):
        shares[fact_mapping[fact]] = count / usage.slots
    return shares
