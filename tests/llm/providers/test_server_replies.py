"""What servers really send, over a real socket: paid texts and words are kept, no bill is believed too small."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.batch.log import BatchPlan
from docgen.llm.cost.pricing import load_prices
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import NOT_STATED, Completion
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.ratelimit import control, wait_reports
from docgen.llm.ratelimit.wait_reports import Activity
from tests.llm.support import MODEL, engine_over, request
from tests.loopback import BatchOptions, Loopback, Options
from tests.loopback.batches import BatchServer

Answer = tuple[int, Any, dict[str, str]]


def message(text: str = "A text of some words.", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 100, "output_tokens": 200}
    body = {"type": "message", "model": MODEL, "stop_reason": "end_turn", "usage": usage}
    return {**body, "content": [{"type": "text", "text": text}], **fields}


def replied(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Completion | BaseException:
    """What one request brings when the server sends this."""

    async def run(url: str) -> Completion | BaseException:
        llm = AnthropicLLM(base_url=url)
        try:
            return await llm.complete(request())
        except (RequestFailed, StopRun) as error:
            return error
        finally:
            await llm.aclose()

    with Loopback() as server:
        server.server.script = lambda _: (status, body, headers or {})
        return asyncio.run(run(server.url))


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 100.0, "output_tokens": 200.0},
        {"input_tokens": "100", "output_tokens": " 200 "},
        {"input_tokens": 100, "output_tokens": 200, "cache_read_input_tokens": None},
    ],
)
def test_a_whole_number_is_one_however_it_is_written(usage: dict[str, Any]) -> None:
    reply = replied(message(usage=usage))
    assert isinstance(reply, Completion)
    assert (reply.usage.input, reply.usage.output, reply.usage_known) == (100, 200, True)


UNBELIEVABLE: list[Any] = [
    None,
    {},
    [],
    {"input_tokens": 100},
    {"input_tokens": 100, "output_tokens": float("nan")},
    {"input_tokens": 100, "output_tokens": -5},
    {"input_tokens": True, "output_tokens": 200},
    {"input_tokens": 100, "output_tokens": int("9" * 400)},
    {"input_tokens": 100, "output_tokens": 2.5},
    {"input_tokens": 0, "output_tokens": 0},
    {"input_tokens": {"text": 100}, "output_tokens": 200},
]


@pytest.mark.parametrize("usage", UNBELIEVABLE, ids=lambda usage: str(usage)[:40])
def test_a_text_without_a_bill_to_be_believed_is_kept(usage: Any) -> None:
    reply = replied(message(usage=usage))
    assert isinstance(reply, Completion)
    assert (reply.text, reply.usage_known) == ("A text of some words.", False)


@pytest.mark.parametrize("usage", [{"input_tokens": 1, "output_tokens": "many"}, {"output_tokens": float("inf")}])
def test_such_a_reply_is_booked_at_its_worst_and_that_is_said_once(usage: Any, tmp_path: Path) -> None:
    """The cap holds: what is booked is never less than the call can have cost."""
    worst = load_prices().worst_case(request()) or 0.0
    said: list[str] = []

    async def run(url: str) -> tuple[float, list[Any]]:
        with Journal(tmp_path / "llm.jsonl") as journal:
            options = EngineOptions(base_url=url, max_cost=2.5 * worst, concurrency=1)
            async with open_engine(options, journal, say=said.append) as engine:
                replies = [await _caught(engine.llm.complete(request(n))) for n in range(4)]
                assert engine.budget is not None
                return engine.budget.spent, replies

    with Loopback() as server:
        server.server.script = lambda _: (200, message(usage=usage), {})
        spent, replies = asyncio.run(run(server.url))
    assert spent == pytest.approx(2 * worst)
    assert [isinstance(reply, Completion) for reply in replies] == [True, True, False, False]
    assert len([line for line in said if "token counts" in line]) == 1


async def _caught(call: Any) -> Any:
    try:
        return await call
    except (RequestFailed, StopRun) as error:
        return error


@pytest.mark.parametrize(
    "body",
    [
        message(content=[None, {"type": "text", "text": "kept"}]),
        message(content=[{"type": "text", "text": None}, {"text": "kept"}]),
        message(content="kept"),
        message(content=[{"type": "server_tool_use"}, "odd", {"type": "text", "text": "kept"}]),
        {name: value for name, value in message("kept").items() if name != "type"},
    ],
)
def test_a_null_or_unknown_block_is_no_reason_to_lose_the_text(body: dict[str, Any]) -> None:
    reply = replied(body)
    assert isinstance(reply, Completion)
    assert reply.text == "kept"


@pytest.mark.parametrize("stop", [None, 7, ""])
def test_a_stop_reason_that_is_not_stated_is_said_to_be_so(stop: Any) -> None:
    reply = replied(message(stop_reason=stop))
    assert isinstance(reply, Completion)
    assert (reply.stop_reason, reply.ended) == (NOT_STATED, True)


@pytest.mark.parametrize("stop", ["length", "model_context_window_exceeded", "pause_turn", "content_filter"])
def test_any_other_stop_reason_is_no_proper_end(stop: str) -> None:
    reply = replied(message(stop_reason=stop))
    assert isinstance(reply, Completion)
    assert not reply.ended


WORDS = "The context of this model holds 4096 tokens"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"type": "invalid_request_error", "message": WORDS}}, "400"),
        (400, {"error": WORDS}, "400"),
        (400, {"object": "error", "message": WORDS}, "400"),
        (422, {"detail": [{"loc": ["body", "max_tokens"], "msg": WORDS}]}, "422"),
        (400, {"error": {"message": WORDS, "code": 7, "details": "x"}}, "400"),
        (200, {"type": "error", "error": {"type": "invalid_request_error", "message": WORDS}}, "400"),
        (200, {"error": {"message": WORDS, "code": 400}}, "error"),
        (200, {"error": WORDS}, "error"),
        (200, {"detail": WORDS}, "error"),
        (500, {"message": WORDS}, "500"),
    ],
)
def test_the_servers_own_words_are_the_errors(status: int, body: Any, kind: str) -> None:
    error = replied(body, status)
    assert isinstance(error, RequestFailed)
    assert (error.kind, WORDS in error.message) == (kind, True)


def test_a_reply_of_another_api_is_called_that() -> None:
    error = replied({"choices": [{"message": {"content": "hello"}}]})
    assert isinstance(error, RequestFailed)
    assert "OpenAI" in error.message


@pytest.mark.parametrize("body", [["x", "sk-ant-test-0123456789"], {"type": "ping", "key": "sk-ant-test-0123456789"}])
def test_a_key_that_a_malformed_reply_echoes_is_blotted_out(body: Any) -> None:
    error = replied(body)
    assert "sk-ant-test" not in str(error)
    assert "[key]" in str(error)


def test_errored_batch_items_keep_the_servers_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are tried again too, when the tries are used up."""
    outcomes: dict[int, dict[str, Any]] = {
        0: {
            "type": "errored",
            "error": {"type": "error", "error": {"type": "invalid_request_error", "message": WORDS}},
        },
        1: {"type": "errored", "error": {"type": "api_error", "message": WORDS}},
        2: {"type": "expired"},
    }
    honest = BatchServer._result

    def result(self: BatchServer, batch: Any, item: dict[str, Any]) -> dict[str, Any]:
        number = int(item["params"]["messages"][0]["content"].split()[2])
        return outcomes.get(number) or honest(self, batch, item)

    monkeypatch.setattr(BatchServer, "_result", result)
    plan = BatchPlan(poll=(0.01, 0.02), looks=(0.01, 0.02))

    async def run(url: str) -> dict[str, RequestFailed]:
        async with engine_over(url, tmp_path, batch=True, batch_plan=plan, caching=False) as engine:
            assert engine.batches is not None
            return await engine.batches.buy(lambda: (request(n) for n in (3, 0, 1, 2)))

    with Loopback(Options(batches=BatchOptions(seconds=0.01))) as server:
        failed = asyncio.run(run(server.url))
    words = [failed[request(number).key].message for number in range(3)]
    assert WORDS in words[0]
    assert WORDS in words[1]
    assert "expired" in words[2]


