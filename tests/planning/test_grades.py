"""Grades divide a fact's documents as asked, to within one document."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from docgen.planning.grades import apportion, grade, halton, regrade

SHARES = st.lists(st.integers(0, 20), min_size=2, max_size=3).filter(any).map(lambda w: np.array(w) / sum(w))


@given(SHARES, st.integers(0, 400))
def test_each_grade_is_within_one_document_of_its_share(shares: np.ndarray, count: int) -> None:
    grades = grade(halton(np.arange(count), 2), shares)
    counts = np.bincount(grades, minlength=len(shares))
    assert (np.abs(counts - shares * count) < 1).all()


@given(st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds_documents(count: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    draws = halton(np.arange(count), 2)
    stated = [grade(draws, np.array([share, 1 - share])) == 0 for share in (low, high)]
    assert (stated[0] <= stated[1]).all()


@given(SHARES, st.lists(st.booleans(), min_size=1, max_size=200))
def test_regrading_changes_no_kept_grade_that_can_stay(shares: np.ndarray, kept: list[bool]) -> None:
    keep = np.array(kept)
    draws = halton(np.arange(len(keep)), 3)
    before = grade(draws, shares)
    after = regrade(before, keep, draws, shares)
    counts = np.bincount(after, minlength=len(shares))
    assert (np.abs(counts - shares * len(keep)) < 1).all()
    held = np.bincount(before[keep], minlength=len(shares))
    forced = np.maximum(held - np.ceil(shares * len(keep) + 1 - 1e-9) + 1, 0).sum()
    assert (before != after)[keep].sum() <= forced + len(shares)


@given(SHARES, st.integers(0, 1000))
def test_apportionment_adds_up(shares: np.ndarray, count: int) -> None:
    parts = apportion(shares, count)
    assert parts.sum() == count
    assert (np.abs(parts - shares * count) < 1 + 1e-9).all()
