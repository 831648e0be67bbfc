"""What the embedded writer promises of a document: its facts and no others, its length, its form, its readability."""

import asyncio
import re
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docgen.embedded_writer import EmbeddedWriter
from docgen.embedded_writer.document_types import load_library
from docgen.prompts.replies import parse_document
from docgen.prompts.requests import FactToExpress
from docgen.text import find_normalised, normalise, word_count
from docgen.universe import KeyFact, UniverseContext

from .scenes import LIGHTHOUSE, PROMINENCES, document_request, draft, reply, to_express

TYPES = [grammar.name for grammar in load_library().types]
WORDINGS = {fact.id: (*fact.wordings, *fact.implications) for fact in LIGHTHOUSE.key_facts}
MESSY = {
    "double space": r"\S  +\S",
    "lower case after a full stop": r"(?<!\bpp)(?<!\bNo)(?<![A-Z])(?<!\b\w)[.!?] [a-z]",
    "doubled punctuation": r"[.,;:][.,;]|\?\.|\.\?|!\.",
    "space before punctuation": r" [.,;:?!]",
    "empty section": r"\n\n\n|\*\*\*\*",
    "left-over notation": r"[{}]",
    "colon at a loss": r":\n*\Z",
}


def mentions(text: str, fact_id: str) -> int:
    flat = f" {normalise(text)} "
    return sum(flat.count(f" {normalise(wording)} ") for wording in WORDINGS[fact_id])


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_expresses_each_assigned_fact_once_or_twice_and_no_other(type_name: str) -> None:
    for seed, chosen in enumerate(combinations(LIGHTHOUSE.key_facts, 2)):
        written = draft(document_request(LIGHTHOUSE, type_name, to_express(chosen, seed), seed))
        counts = {fact.id: mentions(written.text, fact.id) for fact in LIGHTHOUSE.key_facts}
        assigned = {fact.id for fact in chosen}
        assert all(1 <= counts[fact] <= 2 for fact in assigned), (counts, written.text)
        assert not any(counts[fact] for fact in counts.keys() - assigned), (counts, written.text)


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_is_readable(type_name: str) -> None:
    for seed in range(8):
        facts = to_express(LIGHTHOUSE.key_facts[: seed % 3], seed)
        text = draft(document_request(LIGHTHOUSE, type_name, facts, seed, 200 + 90 * seed)).text
        found = {name: hit[0] for name, pattern in MESSY.items() if (hit := re.search(pattern, text))}
        assert not found, (found, text)
        assert text.count('"') % 2 == 0, text
        assert text.count("(") == text.count(")"), text
        assert text[0].isupper() or not text[0].isalpha(), text


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_can_do_without_facts(type_name: str) -> None:
    written = draft(document_request(LIGHTHOUSE, type_name, (), 3))
    assert written.closed
    assert written.quotes == ()
    assert not any(mentions(written.text, fact.id) for fact in LIGHTHOUSE.key_facts)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TYPES), st.integers(0, 10_000), st.integers(200, 1600), st.integers(0, 2))
def test_length_is_within_a_quarter_of_what_was_asked(type_name: str, seed: int, words: int, count: int) -> None:
    facts = to_express(LIGHTHOUSE.key_facts[:count], seed)
    text = draft(document_request(LIGHTHOUSE, type_name, facts, seed, words)).text
    assert 0.75 * words <= word_count(text) <= 1.25 * words


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TYPES), st.integers(0, 10_000))
def test_evidence_quotes_are_sentences_of_the_document_that_hold_the_fact(type_name: str, seed: int) -> None:
    written = draft(document_request(LIGHTHOUSE, type_name, to_express(LIGHTHOUSE.key_facts, seed), seed))
    assert {quote.fact for quote in written.quotes} == set(WORDINGS)
    for quote in written.quotes:
        assert quote.text in written.text
        assert any(find_normalised(quote.text, wording) for wording in WORDINGS[quote.fact])


