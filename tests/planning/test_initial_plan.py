"""Plans meet every share and constraint, depend on the seed alone, and vary in as few slots as possible."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from docgen.errors import PlanError
from docgen.planning.constraints import Demands, closed
from docgen.planning.initial_plan import Assignment
from docgen.planning.minimal_change import vary
from tests.planning.constraints import broken, layout_of, planned, random_demands, simple

SEEDS = st.integers(0, 2**32 - 1)


def attempt(demands: Demands, n: int) -> Assignment:
    """A plan, or a rejected example when the demands are impossible."""
    try:
        return planned(demands, n)
    except PlanError:
        assume(False)
        raise


def changed(one: Assignment, other: Assignment) -> int:
    differs = (one.holds != other.holds) | (one.directness != other.directness)
    return int((differs | (one.prominence != other.prominence)).any(axis=1).sum())


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 900))
def test_every_share_and_every_constraint_is_met_or_the_demands_refused(seed: int, n: int) -> None:
    demands = random_demands(seed)
    made = attempt(demands, n)
    assert broken(demands, layout_of(demands, n), made) == []


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 300))
def test_the_same_seed_gives_the_same_plan_and_another_seed_another(seed: int, n: int) -> None:
    demands = random_demands(seed, most_facts=12)
    one, two = attempt(demands, n), attempt(demands, n)
    assert changed(one, two) == 0
    if n > 100 and len(demands.facts) > 3:
        assert changed(one, planned(demands, n, seed=1)) > 0


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(20, 600), st.floats(0, 1))
def test_one_share_changed_changes_no_more_slots_than_that_share_where_no_bound_binds(
    seed: int, n: int, share: float
) -> None:
    """Two plans made apart, neither knowing the other: the difference in documents, and one each for roundings."""
    rng = np.random.default_rng(seed)
    demands = simple(list(rng.random(int(rng.integers(2, 20)))), minimum=0, maximum=20, background=0.0)
    targets = demands.targets.copy()
    targets[0] = share
    one, two = planned(demands, n), planned(replace(demands, targets=targets), n)
    changed = (one.holds != two.holds).any(axis=1).sum()
    assert (one.holds != two.holds)[:, 1:].sum() == 0
    assert 0 <= changed - abs(int(one.counts[0]) - int(two.counts[0])) <= 2 * (len(one.ends) - 1)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(20, 600), st.floats(0, 1), st.integers(0, 49))
def test_a_variation_meets_its_demands_and_changes_few_slots(seed: int, n: int, share: float, fact: int) -> None:
    """At least the difference in documents; at most one chain of exchanges through all facts for each of them."""
    demands = random_demands(seed, most_facts=20)
    base, layout = attempt(demands, n), layout_of(demands, n)
    targets = demands.targets.copy()
    targets[fact % len(targets)] = share
    wanted = replace(demands, targets=targets)
    try:
        made = vary(base, wanted, layout)
    except PlanError:
        assume(False)
        raise
    assert broken(wanted, layout, made) == []
    held = np.abs(made.holds.sum(axis=0, dtype=np.int64) - base.holds.sum(axis=0, dtype=np.int64))
    moved = int(held.sum())
    changed = (base.holds != made.holds).any(axis=1).sum()
    assert held.max() <= changed <= (moved + 2 * len(base.ends)) * len(targets)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(50, 800), st.floats(0.02, 0.6))
def test_raising_a_share_where_slots_have_room_changes_exactly_the_slots_that_gain_the_fact(
    seed: int, n: int, share: float
) -> None:
    """And no other slot but, at most, two that prominence needs to stay within one document of its shares."""
    rng = np.random.default_rng(seed)
    demands = simple([0.4, *(rng.random(6) * 0.4)], maximum=7)
    assume(share > demands.targets[1])
    base = attempt(demands, n)
    targets = demands.targets.copy()
    targets[1] = share
    made = vary(base, replace(demands, targets=targets), layout_of(demands, n))
    gained = (made.holds[:, 1] == 1) & (base.holds[:, 1] == 0)
    assert (base.holds != made.holds).any(axis=1).sum() == gained.sum() == made.counts[1] - base.counts[1]
    regraded = changed(base, made) - gained.sum()
    assert regraded <= 2, "all three prominences within one document may move one for each but one"


def test_levels_of_one_fact_are_nested() -> None:
    demands, n = simple([0.35, 0.35, 0.3, 0.25, 0.2, 0.25, 0.15, 0.15, 0.15, 0.1]), 2000
    base, layout = planned(demands, n), layout_of(demands, n)
    held = []
    for share in (0.0, 0.05, 0.2, 0.5):
        targets = demands.targets.copy()
        targets[4] = share
        held.append(vary(base, replace(demands, targets=targets), layout).holds[:, 4] == 1)
    assert [int(level.sum()) for level in held] == [0, 100, 400, 1000]
    assert all((small <= large).all() for small, large in pairwise(held))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
def test_a_change_of_directness_changes_exactly_the_documents_between(share: float) -> None:
    """Two plans made apart may round otherwise in each of their segments."""
    demands, n = simple([0.35, 0.35, 0.3, 0.25, 0.2, 0.25]), 1000
    directness = demands.directness.copy()
    directness[2] = share, 1 - share
    other = replace(demands, directness=directness)
    base = planned(demands, n)
    varied = vary(base, other, layout_of(demands, n))
    for made in (varied, planned(other, n)):
        assert broken(other, layout_of(demands, n), made) == []
        difference = abs(int((made.directness[:, 2] == 1).sum()) - int((base.directness[:, 2] == 1).sum()))
        assert 0 <= changed(base, made) - difference <= (0 if made is varied else 2 * len(base.ends))


def test_facts_are_even_over_types_and_positions() -> None:
    """Within a few documents where chance alone would be off by dozens."""
    demands, n = simple([0.35, 0.3, 0.25, 0.2, 0.15, 0.3, 0.25]), 8000
    made, layout = planned(demands, n), layout_of(demands, n)
    for fact, count in enumerate(made.counts):
        rows = np.flatnonzero(made.holds[:, fact])
        for groups, parts in (
            (layout.types[rows], 4),
            (rows * 10 // n, 10),
            ((layout.lengths[rows] * 5).astype(int), 5),
        ):
            assert np.abs(np.bincount(groups, minlength=parts) - count / parts).max() < 3 * np.sqrt(count / parts)
        assert np.abs(np.bincount(layout.types[rows], minlength=4) - count / 4).max() <= 15


def test_slots_of_one_type_and_idea_come_round_equally_often() -> None:
    layout = layout_of(simple([0.5]), 1003)
    assert np.ptp(np.bincount(layout.types)) <= 1
    pairs = np.bincount(layout.types * 5 + layout.ideas)
    assert np.ptp(pairs) <= 2


@pytest.mark.parametrize(
    ("demands", "words"),
    [
        (simple([0.2, 0.1]), ["650 too few", "background_share of 0.7"]),
        (simple([0.9] * 6, maximum=2), ["too many", "1900"]),
        (simple([0.97]), ["970 documents", "950", "20 too many"]),
    ],
)
def test_impossible_totals_are_refused_with_the_arithmetic(demands: Demands, words: list[str]) -> None:
    with pytest.raises(PlanError) as caught:
        planned(demands, 1000)
    assert [word for word in words if word not in str(caught.value)] == []


def test_facts_that_must_not_meet_and_do_not_fit_side_by_side_are_refused() -> None:
    demands = simple([0.6, 0.5, 0.3])
    bars = demands.bars.copy()
    bars[0, 1] = bars[1, 0] = True
    with pytest.raises(PlanError, match=r"f0, f1 must never occur together and ask for 1100 .* 950 .*150 too many"):
        planned(replace(demands, bars=bars), 1000)


def test_a_fact_that_must_come_with_a_rarer_one_is_refused() -> None:
    demands = simple([0.6, 0.4, 0.3])
    needs = demands.needs.copy()
    needs[0, 1] = True
    with pytest.raises(PlanError, match=r"f0 is asked in 600 documents and always comes with f1.*200 too many"):
        planned(replace(demands, needs=needs), 1000)


def test_a_fact_limited_to_types_that_are_too_few_is_refused() -> None:
    demands = simple([0.6, 0.6, 0.3])
    allowed = demands.allowed.copy()
    allowed[0, 1:] = False
    with pytest.raises(PlanError, match=r"f0 is asked in 600 .* have 250 of 1000: 350 too many, .* 0.25"):
        planned(replace(demands, allowed=allowed), 1000)


def test_a_fact_that_comes_along_with_what_it_must_never_meet_is_refused() -> None:
    demands = simple([0.1, 0.6, 0.6])
    needs, bars = demands.needs.copy(), demands.bars.copy()
    needs[0, 1] = bars[0, 1] = True
    needs, bars, allowed = closed(needs, bars, demands.allowed)
    with pytest.raises(PlanError, match="f0 comes along with facts that must never occur together"):
        planned(replace(demands, needs=needs, bars=bars, allowed=allowed), 500)


def test_what_only_the_interplay_forbids_is_refused_by_the_exact_program() -> None:
    """Three facts in a ring: any two fit side by side, but each document takes one at most."""
    demands = simple([0.4, 0.4, 0.4, 0.3], background=0.0)
    bars = demands.bars.copy()
    for first, second in ((0, 1), (1, 2), (2, 0)):
        bars[first, second] = bars[second, first] = True
    with pytest.raises(PlanError, match="200 too many"):
        planned(replace(demands, bars=bars), 1000)


def test_variation_of_a_plan_leaves_the_plan_itself_alone() -> None:
    demands, n = simple([0.5, 0.5, 0.4]), 300
    base = planned(demands, n)
    before = base.holds.copy()
    vary(base, replace(demands, targets=np.array([0.2, 0.6, 0.5])), layout_of(demands, n))
    assert (base.holds == before).all()
