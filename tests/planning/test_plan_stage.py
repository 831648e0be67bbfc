"""From a context with types and ideas to slots."""

from dataclasses import asdict
from typing import Any

import pytest
from pydantic_core import to_json

from docgen.errors import PlanError
from docgen.records import DocumentType, Idea, Slot
from docgen.stages.plan import Plan, plan, redraw, styling_of
from docgen.universe import UniverseContext, parse_context
from tests.worlds import LIGHTHOUSE, lighthouse

TYPES = [DocumentType(id=f"t{i}", name=f"Type number {i}") for i in range(6)]
IDEAS = [Idea(id=f"{kind.id}.{i}", doc_type=kind.id, text="About it.") for kind in TYPES for i in range(4)]


def make_plan(n: int = 300, context: UniverseContext | None = None, **options: Any) -> Plan:
    return plan(context or lighthouse(), TYPES, IDEAS, n, 7, **options)


def differing(first: Plan, second: Plan) -> int:
    return sum(a != b for a, b in zip(first.slots(), second.slots(), strict=True))


def test_a_plan_has_n_slots_with_valid_records_in_order() -> None:
    slots = list(make_plan().slots())
    assert [slot.id for slot in slots] == list(range(300))
    assert all(Slot.model_validate_json(to_json(slot)) == slot for slot in slots)
    by_type = {idea.id: idea.doc_type for idea in IDEAS}
    assert all(by_type[slot.idea] == slot.doc_type for slot in slots)
    assert all(300 <= slot.style.words <= 900 for slot in slots)


def test_lines_are_the_records_byte_for_byte() -> None:
    planned = make_plan(n=400)
    assert list(planned.lines()) == [to_json(slot) + b"\n" for slot in planned.slots()]


def test_a_single_slot_is_the_one_that_the_whole_plan_has() -> None:
    planned = make_plan()
    assert [planned.slot(i) for i in (0, 150, 299)] == [list(planned.slots())[i] for i in (0, 150, 299)]
    with pytest.raises(IndexError):
        planned.slot(300)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 333])
def test_every_fact_is_in_its_share_of_the_slots_to_within_one(n: int) -> None:
    counts = {fact.id: 0 for fact in lighthouse().key_facts}
    for slot in make_plan(n).slots():
        for assigned in slot.facts:
            counts[assigned.fact] += 1
    assert all(abs(counts[fact.id] - fact.salience * n) < 1 for fact in lighthouse().key_facts)


def test_equal_inputs_give_equal_plans_and_another_seed_another() -> None:
    assert differing(make_plan(), make_plan()) == 0
    assert differing(make_plan(), plan(lighthouse(), TYPES, IDEAS, 300, 8)) > 100


def test_an_override_changes_just_the_slots_of_that_fact_and_leaves_all_others_byte_identical() -> None:
    base, more = make_plan(), make_plan(salience={"keeper": 0.4})
    changed = [i for i, (a, b) in enumerate(zip(base.lines(), more.lines(), strict=True)) if a != b]
    assert len(changed) == 30 == more.changed_from(base)
    assert all("keeper" in {fact.fact for fact in more.slot(i).facts} for i in changed)


def test_an_override_of_directness_changes_just_that_share() -> None:
    base, other = make_plan(), make_plan(stated={"opened": 0.5})
    assert differing(base, other) == 90


def test_the_report_says_what_was_planned() -> None:
    report = make_plan().report()
    assert report.documents == 300
    assert report.background == report.loads[0] == 30
    assert sum(report.loads) == 300
    first = asdict(report.facts[0])
    assert (first["fact"], first["documents"], first["planned"], first["stated"]) == ("opened", 180, 0.6, 1.0)
    assert 0 <= first["worst_type"] < 10


def test_refills_keep_facts_type_and_length_and_go_through_all_other_ideas() -> None:
    slot = make_plan().slot(5)
    ideas = [idea for idea in IDEAS if idea.doc_type == slot.doc_type]
    styling = styling_of(lighthouse(), TYPES, 7)
    again = [redraw(slot, attempt, ideas, styling) for attempt in range(1, 6)]
    assert again[0] == slot
    assert all((a.facts, a.doc_type, a.style.words) == (slot.facts, slot.doc_type, slot.style.words) for a in again)
    assert len({a.idea for a in again[:4]}) == 4
    assert len({a.seed for a in again}) == 5
    assert again[1] == redraw(slot, 2, ideas, styling)


def test_a_type_without_ideas_is_left_out_and_no_ideas_at_all_are_refused() -> None:
    extra = DocumentType(id="empty", name="No ideas here")
    assert {slot.doc_type for slot in plan(lighthouse(), [*TYPES, extra], IDEAS, 60, 0).slots()} == {
        t.id for t in TYPES
    }
    with pytest.raises(PlanError, match="no document type has an idea"):
        plan(lighthouse(), TYPES, [], 60, 0)


def test_a_fact_limited_to_types_goes_nowhere_else_and_an_unknown_type_is_refused() -> None:
    limited = LIGHTHOUSE.replace("salience: 0.25", "salience: 0.25\n    doc_types: [type number 1, t4]")
    planned = make_plan(context=parse_context(limited, "x.yaml"))
    kinds = {slot.doc_type for slot in planned.slots() if "stairs" in {fact.fact for fact in slot.facts}}
    assert kinds == {"t1", "t4"}
    unknown = LIGHTHOUSE.replace("salience: 0.25", "salience: 0.25\n    doc_types: [sonnet]")
    with pytest.raises(PlanError, match="stairs is limited to document types that do not exist: sonnet"):
        make_plan(context=parse_context(unknown, "x.yaml"))


@pytest.mark.parametrize(
    ("options", "what"),
    [({"salience": {"opend": 0.2}}, "no fact is called 'opend'"), ({"salience": {"opened": 1.2}}, "share 1.2")],
)
def test_invalid_overrides_are_refused(options: dict[str, Any], what: str) -> None:
    with pytest.raises(PlanError, match=what):
        make_plan(**options)
