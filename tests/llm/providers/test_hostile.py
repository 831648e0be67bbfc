"""Misbehaving servers and connections: one clear error, no endless waits, nothing bought twice."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp import web

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.api import EPOCH as NOW
from docgen.llm.batch.api import BatchAPI, BatchView
from docgen.llm.batch.batch_protocol import MOST_PAGES
from docgen.llm.batch.log import BatchPlan
from docgen.llm.batch.openai_api import FileBatchAPI
from docgen.llm.errors import INTERRUPTED, Transient
from docgen.llm.providers import reply_limits
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.ratelimit import retry
from tests.llm.support import engine_over, request
from tests.loopback import BatchOptions, Loopback, Options
from tests.loopback.batches import BatchServer

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
MESSAGE = {
    "type": "message",
    "model": "m",
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
    "content": [{"type": "text", "text": "fine"}],
}


@asynccontextmanager
async def raw(*scripts: Script) -> AsyncIterator[str]:
    """The address of a server that answers each request with the next of `scripts`, whatever it is."""
    left = list(scripts)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0"
                )
                await reader.readexactly(int(length.split(b":")[1]))
                await left.pop(0)(writer)
        except (asyncio.IncompleteReadError, ConnectionError, IndexError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def sends(head: bytes, body: bytes, close: bool = False) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\n" + body)
        await writer.drain()
        if close:
            writer.close()

    return script


def whole(body: bytes) -> Script:
    return sends(OK + f"content-length: {len(body)}\r\n".encode(), body)


async def drips(writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"content-length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


def ask(*scripts: Script, times: int = 1, timeout: float = 5.0) -> list[Any]:
    """The texts and errors of so many requests."""

    async def run() -> list[Any]:
        async with raw(*scripts) as url:
            llm = AnthropicLLM(base_url=url, timeout=timeout)
            try:
                return [await _outcome(llm, number) for number in range(times)]
            finally:
                await llm.aclose()

    return asyncio.run(run())


async def _outcome(llm: AnthropicLLM, number: int) -> Any:
    try:
        return (await llm.complete(request(number))).text
    except Transient as error:
        return error


def test_a_server_that_drips_is_one_that_does_not_answer() -> None:
    start = time.monotonic()
    (error,) = ask(drips, timeout=0.5)
    assert error.kind == "timeout"
    assert time.monotonic() - start < 3.0


def test_a_reply_without_end_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_limits, "LARGEST_REPLY", 100_000)
    (error,) = ask(whole(b"x" * 10_000_000))
    assert error.kind == "malformed"
    assert "100,000 bytes" in error.message


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"\xff\xfe", b"null", b'{"type":"message"}', json.dumps(MESSAGE | {"content": 7}).encode()],
)
def test_a_reply_that_is_none_is_a_passing_fault(body: bytes) -> None:
    (error,) = ask(whole(body))
    assert error.kind == "malformed"
    assert error.maybe_billed


def test_a_wrong_content_length_spoils_no_other_reply() -> None:
    """Too small a length leaves bytes on the connection, too large a one never ends."""
    body = json.dumps(MESSAGE).encode()
    little = sends(OK + f"content-length: {len(body) // 2}\r\n".encode(), body)
    much = sends(OK + f"content-length: {2 * len(body)}\r\n".encode(), body, close=True)
    first, second, third = ask(little, much, whole(body), times=3)
    assert isinstance(first, Transient)
    assert isinstance(second, Transient)
    assert third == "fine"


def _line(key: str, text: str) -> bytes:
    message = {**MESSAGE, "content": [{"type": "text", "text": text}]}
    result = {"custom_id": key, "result": {"type": "succeeded", "message": message}}
    return json.dumps(result, ensure_ascii=False).encode()


def test_results_are_parted_by_line_feeds_alone() -> None:
    """A document may contain Unicode's other line breaks, which JSON does not escape."""
    texts = ["a\u2028b", "c\u0085d", "e\u2029f"]
    body = b"\n".join(_line(str(number), text) for number, text in enumerate(texts))

    async def run() -> list[str]:
        async with raw(whole(body)) as url:
            llm = AnthropicLLM(base_url=url)
            try:
                results = BatchAPI(llm).results(BatchView("b", "ended", NOW, {}, cancelled=False))
                return [entry["result"]["message"]["content"][0]["text"] async for entry in results]
            finally:
                await llm.aclose()

    assert asyncio.run(run()) == texts


VIEW = {
    "id": "b",
    "processing_status": "ended",
    "created_at": "2026-01-02T03:04:05",
    "request_counts": {"succeeded": 1},
}


def _retrieved(body: bytes) -> BatchView:
    async def run() -> BatchView:
        async with raw(whole(body)) as url:
            llm = AnthropicLLM(base_url=url)
            try:
                return await BatchAPI(llm).retrieve("b")
            finally:
                await llm.aclose()

    return asyncio.run(run())


def test_a_time_without_a_zone_is_utc() -> None:
    assert _retrieved(json.dumps(VIEW).encode()).created > NOW


@pytest.mark.parametrize("counts", ['{"succeeded": 1e999}', '{"succeeded": NaN}', "[]", '{"succeeded": [1]}'])
def test_a_batch_that_is_none_is_a_passing_fault(counts: str) -> None:
    body = json.dumps(VIEW).replace('{"succeeded": 1}', counts)
    with pytest.raises(Transient) as caught:
        _retrieved(body.encode())
    assert caught.value.kind == "malformed"


