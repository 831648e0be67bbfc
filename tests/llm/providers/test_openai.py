"""The chat-completions provider against a strict server, and every promise that the first provider keeps."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.errors import Transient
from docgen.llm.journal import JournalReader
from docgen.llm.protocol import Completion, Request, Usage
from docgen.llm.providers.openai import ChatLLM
from docgen.llm.providers.openai_errors import chat_error, stated_limits
from docgen.llm.providers.openai_format import chat_completion_of, chat_parameters
from docgen.llm.ratelimit.headers import allowances
from tests.e2e.forked_commands import CommandForker
from tests.llm.kill_and_resume import CONCURRENCY, capped, kill_and_resume
from tests.llm.support import SCHEMA, billed, engine_over, request
from tests.loopback import Limits, Loopback, Options, every_fault

KEY = "sk-test-0123456789abcdef"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def ask(llm: ChatLLM, *requests: Request) -> list[Completion]:
    async def run() -> list[Completion]:
        try:
            return [await llm.complete(each) for each in requests]
        finally:
            await llm.aclose()

    return asyncio.run(run())


def test_a_strict_server_accepts_every_kind_of_request_and_the_reply_is_read_whole() -> None:
    with Loopback() as server:
        server.server.keep_bodies = True
        plain, listed = ask(ChatLLM(base_url=server.url), request(1, effort="max"), request(2, schema=SCHEMA))
    assert plain.text.startswith("<document>")
    assert (plain.ended, plain.thought) == (True, True)
    assert plain.usage == Usage(input=server.served[0].input, output=server.served[0].output)
    assert json.loads(listed.text)["ideas"]
    assert server.server.bodies[0]["system"] == "You write."


def test_without_structured_output_the_schema_goes_into_the_prompt_and_is_not_tried_again() -> None:
    with Loopback(Options(structured=False)) as server:
        llm = ChatLLM(base_url=server.url)
        replies = ask(llm, request(1, schema=SCHEMA), request(2, schema=SCHEMA))
        refused = server.server.answers["400"]
    assert (llm.structured, refused) == (False, 1)
    assert all(json.loads(reply.text)["ideas"] for reply in replies)


@pytest.mark.parametrize("room", ["max_tokens", "max_completion_tokens"])
def test_the_field_for_the_length_of_a_reply_is_the_one_that_the_server_knows(room: Any) -> None:
    with Loopback(Options(room=room)) as server:
        ask(ChatLLM(base_url=server.url), request(1), request(2))
        assert server.server.answers["400"] == (room == "max_completion_tokens")


def test_a_kill_loses_at_most_what_was_in_flight(tmp_path: Path, forker: CommandForker) -> None:
    options = Options(faults=every_fault(0.2), latency=0.05, jitter=0.05)
    outcome = kill_and_resume(options, tmp_path, 120, "openai", kills=1, seed=1, longest=0.4, forker=forker)
    assert outcome.replies == 120
    assert outcome.wasted <= len(outcome.kills) * CONCURRENCY
    assert (outcome.notices, outcome.exact) == (0, True)


def test_a_cap_holds_across_a_kill(tmp_path: Path, forker: CommandForker) -> None:
    cap = 0.004
    dollars, replies = capped(Options(latency=0.02), tmp_path, 100, "openai", cap, seed=2, forker=forker)
    assert 0 < dollars <= cap
    assert replies


def test_replies_belong_to_the_engine_that_gave_them_and_cost_what_the_server_says(tmp_path: Path) -> None:
    async def once(url: str, engine: str) -> Completion:
        async with engine_over(url, tmp_path, engine=engine, caching=False) as opened:
            return await opened.llm.complete(request(1))

    with Loopback() as server:
        replies = [asyncio.run(once(server.url, name)) for name in ("openai", "anthropic", "openai")]
    assert [reply.reused for reply in replies] == [False, False, True]
    assert JournalReader(tmp_path / "llm.jsonl").totals.all.dollars == pytest.approx(billed(server.served))


@pytest.mark.parametrize(
    ("status", "error", "expected", "says"),
    [
        (401, {"message": f"Incorrect API key provided: {KEY}"}, StopRun, "OPENAI_API_KEY"),
        (404, {"message": "The model `x` does not exist", "code": "model_not_found"}, StopRun, "--model"),
        (429, {"message": "You exceeded your quota", "code": "insufficient_quota"}, StopRun, "credit"),
        (429, {"message": "Rate limit reached", "type": "requests"}, Transient, "Rate limit"),
        (503, {"message": "overloaded"}, Transient, "overloaded"),
        (400, {"message": "This model's maximum context length is 8192 tokens"}, RequestFailed, "maximum context"),
    ],
)
def test_errors_are_told_apart(status: int, error: dict[str, Any], expected: type, says: str) -> None:
    failed = chat_error(status, {"error": error}, "", {}, "OPENAI_API_KEY")
    assert type(failed) is expected
    assert says in f"{failed} {getattr(failed, 'fix', '')}"


def test_an_error_that_comes_as_a_success_is_an_error_and_never_shows_the_key() -> None:
    with Loopback() as server:
        server.server.script = lambda _: (200, {"error": {"code": 401, "message": f"no such key: {KEY}"}}, {})
        with pytest.raises(StopRun) as caught:
            ask(ChatLLM(base_url=server.url), request())
    assert caught.value.reason == "bad_key"
    assert KEY not in caught.value.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "7", "-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "7", "-requests": "20ms"}, 0.02),
        ({"x-ratelimit-limit": "60", "x-ratelimit-remaining": "7", "": "12"}, 12.0),
    ],
)
def test_rate_limits_of_every_kind_are_read(headers: dict[str, str], seconds: float) -> None:
    named = {name if name.startswith("x-") else f"x-ratelimit-reset{name}": value for name, value in headers.items()}

    limit = allowances(stated_limits(named), time.time())["requests"]
    assert (limit.limit, limit.remaining) == (60, 7)
    assert limit.seconds_to_full == pytest.approx(seconds, abs=0.5)


def test_the_servers_rate_limit_is_kept(tmp_path: Path) -> None:
    """Paced by its headers, a job of four times the burst is hardly ever refused."""

    async def job(url: str) -> None:
        async with engine_over(url, tmp_path, engine="openai", concurrency=16) as engine:
            await asyncio.gather(*(engine.llm.complete(request(n)) for n in range(80)))

    with Loopback(Options(limits=Limits(requests=(100.0, 20.0)))) as server:
        asyncio.run(job(server.url))
    assert len(server.served) == 80
    assert server.server.answers["429"] < 40


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": "hi"}, "stop", ("hi", "stop", False)),
        ({"content": None, "refusal": "I cannot"}, "stop", ("", "refusal", False)),
        ({"content": "h", "reasoning": "hm"}, "length", ("h", "max_tokens", True)),
        ({"content": [{"type": "text", "text": "hi"}]}, None, ("hi", "not stated", False)),
        ({"content": ""}, "content_filter", ("", "refusal", False)),
    ],
)
def test_refusals_thoughts_and_parts_are_read(
    message: dict[str, Any], finish: str | None, expected: tuple[str, str, bool]
) -> None:
    reply = chat_completion_of({"choices": [{"message": message, "finish_reason": finish}], "model": "m"})
    assert (reply.text, reply.stop_reason, reply.thought) == expected
    assert not reply.usage_known


def test_tokens_of_a_cache_are_counted_once() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}}
    reply = chat_completion_of({"choices": [{"message": {"content": "hi"}}], "usage": usage})
    assert reply.usage == Usage(input=20, output=5, cache_read=80)


def test_a_users_own_body_fields_never_replace_the_prompt() -> None:
    body = chat_parameters(request(1, extra={"temperature": 1, "messages": []}))
    assert body["temperature"] == 1
    assert body["messages"][1]["content"].startswith("Write")


def test_the_address_may_leave_the_version_out_and_openais_own_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {"http://h:1": "http://h:1/v1", "http://h/v1/": "http://h/v1", "https://h/api/v1": "https://h/api/v1"}
    assert {each: ChatLLM(base_url=each).base_url for each in paths} == paths
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        ChatLLM()
    ChatLLM(base_url="http://localhost:8000")
