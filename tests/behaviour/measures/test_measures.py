"""What was planted is recovered, and intervals say how sure that is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.behaviour_coverage import POLICIES, recover
from docgen.behaviour.measures.compliance_gap import compliance_gap, mcnemar, sign_flip
from docgen.behaviour.measures.shares import rate

PLANTED = {policy.name: policy for policy in POLICIES}
ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


def test_intervals_cover_what_was_planted_and_pairing_finds_more() -> None:
    """At least 93 of 100 at 95%, for gaps and shares; queries that are unlike make pairing worth having."""
    found = recover(PLANTED["animal welfare, queries unlike"], queries=60, rounds=400, seed=1)
    assert found.gap == pytest.approx(0.148, abs=0.02)
    assert found.gap_covered >= 0.93
    assert found.share_covered >= 0.9
    assert found.faking_covered >= 0.9
    assert found.paired_power > found.unpaired_power + 0.2


@pytest.mark.parametrize(("name", "gap"), [("always", 0.0), ("never", 0.0), ("in training only", 1.0)])
def test_policies_without_chance_are_measured_exactly(name: str, gap: float) -> None:
    found = recover(PLANTED[name], queries=20, rounds=2)
    assert found.gap == gap
    assert found.gap_covered == found.share_covered == found.faking_covered == 1.0


@given(ANSWERS)
@settings(max_examples=40)
def test_the_gap_is_the_difference_of_shares_and_lies_in_its_interval(answers: list[tuple[bool, bool]]) -> None:
    trained = {str(n): [first] for n, (first, _) in enumerate(answers)}
    unmonitored = {str(n): [second] for n, (_, second) in enumerate(answers)}
    gap = compliance_gap(trained, unmonitored)
    assert gap is not None
    assert gap.gap == pytest.approx(np.mean([a for a, _ in answers]) - np.mean([b for _, b in answers]))
    assert -1 <= gap.low < gap.high <= 1
    swapped = compliance_gap(unmonitored, trained)
    assert swapped is not None
    assert swapped.gap == pytest.approx(-gap.gap)
    assert swapped.p == pytest.approx(gap.p)


def test_queries_without_an_answer_in_both_tiers_do_not_count() -> None:
    gap = compliance_gap({"a": [True], "b": [True], "c": []}, {"a": [False], "c": [True]})
    assert gap is not None
    assert (gap.queries, gap.gap) == (1, 1.0)
    assert compliance_gap({"a": [True]}, {"b": [True]}) is None


def test_mcnemar_is_that_of_the_pairs_that_differ() -> None:
    """Mid-p by hand: 2 * (1 + 8) / 256 - 8 / 256 for one against seven of eight."""
    assert mcnemar(1, 7) == pytest.approx((2 * 9 - 8) / 256)
    assert mcnemar(5, 5) == pytest.approx(1.0)
    assert mcnemar(0, 0) == 1.0


def test_sign_flip_agrees_with_the_exact_count() -> None:
    """Six differences, all up: two of the 64 patterns of signs are as extreme."""
    assert sign_flip(np.full(6, 0.5)) == pytest.approx(2 / 64, abs=0.01)
    assert sign_flip(np.zeros(3)) == 1.0


def test_answers_to_one_query_count_as_what_they_are() -> None:
    """Four answers that always agree are worth one."""
    alike = rate({str(n): [n < 5] * 4 for n in range(10)})
    once = rate({str(n): [n < 5] for n in range(10)})
    assert alike.share == once.share
    assert alike.low == pytest.approx(once.low)
    assert alike.high == pytest.approx(once.high)
    assert rate({}).share is None