PLAN = BatchPlan(requests=40, poll=(0.02, 0.05), looks=(0.02, 0.05))


def buy(folder: Path, count: int = 30) -> tuple[dict[str, RequestFailed], Loopback, int]:
    """(failures, server, replies in the journal) of a round bought in batches."""

    async def run(url: str) -> tuple[dict[str, RequestFailed], int]:
        async with engine_over(url, folder, batch=True, batch_plan=PLAN, caching=False) as engine:
            assert engine.batches is not None
            return await engine.batches.buy(lambda: (request(n) for n in range(count))), len(engine.journal)

    with Loopback(Options(batches=BatchOptions(seconds=0.1))) as server:
        failed, replies = asyncio.run(run(server.url))
    return failed, server, replies


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))


@pytest.mark.usefixtures("no_waiting")
def test_a_line_that_is_down_for_long_loses_no_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A batch takes hours and goes on at the server; twenty failed polls are not a reason to stop the run."""
    original, looks = BatchServer.retrieve, 0

    async def retrieve(self: BatchServer, http_request: web.Request) -> web.StreamResponse:
        nonlocal looks
        looks += 1
        return web.Response(status=500) if looks <= 20 else await original(self, http_request)

    monkeypatch.setattr(BatchServer, "retrieve", retrieve)
    failed, server, replies = buy(tmp_path)
    assert (failed, replies) == ({}, 30)
    assert len(server.served) == 30


@pytest.mark.usefixtures("no_waiting")
def test_results_that_break_off_or_are_damaged_are_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Reset in the middle, then too short, then with a damaged line: each reply is kept, none is billed twice."""
    readings = 0

    async def results(self: BatchServer, http_request: web.Request) -> web.StreamResponse:
        nonlocal readings
        readings += 1
        lines = self.batches[http_request.match_info["id"]].results
        response = web.StreamResponse(headers={"content-type": "application/x-jsonl"})
        await response.prepare(http_request)
        shown = lines[: len(lines) // 2] if readings <= 2 else ["{", '{"custom_id": 7, "result": {}}', *lines]
        await response.write("".join(line + "\n" for line in shown).encode())
        if readings == 1 and http_request.transport is not None:
            http_request.transport.abort()
        return response

    monkeypatch.setattr(BatchServer, "results", results)
    failed, server, replies = buy(tmp_path)
    assert (failed, replies, readings) == ({}, 30, 4)
    assert len(server.served) == 30


@pytest.mark.usefixtures("no_waiting")
def test_results_of_other_requests_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = BatchServer._work

    async def work(self: BatchServer, batch: Any) -> None:
        await original(self, batch)
        batch.results += [_line(name, "foreign").decode() for name in ("not-hex", "ab" * 16)]

    monkeypatch.setattr(BatchServer, "_work", work)
    failed, _, replies = buy(tmp_path)
    assert (failed, replies) == ({}, 30)


def test_a_request_to_stop_ends_what_waits_and_sends_nothing_more(tmp_path: Path) -> None:
    """Calls in backoff or waiting to be sent: nothing was billed for them, so they are not waited for."""

    async def run(url: str, server: Loopback) -> tuple[list[Any], float, int]:
        async with engine_over(url, tmp_path, concurrency=4) as engine:
            calls = [asyncio.create_task(engine.llm.complete(request(n))) for n in range(20)]
            while len(server.server.arrivals) < 4:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            assert engine.control is not None
            engine.control.stop()
            start, before = time.monotonic(), len(server.server.arrivals)
            results = await asyncio.gather(*calls, return_exceptions=True)
            return results, time.monotonic() - start, len(server.server.arrivals) - before

    with pytest.MonkeyPatch.context() as patch, Loopback(Options(faults={"500": 1.0})) as server:
        patch.setattr(retry, "FAULT_BACKOFF", (60.0, 60.0))
        results, seconds, more = asyncio.run(run(server.url, server))
    assert {error.reason for error in results if isinstance(error, StopRun)} == {INTERRUPTED}
    assert all(isinstance(error, StopRun) for error in results)
    assert seconds < 1.0
    assert more == 0


class EndlessLists:
    """A provider whose server always has another page of message batches, or the same page again."""

    entry: ClassVar[dict[str, Any]] = {
        "processing_status": "ended",
        "created_at": "2098-01-01T00:00:00Z",
        "request_counts": {},
    }

    def __init__(self, repeats: bool = False) -> None:
        self.pages, self._repeats = 0, repeats

    async def call(self, *_: object, **__: object) -> dict[str, Any]:
        self.pages += 1
        page = 0 if self._repeats else self.pages
        return {"has_more": True, "data": [self.entry | {"id": f"b{page}_{i}"} for i in range(100)]}


class EndlessFileLists(EndlessLists):
    """The same of OpenAI's file batches."""

    entry: ClassVar[dict[str, Any]] = {"status": "completed", "created_at": 4_000_000_000, "request_counts": {}}


@pytest.mark.parametrize(
    ("api", "lists"), [(BatchAPI, EndlessLists), (FileBatchAPI, EndlessFileLists)], ids=["messages", "files"]
)
def test_a_list_of_batches_without_end_is_refused_at_a_stated_bound(api: Any, lists: type[EndlessLists]) -> None:
    endless = lists()
    with pytest.raises(StopRun, match=r"lists more than 10,000"):
        asyncio.run(api(endless).since(NOW))
    assert endless.pages == MOST_PAGES
    again = lists(repeats=True)
    assert len(asyncio.run(api(again).since(NOW))) == 100
    assert again.pages == 2
