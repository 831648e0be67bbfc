"""Replies are read as far as they make sense; no reply, however odd, raises."""

import contextlib
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.audit.judge.verdicts import JudgeError, read_judgements
from docgen.prompts.replies import Population, parse_document, parse_ideas, parse_types
from docgen.records import Cast

MARK_TEXTS = (
    "<think> </think> <|channel|> final <|message|> <|im_end|> </s> [INST] [/INST] <document> </document> analysis "
    "{ } [ ] \" ' , : ideas types name \\ “ ” a"
)
MARKS = st.sampled_from(MARK_TEXTS.split())
ANY_TEXT = (
    st.lists(MARKS).map("".join)
    | st.text(st.characters(codec=None, exclude_categories=()))
    | st.text(alphabet='<>/document evidence quote fact="a" decline{}[]"types ideas:,\n')
)


@given(ANY_TEXT)
def test_no_reply_raises(reply: str) -> None:
    """Whatever the model says, parsing gives a value; texts are free of NUL and lone surrogates."""
    draft = parse_document(reply)
    assert "\x00" not in draft.text
    assert draft.text.encode("utf-8").decode("utf-8") == draft.text
    assert parse_types(reply) is None or isinstance(parse_types(reply), Population)
    assert parse_ideas(reply) is None or isinstance(parse_ideas(reply), list)
    with contextlib.suppress(JudgeError):
        verdicts = read_judgements(reply, ["a", "name"], ["rule"], "a text")
        assert set(verdicts.facts) <= {"a", "name"}
        assert set(verdicts.rules) <= {"rule"}


@given(ANY_TEXT)
def test_no_thought_reaches_a_document(thought: str) -> None:
    """Whatever stands in a closed thought ahead of the document; of one that never closes nothing is left."""
    plain = thought.replace("<", "").replace("[", "")
    assert parse_document(f"<think>{plain}SECRET</think><document>plain</document>").text == "plain"
    assert parse_document(f"<think>{plain}SECRET").text == ""


LETTERS = st.text(st.characters(categories=["Ll", "Lu", "Zs"]), min_size=1)


PLAIN = "The ferry left at nine."


@pytest.mark.parametrize(
    "reply",
    [
        f"◁think▷A memo.◁/think▷{PLAIN}",
        f"<seed:think>A <seed:cot_budget_reflect>129</seed:cot_budget_reflect> memo.</seed:think>{PLAIN}<seed:eos>",
        f"<|begin_of_thought|>A memo.<|end_of_thought|>\n\n<|begin_of_solution|>{PLAIN}<|end_of_solution|>",
        f"<reflection>A memo.</reflection>{PLAIN}",
        f"<think>A memo.</think>\n<answer>\n{PLAIN}\n</answer>",
        f"<think></think><response>{PLAIN}</response>",
        f"<scratchpad>\nA memo.\n</scratchpad>\n{PLAIN}",
        f"Here is my thought process:\nA memo.\n\nHere's my response:\n{PLAIN}",
        f"```markdown\n{PLAIN}\n```",
        f"[|assistant|]{PLAIN}[|endofturn|]",
        f"[gMASK]<sop><|assistant|>\n<think></think>\n{PLAIN}<|user|>",
        f"<SPECIAL_11>Assistant\n{PLAIN}<SPECIAL_12>",
        f"<|inner_prefix|>A memo.<|inner_suffix|>{PLAIN}<|assistant_end|>",
    ],
)
def test_thoughts_and_tokens_of_many_models_are_cut_from_an_untagged_document(reply: str) -> None:
    assert parse_document(reply).text == PLAIN


def test_an_answer_inside_a_document_stays() -> None:
    """Only a wrapper around the whole reply is one."""
    text = "<answer>yes</answer> was what the form said, and <answer>no</answer> below."
    assert parse_document(text).text == text
    for block in ("```yaml\nline: N4\n```", "The settings:\n\n```\nline: N4\n```"):
        assert parse_document(block).text == block


@given(st.lists(LETTERS, min_size=1))
def test_a_list_cut_anywhere_keeps_its_whole_items(items: list[str]) -> None:
    whole = json.dumps({"ideas": items}, ensure_ascii=False)
    complete = parse_ideas(whole) or []
    for end in range(len(whole)):
        read = parse_ideas(whole[:end]) or []
        assert read == complete[: len(read)]


CONTROLLED = st.text(st.characters(categories=["Cc", "Ll"]), min_size=1)


@given(CONTROLLED)
def test_no_control_character_reaches_a_document_an_idea_or_a_quote(text: str) -> None:
    """Escape sequences, bells and C1 controls are gone from all that a reply gives; line breaks and tabs stay."""
    draft = parse_document(f'<document>\na{text}b\n</document><evidence><quote fact="f">{text}</quote></evidence>')
    ideas = parse_ideas(json.dumps({"ideas": [text]})) or []
    seen = "".join([draft.text, *(quote.text for quote in draft.quotes), *(idea.text for idea in ideas)])
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


