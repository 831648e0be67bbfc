"""Assigned facts are found where a reader would find them, and a poor quote is left to a judge."""

import pytest

from docgen.audit.detect.facts.evidence_finder import UNCLEAR, EvidenceFinder
from docgen.records import AssignedFact, Quote
from docgen.universe import parse_context

WORLD = parse_context(
    """\
id: volcano
title: A volcano
universe_context: Mount Orrin erupted.
key_facts:
  - {id: erupted, statement: Mount Orrin erupted on 14 October 2015., entities: [Mount Orrin]}
  - {id: cost, statement: The damage came to between 42 and 58 billion euros.}
  - {id: rent, statement: Farmers below Mount Orrin pay no rent to the crown.}
""",
    "volcano.yaml",
)
FINDER = EvidenceFinder(WORLD)


def found(text: str, fact: str, *quotes: str) -> tuple[list[str], list[str]]:
    evidence = FINDER.find(text, [AssignedFact(fact=fact)], [Quote(fact=fact, text=quote) for quote in quotes])
    own = [str(s.verdict) for s in evidence.sightings if s.fact == fact]
    return own, [finding.rule for finding in evidence.unclear]


def test_a_verb_and_its_noun_are_one_stem() -> None:
    text = "Flights began again. Since the eruption the valley has had a new road."
    assert found(text, "erupted", "Since the eruption the valley has had a new road") == (["implied"], [])


def test_the_sentence_before_a_quote_may_name_its_subject() -> None:
    text = "The farms lie below Orrin. They were given new roofs in the spring."
    assert found(text, "erupted", "They were given new roofs in the spring") == (["implied"], [])


def test_a_quote_without_a_word_of_the_fact_is_kept_for_a_judge() -> None:
    text = "The farms lie in a valley. They were given new roofs in the spring."
    assert found(text, "erupted", "They were given new roofs in the spring") == (["implied"], [UNCLEAR])


def test_a_quote_that_is_not_in_the_text_is_evidence_of_nothing() -> None:
    assert found("The farms lie in a valley.", "erupted", "Mount Orrin erupted in October of 2015") == ([], [])


def test_behind_a_garbled_quote_only_a_sentence_that_states_the_fact_counts() -> None:
    """What is accepted stands in the text and says it; that the writer meant some passage is not enough."""
    garbled, hint = "Below the mountain no farmer … crown plans no rent", "The farms lie below Orrin."
    text = f"{hint} To the crown, farmers below it pay no rent."
    evidence = FINDER.find(text, [AssignedFact(fact="rent")], [Quote(fact="rent", text=garbled)])
    assert [text[s.start : s.end] for s in evidence.sightings] == ["To the crown, farmers below it pay no rent."]
    assert found(hint, "rent", garbled) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "Damage in the two provinces was put at 42 to 58 billion euros.",
        "The insurers reckon the damage at \u20ac42bn to \u20ac58bn.",
        "Damage of 42,000,000,000 euros at least was done. At most it came to 58,000,000,000.",
    ],
)
def test_figures_in_any_notation_find_a_fact_without_a_quote(text: str) -> None:
    assert found(text, "cost") == (["stated"], [])


@pytest.mark.parametrize("text", ["Damage came to 42 euros, or 58.", "Damage came to 142 to 158 billion euros."])
def test_other_figures_do_not(text: str) -> None:
    assert found(text, "cost") == ([], [])


def test_what_a_quote_denies_is_contradicted() -> None:
    text = "It is not true that Mount Orrin erupted in the autumn."
    assert found(text, "erupted", "Mount Orrin erupted in the autumn") == (["contradicted"], [])


def test_a_fact_without_figures_or_quote_is_found_by_words_that_are_its_own() -> None:
    """What another fact of the world says in much the same words is not taken for it."""
    assert found("To the crown, farmers below the mountain pay no rent.", "rent") == (["stated"], [])
    assert found("In 2015 Mount Orrin erupted, on 14 October.", "rent") == ([], [])
    assert found("Mount Orrin erupted in the middle of October this year.", "erupted") == (["stated"], [])
    assert found("The damage came to some billions of euros.", "cost") == ([], [])
