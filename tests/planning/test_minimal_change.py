"""A plan for more slots begins with the plan for fewer."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from docgen.errors import PlanError
from docgen.planning.checkpoints import checkpoints, in_segments
from docgen.planning.constraints import Demands
from docgen.planning.initial_plan import Assignment
from docgen.planning.layout import Layout
from docgen.planning.minimal_change import vary
from tests.planning.constraints import broken, layout_of, planned, random_demands, simple

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.sampled_from(checkpoints(3001)[:-1])


def lost(small: Assignment, large: Assignment) -> np.ndarray:
    """Numbers of the slots of `small` that stand otherwise in `large`."""
    n = len(small.holds)
    differs = small.holds != large.holds[:n]
    differs |= (small.directness != large.directness[:n]) | (small.prominence != large.prominence[:n])
    return np.flatnonzero(differs.any(axis=1) | (small.background != large.background[:n]))


def possible(demands: Demands, n: int) -> Assignment:
    """A plan, or a rejected example when the demands are impossible at this size."""
    try:
        return planned(demands, n)
    except PlanError:
        assume(False)
        raise


def usual(seed: int) -> Demands:
    """Demands as people make them: some facts of moderate share, one pair that goes together, one that never does."""
    rng = np.random.default_rng(seed)
    demands = simple([0.3, *(rng.integers(10, 41, int(rng.integers(6, 10))) / 100).tolist(), 0.1], maximum=5)
    needs, bars = demands.needs.copy(), demands.bars.copy()
    needs[-1, 0] = bars[2, 3] = bars[3, 2] = True
    return replace(demands, needs=needs, bars=bars)


@given(SEEDS, st.integers(1, 2000), st.integers(1, 2000))
def test_a_slot_s_type_idea_place_and_length_do_not_depend_on_how_many_follow(seed: int, n: int, m: int) -> None:
    def columns(layout: Layout) -> np.ndarray:
        return np.stack([layout.types, layout.ideas, layout.ranks, layout.places, layout.lengths])

    n, m = sorted((n, m))
    demands = simple([0.4] * 7)
    assert (columns(layout_of(demands, n, seed)) == columns(layout_of(demands, m, seed))[:, :n]).all()


@settings(max_examples=25, deadline=None)
@given(SEEDS, SIZES, st.integers(1, 3000))
def test_every_slot_of_a_plan_that_ends_at_a_checkpoint_stands_in_every_larger_plan(seed: int, n: int, m: int) -> None:
    """And both meet every share and constraint at their own size."""
    assume(m > n)
    demands = usual(seed)
    small, large = planned(demands, n), planned(demands, m)
    assert broken(demands, layout_of(demands, n), small) == broken(demands, layout_of(demands, m), large) == []
    assert len(lost(small, large)) == 0


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 1500), st.integers(1, 1500))
def test_between_checkpoints_only_slots_beyond_the_last_one_may_change(seed: int, n: int, m: int) -> None:
    n, m = sorted((n, m))
    demands = usual(seed)
    last = max([end for end in checkpoints(n) if end < n], default=0)
    assert (lost(planned(demands, n), planned(demands, m)) >= last).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS, SIZES, SIZES)
def test_any_demands_change_no_slot_before_the_last_common_segment(seed: int, n: int, m: int) -> None:
    """However hard they are, unless the last segment could not be planned by itself and others had to give way."""
    n, m = sorted((n, m))
    demands = random_demands(seed, most_facts=12)
    small, large = possible(demands, n), possible(demands, m)
    assert broken(demands, layout_of(demands, m), large) == []
    common = [0, *(end for end in small.ends[:-1] if end in large.ends)]
    mended = max(abs(len(made.ends) - len(checkpoints(len(made.holds)))) for made in (small, large))
    if not mended:
        assert (lost(small, large) >= common[-1]).all()


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([100, 200, 500, 1000]), st.floats(0.05, 0.45))
def test_a_varied_plan_grows_as_its_base_does_but_for_a_few_roundings(seed: int, n: int, share: float) -> None:
    demands = usual(seed)
    targets = demands.targets.copy()
    targets[1] = share
    wanted = replace(demands, targets=targets)
    small, large = (vary(planned(demands, size), wanted, layout_of(demands, size)) for size in (n, 3 * n))
    assert broken(wanted, layout_of(demands, n), small) == broken(wanted, layout_of(demands, 3 * n), large) == []
    assert len(lost(small, large)) <= max(6, 0.03 * n)


@given(st.integers(1, 10**7))
def test_checkpoints_are_few_and_those_of_a_larger_plan(n: int) -> None:
    ends = checkpoints(n)
    assert ends[-1] == n
    assert all(one < other for one, other in pairwise(ends))
    assert len(ends) <= 12 * len(str(n))
    assert ends[:-1] == [end for end in checkpoints(10 * n) if end < n]


@pytest.mark.parametrize(
    ("bad", "cuts"),
    [
        (set(), (1, 2, 3, 4, 5, 6)),
        ({(1, 2)}, (1, 3, 4, 5, 6)),
        ({(1, 2), (1, 3)}, (1, 5, 6)),
        ({(5, 6)}, (1, 2, 3, 4, 5, 6)),
    ],
)
def test_a_segment_that_cannot_stand_alone_is_planned_with_what_follows(
    bad: set[tuple[int, int]], cuts: tuple[int, ...]
) -> None:
    assert in_segments(range(1, 7), lambda start, end: (start, end) not in bad) == (cuts, (5, 6) not in bad)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 1000))
def test_no_document_has_three_central_facts_where_a_third_of_its_facts_are(seed: int, n: int) -> None:
    """But in the first segments, which have few documents to exchange with."""
    demands = usual(seed)
    made = planned(demands, n)
    central = ((made.holds == 1) & (made.prominence == 0)).sum(axis=1)
    assert (central > 2).sum() <= 3
    assert (central[100:] > 2).sum() == 0
