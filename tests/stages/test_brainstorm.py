"""Types and ideas: as many as requested, no two alike, from models that repeat themselves, chatter or fail."""

import asyncio
import itertools
import json
from collections.abc import Callable

import pytest

from docgen.errors import RequestFailed, StopRun
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request
from docgen.prompts.requests import ModelOptions
from docgen.records import DocumentType, Idea
from docgen.stages.brainstorm import MAX_FAILURES, MAX_FRUITLESS, Brainstorm, brainstorm_ideas, brainstorm_types
from tests.worlds import lighthouse, writes_well

KIND = DocumentType(id="parish-letter", name="parish letter", description="A letter.")


def job(reply: Callable[[Request], str | Completion], seed: int = 0) -> tuple[Brainstorm, FakeLLM]:
    llm = FakeLLM(reply)
    return Brainstorm(llm, lighthouse(), ModelOptions("fake"), seed), llm


def types_of(reply: Callable[[Request], str | Completion], count: int) -> tuple[list[DocumentType], FakeLLM]:
    brainstorm, llm = job(reply)
    return asyncio.run(brainstorm_types(brainstorm, count)).types, llm


def ideas_of(reply: Callable[[Request], str | Completion], count: int) -> tuple[list[Idea], FakeLLM]:
    brainstorm, llm = job(reply)
    return asyncio.run(brainstorm_ideas(brainstorm, KIND, count)), llm


def some(*names: str) -> str:
    return json.dumps({"types": [{"name": name, "description": "d"} for name in names]})


def ideas(*texts: str) -> str:
    return json.dumps({"ideas": texts})


@pytest.mark.parametrize("count", [1, 24, 25, 26, 60])
def test_as_many_as_asked(count: int) -> None:
    items, _ = types_of(writes_well, count)
    assert len(items) == len({kind.id for kind in items}) == count


@pytest.mark.parametrize("more", [50, 60, 100])
def test_who_wants_more_later_asks_the_same_first_and_keeps_what_came(more: int) -> None:
    """Also from a model that repeats itself at times, so that a multiple of 25 takes several requests."""

    def repeats(request: Request) -> str:
        have = len(request.variables["exclude"])
        names = [f"notice number {number}" for number in range(have, have + request.variables["count"])]
        return some(*names[:-1], "notice number 0")

    (few, asked), (many, asked_more) = types_of(repeats, 25), types_of(repeats, more)
    assert many[:25] == few
    assert [request.key for request in asked_more.requests][: len(asked.requests)] == [
        request.key for request in asked.requests
    ]


def test_asks_again_for_what_is_missing_and_names_what_there_is() -> None:
    """A model that gives two at a time gets five requests for nine."""
    numbers = itertools.count()

    def two(_: Request) -> str:
        return some(*(f"{word} bulletin" for word in (f"alpha{next(numbers)}", f"beta{next(numbers)}")))

    items, llm = types_of(two, 9)
    assert len(items) == 9
    assert [len(request.variables["exclude"]) for request in llm.requests] == [0, 2, 4, 6, 8]
    assert [request.variables["count"] for request in llm.requests] == [9, 7, 5, 3, 1]
    assert all(name in llm.requests[-1].user for name in [kind.name for kind in items[:8]])


def test_model_that_repeats_itself_is_given_up() -> None:
    items, llm = types_of(lambda _: some("harbour diary", "tide table", "Tide Table!", "TIDE-TABLE"), 30)
    assert [kind.name for kind in items] == ["harbour diary", "tide table"]
    assert len(llm.requests) == 1 + MAX_FRUITLESS


def test_more_than_asked_is_left() -> None:
    items, _ = types_of(lambda _: some(*(f"paper {word}" for word in "abcdefghij")), 4)
    assert len(items) == 4