def ask_all(server: Loopback, folder: Path, count: int, said: list[str], **options: Any) -> list[Any]:
    async def run() -> list[Any]:
        with Journal(folder / "llm.jsonl") as journal:
            async with open_engine(EngineOptions(base_url=server.url, **options), journal, say=said.append) as engine:
                return [await _caught(engine.llm.complete(request(n % 100))) for n in range(count)]

    return asyncio.run(run())


@pytest.fixture
def soon_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are reported, and limits doubted, after tenths of a second instead of seconds."""
    monkeypatch.setattr(wait_reports, "QUIET_SECONDS", 0.3)
    monkeypatch.setattr(wait_reports, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(control, "DOUBT_SECONDS", 0.6)


@pytest.mark.usefixtures("soon_said")
def test_a_slow_server_is_not_sent_the_same_again(tmp_path: Path) -> None:
    """A request that timed out fails, also when it is asked for again; others go on; silence is broken before."""
    said: list[str] = []

    async def run(server: Loopback) -> list[Any]:
        with Journal(tmp_path / "llm.jsonl") as journal:
            async with open_engine(EngineOptions(base_url=server.url, timeout=1.2), journal, say=said.append) as engine:
                first = await engine.llm.complete(request(0))
                server.server.options = Options(latency=30.0)
                return [first, *[await _caught(engine.llm.complete(request(1))) for _ in range(3)]]

    with Loopback() as server:
        first, *others = asyncio.run(run(server))
        assert len(server.server.arrivals) == 2
    assert isinstance(first, Completion)
    assert {error.kind for error in others} == {"timeout"}
    assert "--timeout" in others[-1].message
    assert any("No reply for" in line and "1.2 s (--timeout)" in line for line in said)


def test_a_server_that_has_never_replied_in_time_stops_the_run(tmp_path: Path) -> None:
    with Loopback(Options(latency=30.0)) as server:
        (error,) = ask_all(server, tmp_path, 1, [], timeout=1.0)
        assert len(server.server.arrivals) == 1
    assert isinstance(error, StopRun)
    assert "--timeout" in error.fix


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "14000"},
        {"retry-after-ms": "90000000"},
        {"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"},
        {
            "anthropic-ratelimit-requests-limit": "100",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2100-01-01T00:00:00Z",
        },
    ],
)
def test_a_wait_of_hours_stops_the_run_with_the_reason(headers: dict[str, str], tmp_path: Path) -> None:
    with Loopback() as server:
        server.server.script = lambda _: (429, {"error": {"type": "rate_limit_error", "message": "Slow down"}}, headers)
        (error,) = ask_all(server, tmp_path, 1, [])
    assert isinstance(error, StopRun)
    assert error.reason == "rate_limited"
    assert "Slow down" in error.message
    assert re.search(r"(hours|days): Slow down", error.message)


WAITED = [
    (429, {"retry-after": "0.8"}, "Slow down"),
    (503, {"retry-after": "0.8"}, "Slow down"),
    (200, {
        "anthropic-ratelimit-output-tokens-limit": "10",
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2100-01-01T00:00:00Z",
    }, "limit of 10 output tokens"),
]  # fmt: skip


@pytest.mark.usefixtures("soon_said")
@pytest.mark.parametrize(("status", "headers", "why"), WAITED)
def test_a_wait_is_said_with_its_reason_and_its_end(
    status: int, headers: dict[str, str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while of nothing; a small stated limit too, which a server that serves all the same outdoes."""
    sent: list[int] = []

    def script(_: Any) -> Answer | None:
        sent.append(1)
        if status == 200:
            return 200, message(), headers
        return (status, {"error": {"message": "Slow down"}}, headers) if len(sent) == 1 else None

    said: list[str] = []
    with Loopback() as server:
        server.server.script = script
        replies = ask_all(server, tmp_path, 2, said)
    assert all(isinstance(reply, Completion) for reply in replies)
    (line,) = [line for line in said if line.startswith("Waiting until")]
    assert why in line


