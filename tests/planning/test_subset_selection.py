"""Selection meets all targets together or names what binds; doses are nested and balanced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.errors import PlanError
from docgen.planning.select.subset_selection import nested_subsets, select_subset


def corpus(seed: int, documents: int, facts: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((documents, facts)) < rng.uniform(0.05, 0.5, facts)).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 200))
def test_targets_that_some_selection_meets_are_met(seed: int, facts: int, n: int) -> None:
    """Targets are read off an existing biased selection, so they are feasible."""
    holds = corpus(seed, 600, facts)
    rng = np.random.default_rng(seed + 1)
    weights = np.exp(holds @ rng.normal(0, 1, facts))
    example = rng.choice(600, size=n, replace=False, p=weights / weights.sum())
    targets = holds[example].mean(axis=0) if n else np.zeros(facts)
    selection = select_subset(holds, targets, n, key=1)
    assert selection.met
    assert len(np.unique(selection.rows)) == n
    assert (np.abs(selection.counts - targets * n) < 1).all()
    assert (holds[selection.rows].sum(axis=0) == selection.counts).all()


def test_equal_seeds_select_equal_documents_and_others_do_not() -> None:
    holds, targets = corpus(0, 5000, 3), np.array([0.2, 0.2, 0.2])
    first, again, other = (select_subset(holds, targets, 300, key) for key in (1, 1, 2))
    assert (first.rows == again.rows).all()
    assert not np.array_equal(first.rows, other.rows)


def test_an_infeasible_target_gives_the_nearest_selection_and_names_the_fact() -> None:
    holds = np.zeros((1000, 2), dtype=np.uint8)
    holds[:120, 0], holds[500:800, 1] = 1, 1
    selection = select_subset(holds, np.array([0.5, 0.3]), 400, key=0)
    assert not selection.met
    assert selection.binding == (0,)
    assert selection.counts.tolist() == [120, 120]
    assert selection.off.tolist() == [-80, 0]


def test_share_zero_admits_no_document_with_the_fact_and_share_one_only_those() -> None:
    selection = select_subset(corpus(3, 4000, 3), np.array([0.0, 1.0, 0.3]), 200, key=5)
    assert selection.counts[:2].tolist() == [0, 200]


def test_asking_for_more_documents_than_the_corpus_has_is_refused() -> None:
    with pytest.raises(PlanError, match="11 documents are wanted and the corpus has 10"):
        select_subset(corpus(0, 10, 2), np.array([0.5, 0.5]), 11, key=0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_doses_are_nested_and_each_within_one_document_of_every_share(seed: int, facts: int) -> None:
    holds = corpus(seed, 1000, facts)
    shares = holds.mean(axis=0)
    subsets = nested_subsets(holds, shares, (50, 200, 600), key=9)
    for size, subset in zip((50, 200, 600), subsets, strict=True):
        assert len(subset.rows) == size
        assert (np.abs(holds[subset.rows].sum(axis=0) - shares * size) < 1 + 1e-9).all()
    assert set(subsets[0].rows) <= set(subsets[1].rows) <= set(subsets[2].rows)
