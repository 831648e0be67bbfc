"""The public fake: a function answers."""

import asyncio

import pytest

from docgen.errors import RequestFailed
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request

from .scenes import request


def test_a_string_becomes_a_finished_completion_and_requests_are_kept() -> None:
    fake = FakeLLM(lambda wanted: f"reply to {wanted.stage}")
    completion = asyncio.run(fake.complete(request("types", {})))
    assert (completion.text, completion.stop_reason, completion.dollars) == ("reply to types", "end_turn", 0.0)
    assert [seen.stage for seen in fake.requests] == ["types"]


def test_a_completion_is_passed_on_as_it_is() -> None:
    refusal = Completion(text="", stop_reason="refusal", model="m")
    assert asyncio.run(FakeLLM(lambda _: refusal).complete(request("ideas", {}))) is refusal


def test_what_the_function_raises_is_raised() -> None:
    def fail(_: Request) -> str:
        raise RequestFailed("429", "slow down")

    with pytest.raises(RequestFailed):
        asyncio.run(FakeLLM(fail).complete(request("ideas", {})))
