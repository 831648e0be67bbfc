"""Shares come with intervals that mean what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.audit.measure.intervals import sampled_share, share_of, upper_bound, wilson


def test_none_of_five_hundred_is_at_most_six_in_a_thousand() -> None:
    """The rule of three, exactly: 1 - 0.05^(1/500)."""
    assert upper_bound(0, 500) == pytest.approx(1 - 0.05 ** (1 / 500))


def test_a_sample_of_everything_leaves_no_doubt() -> None:
    """With the whole corpus judged, bound and interval are the share itself."""
    assert upper_bound(3, 100, 100) == pytest.approx(0.03)
    share = sampled_share(3, 100, 100)
    assert (share.low, share.high) == (0.03, 0.03)


@given(st.integers(1, 400), st.data())
def test_intervals_hold_their_share(total: int, data: st.DataObject) -> None:
    """Low <= share <= high, within 0 and 1, for counts and samples of any size; a finite corpus narrows them."""
    count = data.draw(st.integers(0, total))
    population = data.draw(st.integers(total, 5000))
    for share in (share_of(count, total), sampled_share(count, total, population)):
        assert 0 <= share.low <= share.share <= share.high <= 1
    low, high = wilson(count, total)
    sampled = sampled_share(count, total, population)
    assert sampled.high - sampled.low <= high - low + 1e-9


@given(st.integers(1, 200), st.integers(0, 300), st.data())
def test_an_upper_bound_is_a_possible_share_not_below_the_sample(total: int, more: int, data: st.DataObject) -> None:
    """The bound for a finite corpus lies between the sample's count and all that it leaves possible."""
    count = data.draw(st.integers(0, total))
    population = total + more
    bound = upper_bound(count, total, population)
    assert count / population <= bound <= 1
    if count < total:
        assert bound <= (population - (total - count)) / population


def test_without_documents_nothing_is_known() -> None:
    """No trials: the interval is everything, and dividing by zero does not come up."""
    assert wilson(0, 0) == (0.0, 1.0)
    assert upper_bound(0, 0) == 1.0
    assert (share_of(0, 0).share, sampled_share(0, 0, 10).high) == (0.0, 1.0)
