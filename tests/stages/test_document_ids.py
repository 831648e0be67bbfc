"""A document's id has one form, in Python and in a column."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.records import document_id, slot_of
from docgen.stages.corpus import document_ids


@given(st.integers(0, 10**12))
def test_an_id_names_its_slot(slot: int) -> None:
    assert slot_of(document_id(slot)) == slot
    assert slot_of(str(slot)) == slot
    assert pl.select(document_ids(pl.lit(slot))).item() == document_id(slot)


def test_ids_of_one_run_sort_like_their_slots() -> None:
    assert document_id(17) == "d0000017"
    assert sorted(map(document_id, (100, 9, 10))) == ["d0000009", "d0000010", "d0000100"]


@pytest.mark.parametrize("other", ["", "d", "x17", "d-1", "d17 ", "17d", "d" + "9" * 19, "D17"])
def test_anything_else_is_not_an_id(other: str) -> None:
    with pytest.raises(ValueError, match="is not the id of a document"):
        slot_of(other)
