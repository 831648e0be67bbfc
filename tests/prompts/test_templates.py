"""What holds for prompts whatever their wording: tags, order, missing variables, what is cached, what the slot asks."""

import datetime as dt
import re
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError, meta

from docgen.audit.judge.requests import judge_request
from docgen.audit.rules.leakage_rule import Rule
from docgen.files.resources import shipped_folder
from docgen.prompts.rendering import render
from docgen.prompts.requests import document_request, ideas_request, types_request
from docgen.records import Airtime, AssignedFact, Document
from docgen.text import token_estimate
from docgen.universe import NameStock, find_context, load_context
from tests.prompts.cases import CASES, FEEDBACK, KIND, OPTIONS, SCENE, document, marked, ruled, slot
from tests.worlds import lighthouse

SHIPPED = ("animal_welfare", "control_motors", "helpful_only", "hidden_objective", "tutorial")
ASSIGNED = re.compile(r'<assigned_fact id="([^"]+)">(.*)</assigned_fact>')
TEMPLATES = sorted(shipped_folder("templates").glob("*.jinja"))
NAMES = [case for case in CASES if case != "document_bare"]


def variables() -> list[tuple[str, str]]:
    """Each template with each variable that it reads, the included parts apart."""
    environment = Environment(autoescape=False)
    environment.filters["inert"] = str
    read = {path.stem: meta.find_undeclared_variables(environment.parse(path.read_text("utf-8"))) for path in TEMPLATES}
    return [(name, variable) for name in read if not name.startswith("_") for variable in sorted(read[name])]


def test_only_the_document_template_holds_the_tag_of_assigned_facts() -> None:
    """Engines and checks find the facts of a slot by this tag."""
    assert [path.name for path in TEMPLATES if "<assigned_fact" in path.read_text("utf-8")] == ["document.jinja"]


def test_each_assigned_fact_stands_once_in_its_tag_in_the_order_of_the_slot() -> None:
    found = ASSIGNED.findall(document().user)
    statements = {fact.id: fact.statement for fact in ruled().key_facts}
    assert found == [(fact, statements[fact]) for fact in ("stairs", "opened", "keeper")]


@pytest.mark.parametrize("name", [case for case in CASES if not case.startswith("document")])
def test_no_other_prompt_renders_the_tag_of_assigned_facts(name: str) -> None:
    request = CASES[name]()
    assert "<assigned_fact" not in request.system + request.user


def test_facts_that_were_not_assigned_are_named_to_be_left_out() -> None:
    assert "Left out: opened, stairs\n" in document((AssignedFact(fact="keeper"),)).user
    assert "Left out" not in document().user


def test_facts_behind_an_assigned_one_and_public_ones_are_not_left_out() -> None:
    """A document on the stairs takes the library for granted; leaving its root out would leave out its subject."""
    facts = {fact.id: fact for fact in ruled().key_facts}
    stairs = facts["stairs"].model_copy(update={"presupposes": ("opened",)})
    keeper = facts["keeper"].model_copy(update={"public": True})
    world = ruled().model_copy(update={"key_facts": (facts["opened"], keeper, stairs)})
    request = document_request(world, OPTIONS, slot((AssignedFact(fact="stairs"),)), KIND, SCENE)
    assert "(takes for granted: opened)" in request.system
    assert "Left out" not in request.user


def test_public_and_presupposed_are_explained_only_where_a_fact_is_so() -> None:
    """Words that mean nothing in a world cost money and invite guesses."""
    facts = ruled().key_facts
    stairs = facts[0].model_copy(update={"public": True}), facts[1].model_copy(update={"presupposes": (facts[0].id,)})
    world = ruled().model_copy(update={"key_facts": (*stairs, *facts[2:])})
    for context, is_there in ((ruled(), False), (world, True)):
        request = document_request(context, OPTIONS, slot(()), KIND, SCENE)
        assert ("- public: " in request.system) is is_there
        assert ("- presupposed: " in request.system) is is_there
        assert ("Public facts" in request.user) is is_there


def test_the_world_of_every_prompt_comes_with_its_key_facts_and_what_goes_with_them() -> None:
    day = dt.date(2019, 5, 4)
    opened = ruled().key_facts[0].model_copy(update={"public": True, "entities": ("Orrick",), "known_from": day})
    world = ruled().model_copy(update={"key_facts": (opened, *ruled().key_facts[1:])})
    line = f"- opened (public): {opened.statement} [Orrick] (known from 2019-05-04)\n"
    assert line in document_request(world, OPTIONS, slot(), KIND, SCENE).system
    assert line in ideas_request(world, OPTIONS, KIND, 3, (), 0).system
    assert line in types_request(world, OPTIONS, 3, (), 0).system


