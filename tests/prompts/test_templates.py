"""What holds for prompts whatever their wording: tags, order, missing variables, what is cached, what the slot asks."""

import re

import pytest
from jinja2 import Environment, UndefinedError, meta

from docgen.audit.judge.requests import judge_request
from docgen.audit.rules.rule import Rule
from docgen.files.resources import folder
from docgen.prompts.requests import render
from docgen.records import AssignedFact, Document
from tests.prompts.cases import CASES, FEEDBACK, OPTIONS, document, marked, ruled
from tests.worlds import lighthouse

ASSIGNED = re.compile(r'<assigned_fact id="([^"]+)">(.*)</assigned_fact>')
TEMPLATES = sorted(folder("templates").glob("*.jinja"))
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


def test_facts_that_were_not_assigned_are_listed_to_be_left_out() -> None:
    user = document((AssignedFact(fact="keeper"),)).user
    left_out = user.split("Facts to leave out")[1]
    statements = [fact.statement for fact in ruled().key_facts]
    assert [statement in left_out for statement in statements] == [True, False, True]


def test_a_document_with_all_facts_has_none_to_leave_out() -> None:
    assert "Facts to leave out" not in document().user


def test_evidence_is_asked_for_each_assigned_fact_and_no_other() -> None:
    asked = re.findall(r'<quote fact="([^"]+)">', document().user)
    assert asked == ["stairs", "opened", "keeper"]
    assert "<quote" not in document(()).user


def test_the_system_text_of_documents_depends_on_the_world_alone() -> None:
    """One cached prefix serves a whole run."""
    systems = {document().system, document((), seed=9).system, document(feedback=FEEDBACK).system}
    assert len(systems) == 1


def test_the_shape_asked_for_a_stated_fact_varies_with_the_seed_and_only_with_it() -> None:
    """Left alone, a model copies the statement: the seed of the slot names another shape."""
    prompts = [document((AssignedFact(fact="opened"),), seed=seed).user for seed in range(10)]
    assert len(set(prompts)) == 10
    assert document(seed=7).user == document(seed=7).user


def test_reasons_of_an_earlier_attempt_are_told_on_one_line_each() -> None:
    user = document(feedback=FEEDBACK).user
    assert '- It tells of a ghost (passage: "A pale keeper walked the gallery.")\n' in user
    assert "- empty\n" in user
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
    request = next(request for case in NAMES if (request := CASES[case]()).template == f"{template}.jinja")
    have = {**_judge_variables(template), **request.variables}
    assert variable in have
    del have[variable]
    with pytest.raises(UndefinedError, match=variable):
        render(template, "system", have), render(template, "user", have)


def _judge_variables(template: str) -> dict[str, object]:
    """The judge's requests keep no variables: what its templates are given."""
    shared = {"facts": ruled().key_facts, "text": "A calm night.", "doc_type": "", "mark": "1f"}
    return {**shared, "rules": (), "banned": ()} if template.startswith("judge_") else {}