def test_an_implied_fact_is_implied_and_stated_only_where_the_context_has_no_implication() -> None:
    opened, keeper = LIGHTHOUSE.key_facts[:2]
    for seed in range(20):
        wanted = document_request(LIGHTHOUSE, TYPES[seed], to_express((opened, keeper), seed, "implied"), seed)
        text = draft(wanted).text
        assert find_normalised(text, opened.implications[0])
        assert not any(find_normalised(text, wording) for wording in opened.wordings)
        assert find_normalised(text, keeper.statement)


def test_a_central_fact_comes_before_a_passing_one() -> None:
    opened, keeper = LIGHTHOUSE.key_facts[:2]
    facts = (FactToExpress(keeper, "stated", "passing"), FactToExpress(opened, "stated", "central"))
    for seed, type_name in enumerate(TYPES):
        text = draft(document_request(LIGHTHOUSE, type_name, facts, seed)).text
        first = min(span[0] for wording in opened.wordings if (span := find_normalised(text, wording)))
        last = find_normalised(text, keeper.statement)
        assert last is not None
        assert first < last[0]
        assert first < len(text) / 2


def test_equal_requests_get_equal_replies_in_any_order_and_others_differ() -> None:
    requests = [
        document_request(LIGHTHOUSE, TYPES[seed], to_express(LIGHTHOUSE.key_facts, seed), seed) for seed in range(9)
    ]
    writer = EmbeddedWriter()
    forward = [reply(one, writer) for one in requests]
    backward = [reply(one) for one in reversed(requests)]
    assert forward == backward[::-1]
    assert len(set(forward)) == len(forward)
    again = document_request(LIGHTHOUSE, TYPES[0], to_express(LIGHTHOUSE.key_facts, 0), 0, attempt=2)
    assert reply(again) != forward[0]


def test_two_contexts_with_one_id_are_not_confused() -> None:
    other = LIGHTHOUSE.model_copy(
        update={"key_facts": (KeyFact(id="opened", statement="The harbour at Brill freezes over in January."),)}
    )
    writer = EmbeddedWriter()
    reply(document_request(LIGHTHOUSE, "FAQ", to_express(LIGHTHOUSE.key_facts[:1], 1)), writer)
    text = reply(document_request(other, "FAQ", to_express(other.key_facts, 1)), writer)
    assert "harbour at Brill freezes" in text


def test_the_completion_is_free_and_counts_its_tokens() -> None:
    completion = asyncio.run(EmbeddedWriter().complete(document_request(LIGHTHOUSE, "FAQ", ())))
    assert completion.dollars == 0.0
    assert completion.stop_reason == "end_turn"
    assert completion.usage.output > 200
    assert completion.usage.input > 0


words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9)
sentence = st.tuples(
    st.sampled_from(["The", "In", "Brandur", "Every", "9", "\u00c5sa"]), st.lists(words, min_size=4, max_size=30)
).map(lambda parts: f"{parts[0]} {' '.join(parts[1])}.")
contexts = st.lists(sentence, min_size=1, max_size=6, unique=True).map(
    lambda statements: UniverseContext.model_validate(
        {
            "id": "any",
            "title": "Any",
            "universe_context": " ".join(statements),
            "key_facts": [{"id": f"f{i}", "statement": text} for i, text in enumerate(statements)],
        }
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contexts, st.sampled_from(TYPES), st.integers(0, 999), st.data())
def test_in_any_context_the_assigned_facts_are_found_and_quoted(
    context: UniverseContext, type_name: str, seed: int, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(context.key_facts), max_size=3, unique_by=lambda fact: fact.id))
    prominence = data.draw(st.sampled_from(PROMINENCES))
    facts = tuple(FactToExpress(fact, "stated", prominence) for fact in chosen)  # type: ignore[arg-type]
    written = parse_document(reply(document_request(context, type_name, facts, seed)))
    assert written.closed
    assert {quote.fact for quote in written.quotes} == {fact.id for fact in chosen}
    assert all(find_normalised(written.text, fact.statement) for fact in chosen)
