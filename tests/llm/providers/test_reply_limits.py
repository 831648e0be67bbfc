"""A server with a short context refuses a reply that would not fit; the request is sent again with less room.

The refusals are those of vLLM 0.32 and llama.cpp 0.6.0, as seen with a context of 8,192 and 1,024 tokens.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from docgen.errors import RequestFailed
from docgen.llm.doctor import Check, diagnose
from docgen.llm.engine import EngineOptions
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.providers.openai import ChatLLM
from tests.llm.support import MODEL, SCHEMA, request
from tests.loopback import Loopback

Script = Callable[[dict[str, Any]], tuple[int, dict[str, Any], dict[str, str]] | None]
CONTEXT = 8_192
PROVIDERS = [ChatLLM, AnthropicLLM]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdef")


def refused(message: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return 400, {"error": {"message": message, "type": "invalid_request_error", "code": None}}, {}


def short_context(rooms: list[int]) -> Script:
    """Refuses, in vLLM's words, what has no room; notes what was asked for."""

    def script(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]] | None:
        rooms.append(body["max_tokens"])
        if rooms[-1] > CONTEXT:
            return refused(
                f"max_tokens={rooms[-1]} cannot be greater than max_model_len={CONTEXT}. Please request fewer."
            )
        return None

    return script


def ask(provider: Any, script: Script, *requests: Request) -> tuple[Any, list[Completion]]:
    """The provider, and what it brought."""

    async def run(url: str) -> tuple[Any, list[Completion]]:
        llm = provider(base_url=url)
        try:
            return llm, [await llm.complete(each) for each in requests]
        finally:
            await llm.aclose()

    with Loopback() as server:
        server.server.script = script
        return asyncio.run(run(server.url))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_has_no_room_is_sent_with_half_and_the_next_requests_know(provider: Any) -> None:
    rooms: list[int] = []
    longest = request(1, max_tokens=9_500, schema=SCHEMA), request(2, max_tokens=9_500), request(3, max_tokens=600)
    llm, replies = ask(provider, short_context(rooms), *longest)
    assert rooms == [9_500, 4_750, 4_750, 600]
    assert llm.longest_reply == 4_750
    assert llm.structured is True
    assert all(reply.ended for reply in replies)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_prompt_that_is_too_long_is_refused_in_the_servers_first_words(provider: Any) -> None:
    count = 0

    def script(_: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        nonlocal count
        count += 1
        return refused(f"request {count} (1824 tokens) exceeds the available context size (1024 tokens)")

    with pytest.raises(RequestFailed, match=r"request 1 \(1824 tokens\) exceeds"):
        ask(provider, script, request(1, max_tokens=2_000))
    assert count == 3


@pytest.mark.parametrize("provider", PROVIDERS)
def test_any_other_refusal_is_not_repeated(provider: Any) -> None:
    count = 0

    def script(_: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        nonlocal count
        count += 1
        return refused("temperature: must be below 2")

    with pytest.raises(RequestFailed, match="temperature"):
        ask(provider, script, request(1, max_tokens=9_500))
    assert count == 1


def test_the_doctor_tells_of_a_short_context() -> None:
    with Loopback() as server:
        server.server.script = short_context([])
        found: list[Check] = asyncio.run(diagnose(EngineOptions(base_url=server.url), MODEL, max_tokens=10_000))
    (check,) = (check for check in found if check.name == "reply length")
    assert (check.state, "5,000 tokens" in check.detail) == ("note", True)
