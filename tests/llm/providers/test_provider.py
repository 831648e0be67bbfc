"""The provider over real sockets: what it sends, how it reads every reply, and that the key stays secret."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.errors import Transient
from docgen.llm.providers.anthropic import AnthropicLLM
from tests.llm.support import SCHEMA, request
from tests.loopback import Loopback, Options

T = TypeVar("T")


def ask(server: Loopback, call: Callable[[AnthropicLLM], Awaitable[T]], **fields: Any) -> T:
    """Run `call` with a provider for the server."""

    async def run() -> T:
        llm = AnthropicLLM(base_url=server.url, **fields)
        try:
            return await call(llm)
        finally:
            await llm.aclose()

    return asyncio.run(run())


def test_a_reply_is_the_text_blocks_joined_thinking_skipped() -> None:
    with Loopback() as server:
        reply = ask(server, lambda llm: llm.complete(request()))
    assert reply.text.startswith("<document>")
    assert "Let me see" not in reply.text
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output == server.served[0].output


@pytest.mark.parametrize(
    ("fault", "kind", "maybe_billed"),
    [
        ("429", "429", False),
        ("529", "529", False),
        ("500", "500", False),
        ("reset", "connection", True),
        ("truncated", "connection", True),
        ("html", "malformed", True),
    ],
)
def test_a_fault_that_may_heal_is_said_to_be_one(fault: str, kind: str, maybe_billed: bool) -> None:
    with Loopback(Options(faults={fault: 1.0})) as server, pytest.raises(Transient) as caught:
        ask(server, lambda llm: llm.complete(request()))
    assert (caught.value.kind, caught.value.maybe_billed) == (kind, maybe_billed)


def test_retry_after_is_passed_on() -> None:
    with Loopback(Options(faults={"429_after": 1.0})) as server, pytest.raises(Transient) as caught:
        ask(server, lambda llm: llm.complete(request()))
    assert caught.value.after is not None
    assert 0 < caught.value.after < 1


def test_a_slow_reply_times_out() -> None:
    with Loopback(Options(latency=5.0)) as server, pytest.raises(Transient) as caught:
        ask(server, lambda llm: llm.complete(request()), timeout=0.2)
    assert caught.value.kind == "timeout"
    assert caught.value.maybe_billed


def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    async def run() -> None:
        await AnthropicLLM(base_url="http://127.0.0.1:9").complete(request())

    with pytest.raises(Transient) as caught:
        asyncio.run(run())
    assert caught.value.kind == "connection"


@pytest.mark.parametrize("fault", ["empty", "refusal", "max_tokens"])
def test_paid_replies_without_a_usable_text_are_completions(fault: str) -> None:
    with Loopback(Options(faults={fault: 1.0})) as server:
        reply = ask(server, lambda llm: llm.complete(request()))
    assert reply.stop_reason == ("end_turn" if fault == "empty" else fault)
    assert reply.category == ("frontier_llm" if fault == "refusal" else "")
    assert len(server.served) == 1


@pytest.mark.parametrize(
    ("key", "options", "reason"),
    [
        ("bad", Options(), "bad_key"),
        ("forbidden", Options(), "permission"),
        ("k", Options(models=("other",)), "unknown_model"),
        ("k", Options(spend_limit=0), "spend_limit"),
    ],
)
def test_terminal_errors_stop_the_run(key: str, options: Options, reason: str) -> None:
    with Loopback(options) as server, pytest.raises(StopRun) as caught:
        ask(server, lambda llm: llm.complete(request()), api_key=key)
    assert caught.value.reason == reason
    assert "docgen doctor" in caught.value.fix or "the same command" in caught.value.fix


def test_a_server_of_something_else_is_a_wrong_url() -> None:
    with Loopback() as server, pytest.raises(StopRun) as caught:
        ask(server, lambda llm: llm.call("post", "/v1/nothing", b"{}"))
    assert caught.value.reason == "wrong_url"


def test_a_schema_goes_out_as_output_config_and_comes_back_as_json() -> None:
    with Loopback() as server:
        server.server.keep_bodies = True
        reply = ask(server, lambda llm: llm.complete(request(schema=SCHEMA, user="Give 3 ideas")))
    assert server.server.bodies[0]["output_config"]["format"]["schema"] == SCHEMA
    assert reply.text.startswith('{"ideas"')


def test_a_server_without_structured_output_is_asked_in_text_and_remembered() -> None:
    async def twice(llm: AnthropicLLM) -> list[str]:
        return [(await llm.complete(request(n, schema=SCHEMA, user=f"Give 3 ideas {n}"))).text for n in range(2)]

    with Loopback(Options(structured=False)) as server:
        server.server.keep_bodies = True
        texts = ask(server, twice)
    assert all(text.startswith('{"ideas"') for text in texts)
    assert ["output_config" in body for body in server.server.bodies] == [True, False, False]


def test_a_bad_request_is_no_reason_to_give_up_structured_output() -> None:
    """Only a request that succeeds without it shows that it was the cause."""

    async def bad(llm: AnthropicLLM) -> bool | None:
        with pytest.raises(RequestFailed):
            await llm.complete(request(schema=SCHEMA, effort="low"))
        return llm.structured

    with Loopback(Options(structured=False)) as server:
        assert ask(server, bad) is None


def test_the_system_text_is_a_breakpoint_only_where_caching_pays() -> None:
    async def both(llm: AnthropicLLM) -> None:
        await llm.complete(request(1))
        await llm.complete(request(2, stage="types"))

    with Loopback() as server:
        server.server.keep_bodies = True
        ask(server, both, caches=lambda sent: sent.stage == "document")
    with_mark, without = (body["system"] for body in server.server.bodies)
    assert with_mark[0]["cache_control"] == {"type": "ephemeral"}
    assert without == "You write."


def test_extra_fields_and_effort_reach_the_server() -> None:
    with Loopback() as server:
        server.server.keep_bodies = True
        ask(server, lambda llm: llm.complete(request(extra={"temperature": 0.9}, effort="low")))
    assert server.server.bodies[0]["temperature"] == 0.9
    assert server.server.bodies[0]["output_config"] == {"effort": "low"}


def test_text_that_is_no_unicode_is_sent_mended() -> None:
    with Loopback() as server:
        server.server.keep_bodies = True
        ask(server, lambda llm: llm.complete(request(user="a\ud800b\x00c")))
    assert server.server.bodies[0]["messages"][0]["content"] == "a?b\x00c"


def test_the_key_is_in_no_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    """Even when the server echoes it."""
    caplog.set_level(logging.INFO)
    with Loopback() as server:
        with pytest.raises(StopRun) as caught:
            ask(server, lambda llm: llm.complete(request()), api_key="bad")
        shown = ask(server, lambda llm: _repr(llm), api_key="bad-secret")
    assert "invalid bearer token [key]" in str(caught.value)
    assert "bad-secret" not in shown + caplog.text


async def _repr(llm: AnthropicLLM) -> str:
    return repr(llm) + str(llm)


def test_without_key_and_url_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY"):
        AnthropicLLM()


def test_a_server_that_wants_no_key_gets_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with Loopback() as server:
        assert ask(server, lambda llm: llm.complete(request())).text


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "nonsense"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        AnthropicLLM(base_url=url)


def test_a_base_url_may_end_in_v1() -> None:
    """As the documentation of compatible servers often gives it."""
    with Loopback() as server:

        async def run() -> str:
            return (await AnthropicLLM(base_url=server.url + "/v1/").complete(request())).stop_reason

        assert asyncio.run(run()) == "end_turn"


def test_rate_limit_headers_are_seen_on_failures_too() -> None:
    seen: list[Any] = []
    with Loopback(Options(models=("x",))) as server, pytest.raises(StopRun):
        ask(server, lambda llm: llm.complete(request()), observe=seen.append)
    assert len(seen) == 1
