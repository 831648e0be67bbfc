"""A matched control has the plan's shape with another universe's facts."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from docgen.errors import PlanError
from docgen.records import AssignedFact, Slot, Style
from docgen.salience.demands import Demands
from docgen.salience.mirror import cast, mirror, shares_of, usage_of
from docgen.salience.styling import Styling
from docgen.stylepools import style_pools
from tests.salience.demands import simple

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
    made = []
    for i in range(100):
        names = (["a"] if i % 2 == 0 else ["c"]) + (["b"] if i % 4 == 0 else [])
        facts = tuple(AssignedFact(fact=name, directness="implied" if i % 3 else "stated") for name in names)
        made.append(Slot(id=i, doc_type=TYPES[i % 4], idea=f"i{i}", facts=facts, style=STYLE, seed=i))
    return made


def related(needs: tuple[int, int] | None = None, bars: tuple[int, int] | None = None) -> Demands:
    demands = simple([0.5, 0.4, 0.3, 0.2])
    matrix, barred = demands.needs.copy(), demands.bars.copy()
    if needs:
        matrix[needs] = True
    if bars:
        barred[bars] = barred[bars[::-1]] = True
    return replace(demands, needs=matrix, bars=barred)


def test_usage_counts_facts_and_what_occurs_with_what() -> None:
    usage = usage_of(slots(), TYPES)
    assert usage.facts == ("a", "c", "b")
    assert usage.counts == (50, 50, 25)
    assert usage.inside[2, 0]
    assert not usage.meets[0, 1]
    assert usage.types.tolist() == [[True, False, True, False], [False, True, False, True], [True, False, False, False]]


def test_the_most_frequent_facts_are_played_by_the_most_salient() -> None:
    assert cast(usage_of(slots(), TYPES), simple([0.1, 0.4, 0.3, 0.2])) == {"a": "f1", "c": "f2", "b": "f3"}


@pytest.mark.parametrize("demands", [related(bars=(0, 2)), related(needs=(0, 1)), related(needs=(2, 0), bars=(0, 3))])
def test_casting_obeys_the_other_universes_constraints(demands: Demands) -> None:
    usage = usage_of(slots(), TYPES)
    casting = cast(usage, demands)
    role = {demands.facts.index(other): usage.facts.index(fact) for fact, other in casting.items()}
    for one, other in np.argwhere(demands.bars):
        assert not (one in role and other in role and usage.meets[role[one], role[other]])
    for one, other in np.argwhere(demands.needs):
        assert one not in role or (other in role and usage.inside[role[one], role[other]])


def test_types_that_a_fact_may_not_occur_in_are_kept_free_of_it() -> None:
    demands = simple([0.5, 0.4, 0.3])
    allowed = demands.allowed.copy()
    allowed[0, 1:] = False
    assert cast(usage_of(slots(), TYPES), replace(demands, allowed=allowed))["b"] == "f0"


def test_too_few_facts_and_facts_that_fit_nowhere_are_refused() -> None:
    usage = usage_of(slots(), TYPES)
    with pytest.raises(PlanError, match="uses 3 facts and the other universe has 2: 1 too few"):
        cast(usage, simple([0.5, 0.5]))
    nowhere = replace(simple([0.5, 0.4, 0.3]), allowed=np.zeros((3, 4), dtype=bool))
    with pytest.raises(PlanError, match="no fact of the other universe fits"):
        cast(usage, nowhere)


def test_the_mirrored_plan_has_the_same_distribution_of_all_but_what_is_said() -> None:
    demands = simple([0.5, 0.4, 0.3, 0.2])
    usage = usage_of(slots(), TYPES)
    casting = cast(usage, demands)
    ideas = {name: [f"{name}.{i}" for i in range(5)] for name in TYPES}
    made = list(mirror(slots(), casting, ideas, Styling(style_pools(1)), seed=1))

    def shape(each: Slot) -> tuple[object, ...]:
        grades = tuple((fact.directness, fact.prominence) for fact in each.facts)
        return each.id, each.doc_type, each.style.words, each.style.tone, grades

    assert [shape(slot) for slot in made] == [shape(slot) for slot in slots()]
    assert all(
        casting[a.fact] == b.fact
        for x, y in zip(slots(), made, strict=True)
        for a, b in zip(x.facts, y.facts, strict=True)
    )
    assert np.ptp(list(Counter(slot.idea for slot in made).values())) == 0
    assert shares_of(usage, casting, demands) == {"f0": 0.5, "f1": 0.5, "f2": 0.25, "f3": 0.0}
