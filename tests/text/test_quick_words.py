"""What is done quickly with Latin text says what the slow definitions say of any text."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from docgen.text import find_words, token_estimate, word_count
from docgen.text.word_definition import SPACELESS_LETTER, WORD, has_spaceless, is_latin, split_words, word_edges
from docgen.text.words_and_sentences import FOREIGN, TOKENS_PER_WORD

PIECES = (
    *(
        "plain words",
        " ",
        "\n",
        "_9",
        "don\u2019t",
        "caf\u00e9",
        "e\u0301",
        "\u00a0",
        "\u2003",
        "\x85",
        "\x1f",
        "\u2026",
    ),
    *("\u00bd", "\u0250", "\u4e2d", "\u0e01\u0e34", "\uac00", "\ud800", "\u00ad", "\U0001f600", "\u0915\u094d"),
)
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@given(TEXTS)
def test_words_and_their_places_are_those_of_the_definition(text: str) -> None:
    """`find_words` and `word_edges` agree with the pattern of a word in any script."""
    found = list(WORD.finditer(text))
    assert find_words(text) == [match.group() for match in found]
    assert list(word_edges(text))[: 2 * len(found)] == [edge for match in found for edge in match.span()]
    assert list(accumulate(map(len, split_words(text))))[: 2 * len(found)] == [e for m in found for e in m.span()]


@given(TEXTS)
def test_latin_text_has_no_letter_that_is_counted_apart(text: str) -> None:
    """Where `is_latin` says yes, lengths are words between white space, and tokens follow from them alone."""
    assert has_spaceless(text) == (SPACELESS_LETTER.search(text) is not None)
    if is_latin(text):
        assert not FOREIGN.findall(text)
        assert word_count(text) == len(text.split())
        assert token_estimate(text) == round(len(text.split()) * TOKENS_PER_WORD)