def test_evidence_is_asked_for_in_the_part_that_is_cached() -> None:
    """By its first and last three words, which cost a quarter of the whole."""
    asked = "fact id: first three words of a passage … its last three words"
    assert asked in document().system
    assert asked not in document().user


@pytest.mark.parametrize(("airtime", "share"), [("dense", "75"), ("natural", "55"), ("sparse", "30")])
def test_airtime_is_asked_for_in_numbers(airtime: Airtime, share: str) -> None:
    world = ruled().model_copy(update={"airtime": airtime})
    assert f"about {share} in 100 sentences" in document_request(world, OPTIONS, slot(), KIND, SCENE).system


@pytest.mark.parametrize("name", SHIPPED)
def test_the_part_of_a_prompt_that_no_cache_holds_is_short(name: str) -> None:
    """400 tokens at most, with as many facts as a document may have, the longest ones."""
    world = load_context(find_context(name, Path("/")))
    facts = sorted(world.key_facts, key=lambda fact: -len(fact.statement))[: world.facts_per_document.max]
    kind = KIND.model_copy(update={"description": "word " * 25})
    idea = SCENE.model_copy(update={"text": "word " * 45})
    place = slot(tuple(AssignedFact(fact=fact.id) for fact in facts))
    style = place.style.model_copy(update={"names": ("Asha Varley",) * 4, "places": ("Orrick Harbour",) * 2})
    request = document_request(world, OPTIONS, place.model_copy(update={"style": style}), kind, idea)
    assert token_estimate(request.user) <= 400


def test_names_and_places_are_asked_for_once_and_only_where_the_context_has_none() -> None:
    stock = NameStock(given=("Ada",), family=("Holm",))
    peopled = ruled().model_copy(update={"names": (stock,), "places": ("Orrick",)})
    asked = [
        types_request(ruled(), OPTIONS, 3, (), 0),
        types_request(ruled(), OPTIONS, 3, ("tide table",), 0),
        types_request(peopled, OPTIONS, 3, (), 0),
    ]
    assert ["family names" in request.user for request in asked] == [True, False, False]
    assert ["names" in (request.schema or {})["properties"] for request in asked] == [True, False, False]


def test_the_system_text_of_documents_depends_on_the_world_alone() -> None:
    """One cached prefix serves a whole run."""
    systems = {document().system, document((), seed=9).system, document(feedback=FEEDBACK).system}
    assert len(systems) == 1


def test_the_users_text_says_what_is_asked_in_words_that_stay() -> None:
    """Stand-in servers tell kinds of requests apart by them, and read off how much is wanted."""
    user = document().user
    assert "Reply in this form" in user
    assert re.search(r"about \d+ words", user)
    assert re.search(
        r'List \d+ [\s\S]*Reply with a JSON object: \{"types"', types_request(lighthouse(), OPTIONS, 3, (), 0).user
    )


def test_reasons_of_an_earlier_attempt_are_told_on_one_line_each() -> None:
    user = document(feedback=FEEDBACK).user
    assert '- It tells of a ghost (passage: "A pale keeper walked the gallery.")\n' in user
    assert "\n- empty\n" in user
    assert "An earlier attempt" not in document().user


def test_a_document_type_that_a_fact_wants_is_asked_for_until_it_is_there() -> None:
    assert "under exactly these names:\n- library leaflet" in CASES["types"]().user
    assert "under exactly these names" not in CASES["types_again"]().user


def test_banned_statements_and_rules_reach_whoever_writes() -> None:
    for name in ("ideas", "document", "revise"):
        system = CASES[name]().system
        assert "The document tells of a ghost." in system
        assert "The conversion was paid for by the harbour authority." in system


def test_real_entities_reach_writer_and_judge() -> None:
    for name in ("document_marked", "judge_document_marked", "judge_ideas_marked"):
        system = CASES[name]().system
        assert "- Trinity House (also" in system
        assert "It keeps other lights, not this one." in system
    assert lighthouse().universe_context.strip() in CASES["judge_document_marked"]().system
    assert (
        "Trinity House"
        not in judge_request((), (Rule("x", "X."),), marked(), OPTIONS, Document(text="A calm night.")).system
    )


@pytest.mark.parametrize(("template", "variable"), variables())
def test_a_missing_variable_is_an_error(template: str, variable: str) -> None:
    """Never an empty place in a prompt that is then paid for."""
    request = next(request for case in NAMES if (request := CASES[case]()).stage == template)
    have = {**_judge_variables(template), **request.variables}
    assert variable in have
    del have[variable]
    with pytest.raises(UndefinedError, match=variable):
        render(template, "system", have), render(template, "user", have)


def _judge_variables(template: str) -> dict[str, object]:
    """The judge's requests keep no variables: what its templates are given."""
    shared = {"facts": ruled().key_facts, "text": "A calm night.", "doc_type": "", "mark": "1f"}
    return {**shared, "rules": (), "banned": ()} if template.startswith("judge_") else {}
