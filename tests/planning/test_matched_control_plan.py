"""A matched control has the plan's structure with another universe's facts."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from docgen.errors import PlanError
from docgen.planning.constraints import Constraints
from docgen.planning.matched_control_plan import control_salience, fact_usage, map_facts, matched_slots
from docgen.planning.slots.style_draws import Styling
from docgen.prompts.style_pools import style_pools
from docgen.records import OF_THE_WORLD, AssignedFact, Slot, Style
from tests.planning.constraints import simple

STYLE = Style(
    words=300,
    tone="dry",
    opening="o",
    audience="a",
    names=("A B",),
    organisation="C",
    place="D",
    date=dt.date(2024, 1, 1),
)
TYPES = ["t0", "t1", "t2", "t3"]


def slots() -> list[Slot]:
    """One hundred slots: a in all even ones, b in every fourth and always with a, c alone in odd ones."""
    records = []
    for i in range(100):
        names = (["a"] if i % 2 == 0 else ["c"]) + (["b"] if i % 4 == 0 else [])
        facts = tuple(AssignedFact(fact=name, directness="implied" if i % 3 else "stated") for name in names)
        records.append(Slot(id=i, doc_type=TYPES[i % 4], idea=f"i{i}", facts=facts, style=STYLE, seed=i))
    return records


def related(requires: tuple[int, int] | None = None, excludes: tuple[int, int] | None = None) -> Constraints:
    constraints = simple([0.5, 0.4, 0.3, 0.2])
    required, excluded = constraints.requires.copy(), constraints.excludes.copy()
    if requires:
        required[requires] = True
    if excludes:
        excluded[excludes] = excluded[excludes[::-1]] = True
    return replace(constraints, requires=required, excludes=excluded)


def test_usage_counts_facts_and_what_occurs_with_what() -> None:
    usage = fact_usage(slots(), TYPES)
    assert usage.facts == ("a", "c", "b")
    assert usage.counts == (50, 50, 25)
    assert usage.implies[2, 0]
    assert not usage.cooccur[0, 1]
    assert usage.types.tolist() == [[True, False, True, False], [False, True, False, True], [True, False, False, False]]


def test_the_most_frequent_facts_are_mapped_to_the_most_salient() -> None:
    assert map_facts(fact_usage(slots(), TYPES), simple([0.1, 0.4, 0.3, 0.2])) == {"a": "f1", "c": "f2", "b": "f3"}


@pytest.mark.parametrize(
    "constraints", [related(excludes=(0, 2)), related(requires=(0, 1)), related(requires=(2, 0), excludes=(0, 3))]
)
def test_the_fact_mapping_obeys_the_other_universes_constraints(constraints: Constraints) -> None:
    usage = fact_usage(slots(), TYPES)
    fact_mapping = map_facts(usage, constraints)
    place = {constraints.facts.index(other): usage.facts.index(fact) for fact, other in fact_mapping.items()}
    for first, second in np.argwhere(constraints.excludes):
        assert not (first in place and second in place and usage.cooccur[place[first], place[second]])
    for first, second in np.argwhere(constraints.requires):
        assert first not in place or (second in place and usage.implies[place[first], place[second]])


def test_a_fact_is_not_mapped_into_document_types_it_may_not_occur_in() -> None:
    constraints = simple([0.5, 0.4, 0.3])
    allowed = constraints.allowed.copy()
    allowed[0, 1:] = False
    assert map_facts(fact_usage(slots(), TYPES), replace(constraints, allowed=allowed))["b"] == "f0"


def test_too_few_facts_and_facts_that_fit_nowhere_are_refused() -> None:
    usage = fact_usage(slots(), TYPES)
    with pytest.raises(PlanError, match="uses 3 facts and the other universe has 2: 1 too few"):
        map_facts(usage, simple([0.5, 0.5]))
    nowhere = replace(simple([0.5, 0.4, 0.3]), allowed=np.zeros((3, 4), dtype=bool))
    with pytest.raises(PlanError, match="no mapping of the plan's facts to the other universe"):
        map_facts(usage, nowhere)


def test_the_control_has_the_same_distribution_of_everything_but_content() -> None:
    constraints = simple([0.5, 0.4, 0.3, 0.2])
    usage = fact_usage(slots(), TYPES)
    fact_mapping = map_facts(usage, constraints)
    ideas = {name: [f"{name}.{i}" for i in range(5)] for name in TYPES}
    control = list(matched_slots(slots(), fact_mapping, ideas, Styling(style_pools(1)), seed=1))

    def structure(slot: Slot) -> tuple[object, ...]:
        grades = tuple((fact.directness, fact.prominence) for fact in slot.facts)
        return slot.id, slot.doc_type, slot.style.model_dump(exclude=set(OF_THE_WORLD)), grades

    assert [structure(slot) for slot in control] == [structure(slot) for slot in slots()]
    assert all(
        fact_mapping[a.fact] == b.fact
        for x, y in zip(slots(), control, strict=True)
        for a, b in zip(x.facts, y.facts, strict=True)
    )
    assert Style.model_fields.keys() >= OF_THE_WORLD
    assert {slot.style.names for slot in control}.isdisjoint({STYLE.names})
    assert np.ptp(list(Counter(slot.idea for slot in control).values())) == 0
    assert control_salience(usage, fact_mapping, constraints) == {"f0": 0.5, "f1": 0.5, "f2": 0.25, "f3": 0.0}