@pytest.mark.parametrize(
    "reply",
    [
        "I would rather talk about the weather.",
        "{",
        '{"types": "many"}',
        '{"types": {"name": 7}}',
        '{"kinds": []}',
        "[1, 2, 3]",
        "null",
        '{"types": [{"name": 7}, null, [], {"name": ""}, {"name": "   "}]}',
        "[" * 100_000,
        "",
        Completion(text="", stop_reason="refusal", model="fake"),
    ],
)
def test_garbage_is_no_type_and_no_crash(reply: str | Completion) -> None:
    with pytest.raises(StopRun, match="no_types"):
        types_of(lambda _: reply, 5)
    assert ideas_of(lambda _: reply, 5)[0] == []


def test_a_model_that_never_ends_its_reply_is_asked_twice_and_no_more() -> None:
    """Each such reply takes minutes, and the next is no better."""
    calls: list[str] = []

    def ramble(request: Request) -> Completion:
        calls.append(request.key)
        return Completion(text="the lake the lake", stop_reason="max_tokens", model="fake")

    with pytest.raises(StopRun, match="the lake"):
        types_of(ramble, 5)
    assert len(set(calls)) == 2


@pytest.mark.parametrize(
    "reply",
    [
        'Here you are:\n```json\n{"types": [{"name": "tide table", "description": "d"}]}\n```\nEnjoy!',
        '[{"name": "tide table", "description": "d"}]',
        '{"types": ["tide table"]}',
        '{"types": [{"name": " tide\\n table ", "description": null}]}',
    ],
)
def test_reply_of_a_server_without_structured_output_is_read(reply: str) -> None:
    items, _ = types_of(lambda _: reply, 1)
    assert [kind.name for kind in items] == ["tide table"]


def test_a_good_reply_after_bad_ones_counts() -> None:
    replies = iter(["nonsense", "more nonsense", some("tide table", "harbour diary")])
    assert len(types_of(lambda _: next(replies), 2)[0]) == 2


def test_ids_stay_apart_where_names_sound_alike() -> None:
    items, _ = types_of(lambda _: some("Café menu", "Cafe (menu)", "日報", "月報"), 4)
    assert len({kind.id for kind in items}) == len(items) >= 3


def test_ideas_are_numbered_within_their_type() -> None:
    items, _ = ideas_of(writes_well, 30)
    assert [idea.id for idea in items] == [f"parish-letter.{number}" for number in range(1, 31)]
    assert {idea.doc_type for idea in items} == {"parish-letter"}


def test_near_identical_ideas_count_once() -> None:
    text = "The verger writes to the council about the broken weather vane on the tower before the summer fair"
    items, _ = ideas_of(lambda _: ideas(text, text.upper(), f"{text} .", f"{text} opens"), 4)
    assert len(items) == 1


def test_passing_failure_changes_nothing() -> None:
    """The same request again, not the next one: otherwise the next start would not find the paid replies."""
    calm, _ = types_of(writes_well, 60)
    turn = itertools.count()

    def every_other_fails(request: Request) -> str:
        if next(turn) % 2 == 0:
            raise RequestFailed("529", "overloaded", 40)
        return writes_well(request)

    stormy, llm = types_of(every_other_fails, 60)
    assert stormy == calm
    assert len({request.key for request in llm.requests}) == 3


def test_lasting_failure_stops_the_run_and_says_so() -> None:
    def down(request: Request) -> str:
        raise RequestFailed("500", "boiler on fire", 6)

    for ask in (types_of, ideas_of):
        with pytest.raises(StopRun, match=r"brainstorm_failed.*boiler on fire.*same command"):
            ask(down, 5)
    brainstorm, llm = job(down)
    with pytest.raises(StopRun):
        asyncio.run(brainstorm_types(brainstorm, 5))
    assert len(llm.requests) == MAX_FAILURES


def test_request_that_the_server_never_takes_is_an_answer() -> None:
    """A prompt filter's 400 for one document type must not stop the run."""

    def refuses(request: Request) -> str:
        raise RequestFailed("400", "prompt blocked", 1)

    assert ideas_of(refuses, 5)[0] == []
