"""A plan for more slots begins with the plan for fewer."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from docgen.errors import PlanError
from docgen.planning.assignment.checkpoints import checkpoints, plan_segments
from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.assignment.minimal_change import minimal_change
from docgen.planning.constraints import Constraints
from docgen.planning.slot_layout import Layout
from tests.planning.constraints import broken, layout_of, planned, random_constraints, simple

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.sampled_from(checkpoints(3001)[:-1])
SHORT_SEGMENT = 20
"""Documents, twice what a segment below the checkpoint at 100 has."""


def lost(small: Assignment, large: Assignment) -> np.ndarray:
    """Numbers of the slots of `small` that differ in `large`."""
    n = len(small.holds)
    differs = small.holds != large.holds[:n]
    differs |= (small.directness != large.directness[:n]) | (small.prominence != large.prominence[:n])
    return np.flatnonzero(differs.any(axis=1) | (small.background != large.background[:n]))


def attempt(constraints: Constraints, n: int) -> Assignment:
    """A plan; rejects the example when the constraints are infeasible at this size."""
    try:
        return planned(constraints, n)
    except PlanError:
        assume(False)
        raise


def usual(seed: int) -> Constraints:
    """Typical constraints: facts of moderate share, one pair that goes together, one that never does."""
    rng = np.random.default_rng(seed)
    constraints = simple([0.3, *(rng.integers(10, 41, int(rng.integers(6, 10))) / 100).tolist(), 0.1], maximum=5)
    requires, excludes = constraints.requires.copy(), constraints.excludes.copy()
    requires[-1, 0] = excludes[2, 3] = excludes[3, 2] = True
    return replace(constraints, requires=requires, excludes=excludes)


@given(SEEDS, st.integers(1, 2000), st.integers(1, 2000))
def test_a_slot_s_type_idea_place_and_length_do_not_depend_on_how_many_follow(seed: int, n: int, m: int) -> None:
    def columns(layout: Layout) -> np.ndarray:
        return np.stack([layout.types, layout.ideas, layout.ranks, layout.places, layout.lengths])

    n, m = sorted((n, m))
    constraints = simple([0.4] * 7)
    assert (columns(layout_of(constraints, n, seed)) == columns(layout_of(constraints, m, seed))[:, :n]).all()


@settings(max_examples=25, deadline=None)
@given(SEEDS, SIZES, st.integers(1, 3000))
def test_every_slot_of_a_plan_that_ends_at_a_checkpoint_is_in_every_larger_plan(seed: int, n: int, m: int) -> None:
    """And both meet every share and constraint at their own size."""
    assume(m > n)
    constraints = usual(seed)
    small, large = planned(constraints, n), planned(constraints, m)
    assert (
        broken(constraints, layout_of(constraints, n), small)
        == broken(constraints, layout_of(constraints, m), large)
        == []
    )
    assert len(lost(small, large)) == 0


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(1, 1500), st.integers(1, 1500))
def test_between_checkpoints_only_slots_beyond_the_last_one_may_change(seed: int, n: int, m: int) -> None:
    n, m = sorted((n, m))
    constraints = usual(seed)
    last = max([end for end in checkpoints(n) if end < n], default=0)
    assert (lost(planned(constraints, n), planned(constraints, m)) >= last).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS, SIZES, SIZES)
def test_no_constraints_change_a_slot_before_the_last_common_segment(seed: int, n: int, m: int) -> None:
    """However tight, unless the last segment could not be planned by itself and others had to change."""
    n, m = sorted((n, m))
    constraints = random_constraints(seed, most_facts=12)
    small, large = attempt(constraints, n), attempt(constraints, m)
    assert broken(constraints, layout_of(constraints, m), large) == []
    common = [0, *(end for end in small.ends[:-1] if end in large.ends)]
    repaired = any(len(plan.ends) != len(checkpoints(len(plan.holds))) for plan in (small, large))
    if not repaired:
        assert (lost(small, large) >= common[-1]).all()


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([100, 200, 500, 1000]), st.floats(0.05, 0.45))
def test_a_changed_plan_grows_as_its_base_does_except_for_a_few_roundings(seed: int, n: int, share: float) -> None:
    constraints = usual(seed)
    targets = constraints.targets.copy()
    targets[1] = share
    changed = replace(constraints, targets=targets)
    layouts = [layout_of(constraints, size) for size in (n, 3 * n)]
    small, large = (minimal_change(planned(constraints, len(layout)), changed, layout) for layout in layouts)
    assert [broken(changed, *pair) for pair in zip(layouts, (small, large), strict=True)] == [[], []]
    assert len(lost(small, large)) <= max(6, 0.03 * n)


@given(st.integers(1, 10**7))
def test_checkpoints_are_few_and_those_of_a_larger_plan(n: int) -> None:
    ends = checkpoints(n)
    assert ends[-1] == n
    assert all(smaller < larger for smaller, larger in pairwise(ends))
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
def test_a_segment_that_cannot_be_planned_alone_is_planned_with_what_follows(
    bad: set[tuple[int, int]], cuts: tuple[int, ...]
) -> None:
    assert plan_segments(range(1, 7), lambda start, end: (start, end) not in bad) == (cuts, (5, 6) not in bad)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 1000))
def test_no_document_has_three_central_facts_where_a_third_of_its_facts_are(seed: int, n: int) -> None:
    """Except in short segments, the first ones and perhaps the last: they have few documents to exchange with."""
    constraints = usual(seed)
    plan = planned(constraints, n)
    central = ((plan.holds == 1) & (plan.prominence == 0)).sum(axis=1)
    assert (central > 2).sum() <= 3
    last = ([0, *checkpoints(n)])[-2]  # where the last segment begins
    full = n if n - last >= SHORT_SEGMENT else last
    assert (central[100:full] > 2).sum() == 0
