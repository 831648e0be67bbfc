"""A matched control: the slots of one plan with the facts of an unrelated universe in place of its own.

Each fact of the plan is played by one fact of the other universe, so types, lengths, facts per document, directness,
prominence and even which facts occur together are distributed exactly as in the plan.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from docgen.errors import PlanError
from docgen.records import AssignedFact, Slot
from docgen.salience.columns import slot_seeds
from docgen.salience.demands import Bools, Demands
from docgen.salience.styling import Styling

__all__ = ["Casting", "cast", "mirror", "shares_of", "usage_of"]

STEPS = 200_000


@dataclass(frozen=True)
class Casting:
    """How a plan uses its facts: counts (F,), whether two ever meet, whether one never goes without another, types.

    `meets` (F, F), `inside[a, b]`: every slot with a has b; `types` (F, T): document types that each occurs in.
    """

    facts: tuple[str, ...]
    counts: tuple[int, ...]
    meets: Bools
    inside: Bools
    types: Bools
    slots: int


def usage_of(slots: Iterable[Slot], types: Sequence[str]) -> Casting:
    """One pass over a plan; its facts are those that occur, the most frequent first."""
    index: dict[str, int] = {}
    kinds = {name: i for i, name in enumerate(types)}
    together: dict[tuple[int, int], int] = {}
    seen: set[tuple[int, int]] = set()
    total = 0
    for slot in slots:
        total += 1
        held = [index.setdefault(fact.fact, len(index)) for fact in slot.facts]
        for one in held:
            seen.add((one, kinds[slot.doc_type]))
            for other in held:
                together[one, other] = together.get((one, other), 0) + 1
    counts = np.zeros((len(index), len(index)), dtype=np.int64)
    for pair, number in together.items():
        counts[pair] = number
    used = np.zeros((len(index), len(types)), dtype=bool)
    for pair in seen:
        used[pair] = True
    names, own = list(index), counts.diagonal()
    order = np.lexsort((np.array(names), -own)) if names else np.array([], dtype=np.int64)
    counts = counts[np.ix_(order, order)]
    own = counts.diagonal()
    return Casting(
        facts=tuple(names[i] for i in order),
        counts=tuple(own.tolist()),
        meets=counts > 0,
        inside=counts == own[:, None],
        types=used[order],
        slots=total,
    )


def cast(usage: Casting, demands: Demands) -> dict[str, str]:
    """For each fact of the plan one of the other universe that may stand where it stands.

    Facts with the highest salience are given to the most frequent ones where the other universe's own constraints
    allow. `PlanError` when there are too few facts, or none fit.
    """
    if len(usage.facts) > len(demands.facts):
        raise PlanError(
            f"the plan uses {len(usage.facts)} facts and the other universe has {len(demands.facts)}: "
            f"{len(usage.facts) - len(demands.facts)} too few",
            "--context",
            "Give a context with as many key facts",
        )
    preferred = np.argsort(-demands.targets, kind="stable").tolist()
    chosen: list[int] = []
    stack, steps = [iter(preferred)], 0
    while len(chosen) < len(usage.facts) or not _complete(chosen, demands):
        steps += 1
        following = next((fact for fact in stack[-1] if _fits(fact, chosen, usage, demands)), None)
        if following is not None and len(chosen) < len(usage.facts):
            chosen.append(following)
            stack.append(iter(preferred))
        elif not chosen or steps > STEPS:
            raise PlanError(
                "no fact of the other universe fits where the plan's facts stand: its with, never_with and doc_types "
                "are at odds with them",
                "--context",
                "Loosen these in a copy of the context, or take another",
            )
        else:
            stack.pop()
            chosen.pop()
    return {fact: demands.facts[other] for fact, other in zip(usage.facts, chosen, strict=True)}


def _fits(fact: int, chosen: Sequence[int], usage: Casting, demands: Demands) -> bool:
    role = len(chosen)
    if fact in chosen or role >= len(usage.facts) or (usage.types[role] & ~demands.allowed[fact]).any():
        return False
    for earlier, other in enumerate(chosen):
        if demands.bars[fact, other] and usage.meets[role, earlier]:
            return False
        if demands.needs[fact, other] and not usage.inside[role, earlier]:
            return False
        if demands.needs[other, fact] and not usage.inside[earlier, role]:
            return False
    return True


def _complete(chosen: Sequence[int], demands: Demands) -> bool:
    """Whether every fact that must come along has a place."""
    return set(np.flatnonzero(demands.needs[list(chosen)].any(axis=0))) <= set(chosen)


def mirror(
    slots: Iterable[Slot], casting: Mapping[str, str], ideas: Mapping[str, Sequence[str]], styling: Styling, seed: int
) -> Iterator[Slot]:
    """The same slots with the other universe's facts and ideas (ids by type), names, organisations and places."""
    turns: dict[str, int] = {}
    for slot in slots:
        own = ideas[slot.doc_type]
        turn = turns.get(slot.doc_type, 0)
        turns[slot.doc_type] = turn + 1
        seeds = slot_seeds(seed, np.array([slot.id]))
        facts = tuple(
            AssignedFact(fact=casting[fact.fact], directness=fact.directness, prominence=fact.prominence)
            for fact in slot.facts
        )
        drawn = styling.style(seeds, slot.doc_type, [fact.fact for fact in facts], slot.style.words)
        style = drawn.model_copy(update={name: getattr(slot.style, name) for name in ("tone", "opening", "audience")})
        yield slot.model_copy(
            update={"idea": own[turn % len(own)], "facts": facts, "style": style, "seed": int(seeds[0])}
        )


def shares_of(usage: Casting, casting: Mapping[str, str], demands: Demands) -> dict[str, float]:
    """The salience of the other universe in the control: each fact has the share of the one it plays, others none."""
    shares = dict.fromkeys(demands.facts, 0.0)
    for fact, count in zip(usage.facts, usage.counts, strict=True):
        shares[casting[fact]] = count / usage.slots
    return shares
