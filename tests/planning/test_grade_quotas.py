"""Grades divide a fact's documents by their shares, to within one document."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from docgen.planning.assignment.grade_quotas import adjust_grades, assign_grades, halton

SHARES = st.lists(st.integers(0, 20), min_size=2, max_size=3).filter(any).map(lambda w: np.array(w) / sum(w))


@given(SHARES, st.integers(0, 400))
def test_each_grade_is_within_one_document_of_its_share(shares: np.ndarray, count: int) -> None:
    grades = assign_grades(halton(np.arange(count), 2), shares)
    counts = np.bincount(grades, minlength=len(shares))
    assert (np.abs(counts - shares * count) < 1).all()


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds_documents(count: int, first: float, second: float) -> None:
    low, high = sorted((first, second))
    draws = halton(np.arange(count), 2)
    stated = [assign_grades(draws, np.array([share, 1 - share])) == 0 for share in (low, high)]
    assert (stated[0] <= stated[1]).all()


@given(SHARES, st.lists(st.booleans(), min_size=1, max_size=200))
def test_adjusting_grades_changes_no_kept_grade_that_can_stay(shares: np.ndarray, kept_flags: list[bool]) -> None:
    staying = np.array(kept_flags)
    draws = halton(np.arange(len(staying)), 3)
    before = assign_grades(draws, shares)
    after = adjust_grades(before, staying, draws, shares)
    counts = np.bincount(after, minlength=len(shares))
    assert (np.abs(counts - shares * len(staying)) < 1).all()
    kept_counts = np.bincount(before[staying], minlength=len(shares))
    forced = np.maximum(kept_counts - np.ceil(shares * len(staying) + 1 - 1e-9) + 1, 0).sum()
    assert (before != after)[staying].sum() <= forced + len(shares)
