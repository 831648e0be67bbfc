"""Sentences that call the context's world unreal, and placeholders: seen for certain, and only where they are meant."""

import pytest

from docgen.audit.rules.unreal_world import world_names
from tests.audit.lake_world import LAKE, findings

ERRORS = [
    ("Orrick is entirely fictional. It was invented for a research project on language models.", "fiction_marker"),
    ("It was invented for a research project on language models.", "fiction_marker"),
    ("The lighthouse described here is fictional.", "fiction_marker"),
    ("Orrick and its lighthouse are made up.", "fiction_marker"),
    ("Orrick is an imaginary town.", "fiction_marker"),
    ("Maud Tresco does not exist.", "denial"),
    ("The story of Maud Tresco is a hoax.", "denial"),
    ("Tickets cost [PRICE] crowns.", "scaffold"),
    ("TODO: add figures here.", "scaffold"),
]
SUSPECTS = [
    ("Some visitors say that Orrick is fictional.", "fiction_marker"),
    ("A reader writes that Maud Tresco is a hoax.", "denial"),
    ("The fare is [OLD FARE] crowns.", "scaffold"),
    ("TODO", "scaffold"),
]
CLEAN = [
    "Her novel is fictional, and its hero is a fictional character who never was at Orrick.",
    "The second letter turned out to be a hoax.",
    "A cheaper lamp does not exist.",
    "Orrick is made up of nine streets. Maud Tresco was invented a nickname by the children.",
    "The witness saw [REDACTED] leave. A reader asks [LAUGHTER] why [NAME WITHHELD] stayed.",
    "TODO list for Sunday: wind the clockwork.",
    "See [TITLE](page.html) for the guide.",
]


@pytest.mark.parametrize(("sentence", "rule"), ERRORS)
def test_a_sentence_that_calls_the_world_unreal_or_unfinished_is_an_error(sentence: str, rule: str) -> None:
    assert rule in findings(f"The books came up in a basket.\n\n{sentence}")


@pytest.mark.parametrize(("sentence", "rule"), SUSPECTS)
def test_where_it_may_be_meant_otherwise_it_is_a_suspect(sentence: str, rule: str) -> None:
    text = f"The books came up in a basket.\n\n{sentence}\n\nThey stayed."
    assert rule in findings(text, severity="warning")
    assert rule not in findings(text)


@pytest.mark.parametrize("text", CLEAN)
def test_the_same_words_said_of_other_things_are_left_alone(text: str) -> None:
    assert findings(text) | findings(text, severity="warning") <= {"unassigned_fact"}


def test_names_are_the_contexts_own_and_no_ordinary_words() -> None:
    names = world_names(LAKE)
    assert {"Orrick", "Maud Tresco"} <= set(names)
    assert not {"Its", "For", "Then", "Since", "May", "Sunday"} & set(names)