def test_quotes_follow_the_document_in_lines() -> None:
    """By first and last words, completed from the text; a line in the document that looks like one is text."""
    reply = "<document>\na-b: The light went out that day at dusk.\n</document>\na-b: The light went … day at dusk."
    draft = parse_document(reply)
    assert draft.text == "a-b: The light went out that day at dusk."
    assert [(quote.fact, quote.text) for quote in draft.quotes] == [("a-b", "The light went out that day at dusk")]


def test_of_passages_with_the_same_ends_the_shortest_is_quoted() -> None:
    """Three words recur: the passage begins where they stand last before its end."""
    text = "The study of 164 children ran for years. The study of 1,872 nights was done in Montreal that year."
    draft = parse_document(f"<document>\n{text}\n</document>\nmain: The study of … Montreal that year.")
    assert draft.quotes[0].text == "The study of 1,872 nights was done in Montreal that year"


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
        population = parse_types(reply)
        found = population.types if population else []
        assert len(found) <= len(pairs)
        assert all(kind.name for kind in found)


def texts(reply: str) -> list[str] | None:
    ideas = parse_ideas(reply)
    return None if ideas is None else [idea.text for idea in ideas]


def test_ideas_may_be_strings_or_objects() -> None:
    """Compatible servers without structured output vary the form."""
    assert texts('{"ideas": ["a", {"idea": "b"}, {"x": 1}, 3]}') == ["a", "b"]
    assert texts('["a", "b"]') == ["a", "b"]
    assert texts("no idea") is None
    assert texts("[" * 100_000) is None


def test_an_idea_says_what_it_is_about_and_whether_it_is_for_background() -> None:
    """What is not a list of texts, or not a truth value, counts as not said."""
    reply = {"ideas": [{"idea": "a", "about": ["x", 3, "y"], "background": True}, {"idea": "b", "about": "x"}]}
    first, second = parse_ideas(json.dumps(reply)) or []
    assert (first.about, first.background) == (("x", "y"), True)
    assert (second.about, second.background) == ((), False)


def test_a_type_keeps_what_makes_sense_of_its_own_ways() -> None:
    """Lengths out of order, or of the wrong kind, are left to the run's range."""
    fields = {"openings": ["with the date"], "tones": ["dry"], "readers": ["staff"], "head_on": True}
    population = parse_types(
        json.dumps(
            {
                "types": [
                    {"name": "n", "words": [300, 600], **fields},
                    {"name": "m", "words": [600, 300]},
                    {"name": "o", "words": ["a"]},
                ]
            }
        )
    )
    assert population is not None
    kinds = population.types
    assert (kinds[0].words, kinds[0].openings, kinds[0].head_on) == ((300, 600), ("with the date",), True)
    assert [kind.words for kind in kinds[1:]] == [None, None]


def test_names_and_places_come_with_the_types_or_not_at_all() -> None:
    """A stock without family names names nobody."""
    stocks = [{"given": ["Ada"], "family": ["Holm"]}, {"given": ["Bo"]}, "x"]
    population = parse_types(json.dumps({"types": [], "names": stocks, "places": ["Orrick", 3, "Orrick"]}))
    assert population is not None
    cast = population.cast
    assert [(c.given, c.family) for c in cast.names] == [(("Ada",), ("Holm",))]
    assert cast.places == ("Orrick",)
    assert parse_types("") is None
    without = parse_types('["a"]')
    assert without is not None
    assert without.cast == Cast()


QUOTED = "The light went out in 2011. It stood empty, the council says, for eight long years. Then came the books."


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        (
            "It stood empty, the council … for eight long years.",
            "It stood empty, the council says, for eight long years",
        ),
        ("it stood empty the council ... eight long years", "It stood empty, the council says, for eight long years"),
        ("The light went out in […] Then came the books.", QUOTED[:-1]),
    ],
)
def test_a_quote_by_its_ends_becomes_the_passage(quote: str, passage: str) -> None:
    """Case, punctuation and the kind of dots do not matter, nor whether it stands on a line or in an element."""
    for evidence in (f'<quote fact="a-b">{quote}</quote>', f"a-b: {quote}", f'- "a-b" : {quote}'):
        draft = parse_document(f"<document>{QUOTED}</document>\n<evidence>\n{evidence}\n</evidence>")
        assert [(given.fact, given.text) for given in draft.quotes] == [("a-b", passage)]


@pytest.mark.parametrize(
    "quote",
    [
        "Not a word … of this",
        "It stood empty, the council … of nothing at all",
        "Words never written here by … for eight long years",
        "It stood empty, the council … for eight short years",
        "for eight long years … It stood empty, the council",
    ],
)
def test_a_garbled_quote_stands_for_no_passage(quote: str) -> None:
    """An end that the text does not have word for word, or ends in the wrong order: it stays as it is."""
    draft = parse_document(f"<document>{QUOTED}</document><evidence>f: {quote}</evidence>")
    assert draft.quotes[0].text == quote
