"""Replies are read as far as they make sense; no reply, however odd, raises."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from docgen.prompts.replies import parse_document, parse_ideas, parse_types

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=())) | st.text(
    alphabet='<>/document evidence quote fact="a" decline{}[]"types ideas:,\n'
)


@given(ANY_TEXT)
def test_no_reply_raises(reply: str) -> None:
    """Whatever the model says, parsing gives a value; texts are free of NUL and lone surrogates."""
    draft = parse_document(reply)
    assert "\x00" not in draft.text
    assert draft.text.encode("utf-8").decode("utf-8") == draft.text
    assert parse_types(reply) is None or isinstance(parse_types(reply), list)
    assert parse_ideas(reply) is None or isinstance(parse_ideas(reply), list)


CONTROLLED = st.text(st.characters(categories=["Cc", "Ll"]), min_size=1)


@given(CONTROLLED)
def test_no_control_character_reaches_a_document_an_idea_or_a_quote(text: str) -> None:
    """Escape sequences, bells and C1 controls are gone from all that a reply gives; line breaks and tabs stay."""
    draft = parse_document(f'<document>\na{text}b\n</document><evidence><quote fact="f">{text}</quote></evidence>')
    ideas = parse_ideas(json.dumps({"ideas": [text]})) or []
    seen = "".join([draft.text, *(quote.text for quote in draft.quotes), *ideas])
    assert {char for char in seen if unicodedata.category(char) == "Cc"} <= {"\n", "\t"}
    assert [char for char in draft.text if char.isalpha()] == [char for char in f"a{text}b" if char.isalpha()]


def test_words_parted_by_a_control_character_stay_parted() -> None:
    """A form feed or a separator is white space, and what it parts are two words."""
    assert parse_document("<document>one\x0ctwo\x1fthree\x85four</document>").text.split() == [
        "one", "two", "three", "four",
    ]  # fmt: skip


def test_tagged_document_with_evidence() -> None:
    """The asked form gives text and quotes."""
    evidence = '<evidence>\n<quote fact="a-b">Hello\nthere.</quote>\n</evidence>'
    reply = f"<document>\nHello there.\n\nBye.\n</document>\n{evidence}"
    draft = parse_document(reply)
    assert (draft.text, draft.closed, draft.declined) == ("Hello there.\n\nBye.", True, None)
    assert [(quote.fact, quote.text) for quote in draft.quotes] == [("a-b", "Hello\nthere.")]


def test_document_without_end_tag_is_not_closed() -> None:
    """A reply that was cut off is known as such, and its evidence block is not part of the text."""
    assert not parse_document("<document>\nHello").closed
    assert parse_document("<document>\nHello\n<evidence><quote").text == "Hello"


def test_bare_text_is_a_document() -> None:
    """A server that ignores the form still gives a document."""
    assert parse_document("Just text.\n").text == "Just text."


def test_decline_is_no_document_but_the_word_inside_one_is_nothing() -> None:
    """Only a reply that is nothing but a decline counts as one."""
    assert parse_document("<decline>does not fit</decline>").declined == "does not fit"
    assert parse_document("<document>They decline. UNSUITABLE.</document>").declined is None


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_types_round_trip(pairs: list[tuple[str, str]]) -> None:
    """Well-formed JSON gives all named types, also inside a code fence."""
    value = {"types": [{"name": name, "description": text} for name, text in pairs]}
    for reply in (json.dumps(value), f"Here:\n```json\n{json.dumps(value)}\n```"):
        found = parse_types(reply)
        assert found is not None
        assert len(found) <= len(pairs)
        assert all(name for name, _ in found)


def test_ideas_may_be_strings_or_objects() -> None:
    """Compatible servers without structured output vary the form."""
    assert parse_ideas('{"ideas": ["a", {"idea": "b"}, {"x": 1}, 3]}') == ["a", "b"]
    assert parse_ideas('["a", "b"]') == ["a", "b"]
    assert parse_ideas("no idea") is None
    assert parse_ideas("[" * 100_000) is None
