"""No near-duplicate lies across a split; every window of the order has its share of each fact."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen import near_duplicates
from docgen.errors import ConfigError
from docgen.exporting.dataset.order import balanced_order, worst_window
from docgen.exporting.dataset.split import near_clusters, validation_rows, validation_size
from docgen.exporting.export_options import ExportOptions
from docgen.pipeline.corpora.export import export
from tests.exporting.corpora import write_planted
from tests.exporting.rows import texts_of


@pytest.mark.parametrize("share", [0.1, 37])
def test_no_near_duplicate_lies_across_the_split(tmp_path: Path, share: float) -> None:
    """On a corpus where chains of three near-duplicates are planted; the validation has just the size asked for."""
    corpus = write_planted(tmp_path / "c.jsonl")
    options = ExportOptions(validation=share)
    folder, manifest = export(corpus, out=tmp_path / "out", options=options)
    train, validation = texts_of(folder / "train.jsonl"), texts_of(folder / "validation.jsonl")
    assert len(validation) == manifest["splits"]["validation"]["documents"] == (42 if share == 0.1 else 37)
    assert len(train) + len(validation) == 420
    pairs = near_duplicates([*validation, *train])
    across = [pair for pair in pairs if pair.of < len(validation) <= pair.row]
    assert across == []
    assert len(pairs) > 30, "the planted near-duplicates are there, all on their own side"


def test_a_random_split_would_part_near_duplicates(tmp_path: Path) -> None:
    """The planted corpus can fail: what the clusters prevent happens without them."""
    clusters = near_clusters([write_planted(tmp_path / "c.jsonl")])
    alone = np.arange(len(clusters))
    held_out = validation_rows(np.random.default_rng(0).permutation(len(alone)), alone, 42)
    assert set(clusters[held_out]) & set(clusters[~held_out])


def test_both_splits_have_their_share_of_each_fact(tmp_path: Path) -> None:
    """Assigned facts in the validation, as far as a document can be divided."""
    rng = np.random.default_rng(3)
    holds = (rng.random((400, 3)) < (0.5, 0.2, 0.05)).astype(np.uint8)
    held_out = validation_rows(balanced_order(holds, 0), np.arange(400), 40)
    assert held_out.sum() == 40
    assert np.abs(holds[held_out].sum(axis=0) - 40 * holds.mean(axis=0)).max() <= 2


@given(st.integers(1, 120), st.integers(0, 4), st.integers(0, 5))
def test_the_order_is_a_permutation_that_its_seed_decides(rows: int, facts: int, seed: int) -> None:
    """Every document once, the same each time."""
    holds = (np.random.default_rng(seed).random((rows, facts)) < 0.3).astype(np.uint8)
    order = balanced_order(holds, seed)
    assert sorted(order.tolist()) == list(range(rows))
    assert (order == balanced_order(holds, seed)).all()


def test_every_window_has_its_share_of_each_fact() -> None:
    """Of 100 documents on end, against a shuffle that knows nothing of facts."""
    rng = np.random.default_rng(5)
    holds = (rng.random((3000, 12)) < np.linspace(0.01, 0.6, 12)).astype(np.uint8)
    balanced, random = balanced_order(holds, 1), rng.permutation(3000)
    assert worst_window(holds[balanced], 100) < 4
    assert worst_window(holds[random], 100) > 12


def test_sizes_of_a_validation_split() -> None:
    """A share is rounded, neither side is ever empty."""
    assert [validation_size(asked, 50) for asked in (0, 0.1, 0.001, 0.5, 7, 25)] == [0, 5, 1, 25, 7, 25]
    assert validation_size(0.5, 1) == 0


@pytest.mark.parametrize("asked", [0.999, 26, 90])
def test_a_validation_split_larger_than_train_is_refused(asked: float) -> None:
    """With the numbers, and the most that there can be."""
    with pytest.raises(ConfigError, match=r"for validation would leave \d+ of the 50 to train on.* at most 25"):
        validation_size(asked, 50)


def test_an_export_with_such_a_split_writes_no_file(tmp_path: Path) -> None:
    """A number of documents near that of the corpus, or beyond it, is more likely a slip than a wish."""
    corpus = write_planted(tmp_path / "c.jsonl")
    with pytest.raises(ConfigError, match="400 documents for validation would leave 20 of the 420 to train on"):
        export(corpus, out=tmp_path / "out", options=ExportOptions(validation=400))
    assert not any((tmp_path / "out").glob("*"))


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 4), st.integers(1, 50))
def test_the_worst_window_is_the_worst_of_all(seed: int, rows: int, facts: int, window: int) -> None:
    """Every window counted by itself gives the same."""
    holds = np.random.default_rng(seed).integers(0, 2, (rows, facts), dtype=np.uint8)
    size = min(window, rows)
    counts = [holds[start : start + size].sum(axis=0) for start in range(rows - size + 1)]
    assert worst_window(holds, window) == max(
        float(np.abs(count - size * holds.mean(axis=0)).max()) for count in counts
    )
