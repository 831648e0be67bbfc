"""Vectors of documents, and the pairs that are near."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.embedding import neighbours
from docgen.embedding.document_vectors import document_vectors, pieces_of, sentences_of, unit_rows
from docgen.embedding.neighbours import near_pairs
from tests.embedding.toy import ToyEmbedder, reworded


@given(st.integers(0, 60), st.integers(1, 4), st.integers(0, 2**32 - 1), st.floats(-0.5, 0.99))
@settings(max_examples=40, deadline=None)
def test_near_pairs_are_those_of_the_slow_definition(n: int, groups: int, seed: int, least: float) -> None:
    """Any number of rows and groups, huge group numbers too: every pair once, the lower row first, nearest first."""
    draw = np.random.default_rng(seed)
    rows = unit_rows(draw.normal(size=(n, 5)).astype(np.float32))
    of = draw.integers(0, groups, n) + 2**62
    found = near_pairs(rows, least, of)
    slow = {
        (i, j) for i in range(n) for j in range(i + 1, n) if of[i] == of[j] and float(rows[i] @ rows[j]) >= least + 1e-6
    }
    pairs = set(map(tuple, found.rows.tolist()))
    assert slow <= pairs
    assert len(pairs) == len(found.rows) == found.found
    assert all(a < b and of[a] == of[b] and rows[a] @ rows[b] >= least - 2e-6 for a, b in pairs)
    assert (np.diff(found.cosine) <= 0).all()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = unit_rows(np.random.default_rng(1).normal(size=(100, 6)).astype(np.float32))
    whole, seen = near_pairs(rows, 0.5), list[int]()
    monkeypatch.setattr(neighbours, "ROWS_PER_BLOCK", 7)
    parts = near_pairs(rows, 0.5, progress=seen.append)
    assert parts.rows.tolist() == whole.rows.tolist()
    assert sum(seen) == 100


def test_only_the_nearest_are_kept_and_all_are_counted() -> None:
    """100,000 copies of one text would be 5 billion pairs: memory is bounded, the count is true."""
    rows = np.ones((3000, 1), np.float32)
    found = near_pairs(rows, 0.9, limit=50)
    assert found.rows.tolist() == [[0, j] for j in range(1, 51)]
    assert found.found == 3000 * 2999 // 2


def test_copies_have_a_cosine_of_one() -> None:
    """Whatever their numbers round to."""
    row = np.random.default_rng(3).normal(size=(1, 384)).astype(np.float32)
    found = near_pairs(unit_rows(np.repeat(row, 3, axis=0)), 1.0)
    assert len(found.rows) == 3
    assert found.cosine.max() <= 1


def test_a_long_document_is_cut_into_windows_of_a_bounded_number() -> None:
    text = " ".join(f"w{i}" for i in range(1000))
    windows = pieces_of(text, 20, limit=16)
    assert len(windows) == 16
    assert windows[0].startswith("w0 ")
    assert windows[-1].endswith("w999")
    assert all(len(window.split()) == 20 for window in windows)
    assert " ".join(pieces_of(text, 20, limit=100)) == text


@pytest.mark.parametrize("text", ["", " \n", "x" * 100_000, "\0", "水" * 5000, "\ud800", "word"])
def test_any_text_has_a_vector(text: str) -> None:
    rows = document_vectors(ToyEmbedder(), [text, "a car"])
    assert rows.shape[0] == 2
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert all(0 <= start <= end <= len(text) for start, end in sentences_of(text))


def test_documents_that_say_the_same_are_near_wherever_it_stands() -> None:
    """The second half counts as much as the first, beyond what the model reads at once."""
    first = "the big car stops at the shop " * 6
    second = "a child is ill and the doctor must help " * 6
    one, same, half = first + second, reworded(first + second), first + "rain falls on a far blue sea " * 9
    a, b, c = document_vectors(ToyEmbedder(), [one, same, half])
    assert a @ b > 0.99
    assert a @ c < 0.95