def test_the_wait_that_ends_first_is_the_one_that_counts() -> None:
    activity = Activity()
    activity.waits("a", "long", 100.0)
    activity.waits("b", "short", 10.0)
    assert activity.next_wait is not None
    assert activity.next_wait.why == "short"
    activity.goes_on("b")
    activity.goes_on("a")
    assert activity.next_wait is None


def test_headers_for_gateways_are_sent_and_kept_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", " gateway-secret\n")

    async def run(url: str) -> str:
        llm = AnthropicLLM(base_url=url, headers={"Authorization": "Bearer ${GATEWAY_KEY}"})
        try:
            await llm.complete(request())
        except (RequestFailed, StopRun) as error:
            return str(error)
        finally:
            await llm.aclose()
        return ""

    with Loopback() as server:
        refused = server.server.refused
        seen: list[str] = []

        def note(asked: Any, body: Any) -> Any:
            seen.append(asked.headers["authorization"])
            return refused(asked, body)

        server.server.refused = note  # type: ignore[method-assign, assignment]
        server.server.script = lambda _: (400, {"error": "you sent Bearer gateway-secret"}, {})
        shown = asyncio.run(run(server.url))
    assert seen == ["Bearer gateway-secret"]
    assert "gateway-secret" not in shown


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"authorization": "Bearer written-out"}, "environment variable"),
        ({"Content-Type": "text/plain"}, "itself"),
        ({"x-one": "${NOT_SET_ANYWHERE}"}, "NOT_SET_ANYWHERE"),
        ({"x one": "1"}, "name of a header"),
        ({"x-one": "a\r\nx-two: b"}, "cannot be in a header"),
    ],
)
def test_a_header_that_cannot_be_sent_is_one_line(headers: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=r"\[headers\]") as caught:
        AnthropicLLM(headers=headers)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HTTPS_PROXY", "socks://127.0.0.1:1080", "socks5://"),
        ("ALL_PROXY", "http://proxy:99999999", "port"),
        ("https_proxy", "http://", "not name a host"),
        ("SSL_CERT_FILE", "/no/such/file.pem", "no such file"),
        ("SSL_CERT_DIR", "/no/such/folder", "no such file"),
        ("ANTHROPIC_API_KEY", "\u2018key\u2019", "quotation marks"),
        ("ANTHROPIC_API_KEY", '"key"', "quotation marks"),
        ("ANTHROPIC_API_KEY", "two\nlines", "cannot be in a key"),
        ("ANTHROPIC_API_KEY", "sch\u00fcssel", "cannot be in a key"),
        ("ANTHROPIC_API_KEY", " \n", "white space"),
        ("ANTHROPIC_AUTH_TOKEN", "a token", "cannot be in a key"),
        ("ANTHROPIC_BASE_URL", "localhost:8000", "http://"),
        ("ANTHROPIC_BASE_URL", "http://host:http", "port"),
        ("ANTHROPIC_BASE_URL", "http://user:pass@host", "password"),
        ("ANTHROPIC_BASE_URL", "http://a host", "white space"),
    ],
)
def test_a_bad_variable_is_one_line_that_names_it(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And repeats no key and no password."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        AnthropicLLM()
    assert str(caught.value).startswith(name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-ant-test-0123456789\n", "\tsk-ant-test-0123456789\r\n"])
def test_white_space_around_a_key_is_cut_off(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    assert AnthropicLLM(base_url="http://127.0.0.1:1").client.api_key == key.strip()


@pytest.mark.parametrize("address", ["", "  "])
def test_an_empty_address_is_one_that_is_not_set(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    assert str(AnthropicLLM().client.base_url).startswith("https://api.anthropic.com")
