"""An index of keys is a dictionary that keeps the first value, in less memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.files import key_index
from docgen.files.key_index import KeyIndex

# Few heads, so that keys which agree in their first half are met.
KEYS = st.builds(
    lambda head, tail: head * 8 + tail, st.sampled_from([b"\0", b"\1", b"\xff"]), st.binary(min_size=7, max_size=8)
)


@given(st.lists(st.tuples(KEYS, st.integers(0, 2**63 - 1))), st.lists(KEYS))
def test_it_answers_as_a_dictionary_does(pairs: list[tuple[bytes, int]], others: list[bytes]) -> None:
    """Sorted in after every third key; keys of other lengths too."""
    first: dict[bytes, int] = {}
    index = KeyIndex()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_index, "KEYS_PER_MERGE", 3)
        for key, number in pairs:
            first.setdefault(key, number)
            index.add(key, number)
    assert len(index) == len(first)
    assert sorted(index) == sorted(first)
    assert all(index.get(key) == first.get(key) for key in (*first, *others))


def test_keys_come_in_the_order_of_their_numbers() -> None:
    index = KeyIndex()
    for number in range(5):
        index.add(bytes([200 - number] * 16), number)
    assert list(index) == [bytes([200 - number] * 16) for number in range(5)]
