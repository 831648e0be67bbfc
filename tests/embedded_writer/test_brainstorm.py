"""Types and ideas from the embedded writer: as many as asked, never one that is there already, no facts in them."""

import json

import pytest

from docgen.embedded_writer.document_types import load_library
from docgen.prompts.replies import parse_ideas, parse_types
from docgen.records import DocumentType
from docgen.text import find_normalised

from .scenes import LIGHTHOUSE, reply, request

TYPES = load_library().types


def ask_types(count: int, exclude: tuple[str, ...] = (), seed: int = 1) -> list[tuple[str, str]]:
    variables = {"context": LIGHTHOUSE, "count": count, "exclude": exclude, "seed": seed}
    population = parse_types(reply(request("types", variables)))
    return [(kind.name, kind.description) for kind in population.types] if population else []


def ask_ideas(doc_type: str, count: int, exclude: tuple[str, ...] = (), seed: int = 1) -> list[str]:
    kind = DocumentType(id="t", name=doc_type)
    variables = {"context": LIGHTHOUSE, "doc_type": kind, "count": count, "exclude": exclude, "seed": seed}
    return [idea.text for idea in parse_ideas(reply(request("ideas", variables))) or []]


def test_types_come_as_asked_with_descriptions_and_without_those_excluded() -> None:
    first = ask_types(40)
    assert len({name for name, _ in first}) == 40
    assert all(description for _, description in first)
    taken = tuple(name.upper() for name, _ in first)
    rest = ask_types(500, taken)
    assert len(rest) >= 60
    assert not {name.casefold() for name, _ in first} & {name.casefold() for name, _ in rest}


def test_the_first_25_types_have_25_structures() -> None:
    library = load_library()
    assert len({library.nearest(name, text).name for name, text in ask_types(25)}) == 25


def test_no_types_are_given_when_none_are_wanted() -> None:
    assert ask_types(0) == []


@pytest.mark.parametrize("doc_type", [grammar.name for grammar in TYPES])
def test_hundreds_of_different_ideas_for_every_type(doc_type: str) -> None:
    ideas = ask_ideas(doc_type, 300)
    assert len({idea.casefold() for idea in ideas}) == 300
    assert all(idea[0].isupper() or not idea[0].isalpha() for idea in ideas)
    assert all(8 <= len(idea.split()) <= 60 for idea in ideas)


def test_ideas_avoid_those_already_there_and_state_no_fact() -> None:
    first = ask_ideas("FAQ", 50)
    more = ask_ideas("FAQ", 50, exclude=tuple(first))
    assert not set(first) & set(more)
    wordings = [wording for fact in LIGHTHOUSE.key_facts for wording in (*fact.wordings, *fact.implications)]
    assert not any(find_normalised(idea, wording) for idea in first + more for wording in wordings)
    assert any("Orrick" in idea for idea in first)


def test_brainstorming_is_a_function_of_the_seed() -> None:
    assert ask_ideas("FAQ", 20) == ask_ideas("FAQ", 20)
    assert ask_ideas("FAQ", 20) != ask_ideas("FAQ", 20, seed=2)
    assert ask_types(30) == ask_types(30)
    assert ask_types(30) != ask_types(30, seed=2)


def test_replies_are_json() -> None:
    variables = {"context": LIGHTHOUSE, "count": 3, "exclude": (), "seed": 1}
    assert len(json.loads(reply(request("types", variables)))["types"]) == 3


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("FAQ", "FAQ"),
        ("staff circular", "internal memo"),
        ("Investigative newspaper report", "news article"),
        ("Frequently asked questions page", "FAQ"),
        ("Reddit discussion thread", "forum thread"),
        ("Court testimony", "court filing"),
        ("University lecture transcript", "lecture notes"),
        ("Podcast episode", "podcast transcript"),
        ("Slack channel export", "team chat log"),
        ("Book review in a quarterly", "book review"),
    ],
)
def test_a_type_that_a_model_invented_gets_the_nearest_structure(name: str, nearest: str) -> None:
    assert load_library().nearest(name, "").name == nearest


def test_a_type_like_none_still_gets_a_structure_and_always_the_same() -> None:
    library = load_library()
    assert library.nearest("Zwxq", "") is library.nearest("Zwxq", "")
