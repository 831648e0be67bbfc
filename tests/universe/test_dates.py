"""A context can set the span of days on which its documents are written."""

import datetime as dt

import pytest

from docgen.errors import ContextError
from docgen.records import DocumentType, Idea, Slot
from docgen.stages.plan import plan
from docgen.universe import Dates, UniverseContext, parse_context
from tests.worlds import LIGHTHOUSE

KINDS = [DocumentType(id="t", name="Letter")]
IDEAS = [Idea(id="t.1", doc_type="t", text="About it.")]


def world(dates: str) -> UniverseContext:
    return parse_context(f"{LIGHTHOUSE}{dates}\n", "lighthouse.yaml")


def slots(context: UniverseContext) -> list[Slot]:
    return list(plan(context, KINDS, IDEAS, 300, 7).slots())


def test_without_the_key_nothing_changes() -> None:
    """Nor with the default days written out: contexts older than the key keep their digest."""
    plain, spelt = world(""), world("dates: {first: 2023-01-01, last: 2025-09-26}")
    assert plain == spelt
    assert plain.digest == spelt.digest != world("dates: {last: 2024-12-31}").digest
    assert {slot.style.date.year for slot in slots(plain)} == {2023, 2024, 2025}


def test_documents_are_dated_within_the_span_and_are_otherwise_the_same() -> None:
    dated, default = slots(world("dates: {first: 1931-12-30, last: 1932-03-01}")), slots(world(""))
    days = {slot.style.date for slot in dated}
    assert min(days) >= dt.date(1931, 12, 30)
    assert max(days) <= dt.date(1932, 3, 1)
    assert len(days) > 55
    undated = [slot.model_copy(update={"style": slot.style.model_copy(update={"date": None})}) for slot in dated]
    assert undated == [
        slot.model_copy(update={"style": slot.style.model_copy(update={"date": None})}) for slot in default
    ]


def test_one_end_may_be_left_out() -> None:
    assert world("dates: {first: 2024-03-01}").dates.last == Dates().last
    assert world("dates: {last: 2024-03-01}").dates.first == Dates().first


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ("dates: {first: 12 March 2024}", ("dates.first", "'12 March 2024'", "Write it as 2024-03-12")),
        ("dates: {first: 2024-02-30}", ("dates.first", "2024-02-30", "Write it as")),
        ("dates: {first: 20240312}", ("dates.first", "20240312", "Write it as")),
        ("dates: {last: 9999-12-31}", ("dates.last", "9999-12-31", "to 2999-12-31")),
        ("dates: {last: [2024]}", ("dates.last", "2024", "Write it as")),
        ("dates: {first: 2024-05-01, last: 2024-04-30}", ("first 2024-05-01 after last 2024-04-30", "earlier")),
        ("dates: {first: 2026-01-01}", ("first 2026-01-01 after last 2025-09-26", "give both")),
        ("dates: {first: 1200-01-01, last: 1400-01-01}", ("more than 100 years", "shorter")),
        ("dates: {from: 2024-01-01}", ("from is not a key of dates", "first")),
        ("dates: {first: }", ("dates.first has no value",)),
        ("dates: 2024", ("dates is text, but should be a mapping",)),
    ],
)
def test_an_invalid_span_is_refused_with_what_to_write(dates: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ContextError) as caught:
        world(dates)
    assert [word for word in words if word not in str(caught.value)] == []
