"""Text as every stage sees it."""

from hypothesis import given
from hypothesis import strategies as st

from docgen.text import word_count


@given(st.text(st.characters(max_codepoint=127) | st.sampled_from("\u00a0\u2003\u2028é")))
def test_words_are_counted_as_python_splits_them(text: str) -> None:
    assert word_count(text) == len(text.split())
