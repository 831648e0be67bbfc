"""Grades and ideas are paired with documents that suit them, and no share changes by it."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from docgen.planning.assignment.central_facts import keep_implied_supporting, move_central
from docgen.records import AssignedFact, Cast, Community, DocumentType, Idea
from docgen.stages.plan import Plan, plan
from docgen.universe import parse_context
from tests.planning.constraints import layout_of, planned, simple
from tests.worlds import LIGHTHOUSE

IMPLIED, PASSING, CENTRAL = 1, 2, 0
FACTS = ("opened", "keeper", "stairs")
WORLD = parse_context(
    LIGHTHOUSE.replace("salience: 0.3\n", "salience: 0.3\n    known_from: 2025-01-01\n").replace(
        "salience: 0.25\n", "salience: 0.25\n    presupposes: [keeper]\n"
    ),
    "lighthouse.yaml",
)
TYPES = [DocumentType(id=f"t{i}", name=f"type {i}", head_on=i < 2) for i in range(6)]
IDEAS = [
    Idea(
        id=f"{kind.id}.{i}",
        doc_type=kind.id,
        text=f"idea {i}",
        about=() if i == 9 else (FACTS[i % 3],),
        background=i == 9,
    )
    for kind in TYPES
    for i in range(10)
]


def plan_of(
    n: int = 60, types: list[DocumentType] = TYPES, cast: Cast | None = None, **options: dict[str, float]
) -> Plan:
    return plan(WORLD, types, IDEAS, n, 7, cast=cast, **options)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.integers(20, 600))
def test_what_is_implied_is_hardly_ever_passing_while_the_shares_leave_room(seed: int, n: int) -> None:
    """A third is implied, a fifth passing, half supporting; rounding may leave one document without a choice."""
    constraints = simple([0.4, *(np.random.default_rng(seed).random(5) * 0.4 + 0.1)])
    assignment = planned(constraints, n)
    both = (assignment.holds == 1) & (assignment.directness == IMPLIED) & (assignment.prominence == PASSING)
    assert both.sum() <= 1


def test_shares_of_directness_stay_when_rows_exchange_grades() -> None:
    has_fact = np.ones(6, dtype=bool)
    directness = np.array([1, 1, 0, 0, 0, 0], dtype=np.uint8)
    prominence = np.array([2, 0, 1, 1, 0, 2], dtype=np.uint8)
    keep_implied_supporting(has_fact, directness, prominence, np.array([0, 0, 1, 0, 0, 0]))
    assert directness.tolist() == [0, 0, 1, 1, 0, 0]


def test_a_fact_is_central_where_type_or_ideas_suit_it() -> None:
    holds = np.ones((4, 1), dtype=np.uint8)
    prominence = np.array([[0], [1], [2], [0]], dtype=np.uint8)
    move_central(holds, prominence, np.array([[False], [True], [False], [True]]))
    assert prominence[:, 0].tolist() == [1, 0, 2, 0]


def test_a_fact_is_central_in_types_that_do_not_suit_it_only_when_all_others_are_full() -> None:
    constraints = replace(simple([0.4, 0.4, 0.3]), suits=np.array([[True, True, False, False]] * 3))
    assignment, layout = planned(constraints, 400), layout_of(constraints, 400)
    central = (assignment.holds == 1) & (assignment.prominence == CENTRAL)
    assert central[np.isin(layout.types, [0, 1])].sum() > 4 * central[np.isin(layout.types, [2, 3])].sum()


def test_documents_get_ideas_about_their_central_facts() -> None:
    """Each type has three ideas for each fact, and at most half of all ideas are used."""
    about = {idea.id: idea.about for idea in IDEAS}
    slots = [slot for slot in plan_of(30).slots() if any(fact.prominence == "central" for fact in slot.facts)]
    fits = [any(f.fact in about[slot.idea] for f in slot.facts if f.prominence == "central") for slot in slots]
    assert sum(fits) >= 0.9 * len(fits)


def test_no_idea_is_used_twice_while_others_of_its_kind_are_left() -> None:
    """Nine ideas of each type are for documents with facts."""
    slots = [slot for slot in plan_of(50).slots() if slot.facts]
    assert max(Counter(slot.doc_type for slot in slots).values()) <= 9
    assert set(Counter(slot.idea for slot in slots).values()) == {1}


def test_background_ideas_go_to_documents_without_facts_and_to_no_others() -> None:
    background = {idea.id for idea in IDEAS if idea.background}
    assert all((slot.idea in background) == (not slot.facts) for slot in plan_of().slots())


def test_a_plan_for_more_documents_keeps_the_ideas_of_a_plan_for_fewer() -> None:
    """60 is a checkpoint of both plans."""
    few, more = list(plan_of(60).lines()), list(plan_of(90).lines())
    assert few == more[:60]


def test_an_override_changes_no_idea() -> None:
    base, other = list(plan_of(300).slots()), list(plan_of(300, salience={"stairs": 0.4}).slots())
    assert [slot.idea for slot in base] == [slot.idea for slot in other]


def test_no_document_is_dated_before_its_facts_and_what_they_presuppose_are_known() -> None:
    """The stairs presuppose the keeper, who is known from 2025."""
    for slot in plan_of(300).slots():
        if {fact.fact for fact in slot.facts} & {"keeper", "stairs"}:
            assert slot.style.date >= dt.date(2025, 1, 1)


def test_a_type_with_styles_of_its_own_gets_them() -> None:
    kind = TYPES[0].model_copy(
        update={"openings": ("with the title",), "tones": ("dry",), "readers": ("staff",), "words": (500, 600)}
    )
    for slot in plan_of(120, [kind, *TYPES[1:]]).slots():
        styled_by_type = (slot.style.opening, slot.style.tone, slot.style.audience) == (
            "with the title",
            "dry",
            "staff",
        )
        assert styled_by_type == (slot.doc_type == kind.id)
        assert slot.doc_type != kind.id or 500 <= slot.style.words <= 600


@pytest.mark.parametrize(("words", "least"), [((100, 900), 190), ((100, 150), 100)])
def test_a_document_has_room_for_its_facts_unless_the_run_wants_short_ones(words: tuple[int, int], least: int) -> None:
    slots = list(plan(WORLD, TYPES, IDEAS, 200, 7, words=words).slots())
    assert all(words[0] <= slot.style.words <= words[1] for slot in slots)
    assert all(slot.style.words >= least for slot in slots if slot.facts)
    if words[1] == 900:
        assert all(slot.style.words >= 120 + 70 * len(slot.facts) for slot in slots if slot.facts)


def test_no_name_of_the_world_is_frequent() -> None:
    """With 20 given and 20 family names in each of 8 communities, no full name is in more than 0.5% of documents."""
    communities = [
        Community(given=tuple(f"Given{s}x{i}" for i in range(20)), family=tuple(f"Family{s}x{i}" for i in range(20)))
        for s in range(8)
    ]
    cast = Cast(names=tuple(communities), places=tuple(f"Town{i}" for i in range(60)))
    slot_plan = plan_of(2000, cast=cast)
    slots = list(slot_plan.slots())
    names = Counter(name for slot in slots for name in slot.style.names)
    assert max(names.values()) <= 0.005 * 2000
    assert all(len(slot.style.places) == 2 and slot.style.place == slot.style.places[0] for slot in slots)
    assert all(name.startswith("Given") for name in names)
    assert next(slot_plan.lines()).startswith(b'{"id":0')


def test_worlds_with_few_names_give_a_document_fewer_people() -> None:
    """Two instead of four where 800 people would each be in 0.5% of the documents on average."""
    stocks = tuple(
        Community(given=tuple(f"A{s}x{i}" for i in range(20)), family=tuple(f"B{s}x{i}" for i in range(20)))
        for s in range(8)
    )
    few, many = (plan_of(40, cast=Cast(names=names)).slots() for names in (stocks[:2], stocks))
    assert {len(slot.style.names) for slot in few} == {2}
    assert max(len(slot.style.names) for slot in many) == 4


def test_records_and_lines_agree_with_a_cast() -> None:
    cast = Cast(names=(Community(given=("Zoë", "Ida"), family=("Hólm", "Lunt")),), places=("Sø", "Orrick"))
    slot_plan = plan_of(80, cast=cast)
    assert list(slot_plan.lines()) == [to_json(slot) + b"\n" for slot in slot_plan.slots()]
    assert isinstance(slot_plan.slot(0).facts, tuple)
    assert all(isinstance(fact, AssignedFact) for fact in slot_plan.slot(0).facts)


LETTERS = "abcdefgh"
TWICE = 2 * LETTERS
EIGHT = parse_context(
    "id: eight\ntitle: Eight\nuniverse_context: Eight facts hold.\nkey_facts:\n"
    + "".join(f"  - {{id: {x}, statement: Fact {x} holds., salience: 0.3}}\n" for x in LETTERS),
    "eight.yaml",
)
BROAD = [
    idea.model_copy(update={"about": () if idea.background else (LETTERS[i % 8], LETTERS[(i + 3) % 8])})
    for i, idea in enumerate(IDEAS)
]


def fit_of(slots: Plan) -> tuple[int, int]:
    """Ideas about a fact that their document leaves out, and central facts that the idea is about."""
    about = {idea.id: set(idea.about) for idea in BROAD}
    stray = sum(bool(about[slot.idea] - {fact.fact for fact in slot.facts}) for slot in slots.slots() if slot.facts)
    return stray, sum(f.fact in about[s.idea] for s in slots.slots() for f in s.facts if f.prominence == "central")


def test_documents_exchange_facts_so_that_ideas_suit_them_and_no_share_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of facts and grades stay, and facts are as even over types but for a few of the first documents."""

    def counted(slots: Plan) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str]], list[int]]:
        facts = [(slot.doc_type, fact) for slot in slots.slots() for fact in slot.facts]
        grades = Counter((fact.fact, str(fact.directness), str(fact.prominence)) for _, fact in facts)
        return grades, Counter((kind, f.fact) for kind, f in facts), [len(slot.facts) for slot in slots.slots()]

    with_exchanges = plan(EIGHT, TYPES, BROAD, 600, 7)
    for exchange in ("exchange_facts", "rearrange"):
        monkeypatch.setattr(f"docgen.planning.slots.idea_matching.{exchange}", lambda assignment, *_, **__: assignment)
    without = plan(EIGHT, TYPES, BROAD, 600, 7)
    new, old = counted(with_exchanges), counted(without)
    assert (new[0], new[2]) == (old[0], old[2])
    assert max(abs(new[1][key] - old[1][key]) for key in old[1]) <= 3
    assert fit_of(with_exchanges)[0] < 0.5 * fit_of(without)[0]
    assert fit_of(with_exchanges)[1] > 1.1 * fit_of(without)[1]


def test_in_a_small_corpus_hardly_an_idea_is_about_a_fact_that_its_document_leaves_out() -> None:
    """With ideas about one fact or two each, of the first 24 documents; central facts are what ideas are about."""
    ideas = [
        Idea(id=f"{kind.id}.{i}", doc_type=kind.id, text="x", about=tuple(TWICE[i + k : i + k + 1 + i % 2]))
        for k, kind in enumerate(TYPES)
        for i in range(6)
    ]
    slots = list(plan(EIGHT, TYPES, ideas, 24, 7).slots())
    about = {idea.id: idea.about for idea in ideas}
    left_out = sum(bool({*about[slot.idea]} - {fact.fact for fact in slot.facts}) for slot in slots if slot.facts)
    central = [(fact.fact in about[slot.idea]) for slot in slots for fact in slot.facts if fact.prominence == "central"]
    assert left_out <= 1
    assert sum(central) >= 0.8 * len(central)
