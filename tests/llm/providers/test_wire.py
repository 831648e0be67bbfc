"""The wire, byte by byte: each header once on every kind of request, and strict servers of three makes accept it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import h11
import pytest
from pydantic_core import to_json

from docgen.llm.batch.api import EPOCH, BatchAPI
from docgen.llm.doctor import diagnose
from docgen.llm.engine import EngineOptions
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.providers.messages_format import parameters
from tests.llm.conftest import KEY
from tests.llm.providers.fastapi_server import compatible_app, serving
from tests.llm.support import SCHEMA, request
from tests.loopback import BatchOptions, Loopback, Options
from tests.loopback.strict import header_faults

COMMON = {
    *("host", "accept", "accept-encoding", "connection", "user-agent", "authorization", "anthropic-version"),
    *("x-stainless-async", "x-stainless-lang", "x-stainless-package-version", "x-stainless-os", "x-stainless-arch"),
    *("x-stainless-runtime", "x-stainless-runtime-version"),
}
OF_A_BODY = {"content-type", "content-length"}
BATCHES = "/v1/messages/batches"


@asynccontextmanager
async def tapped(url: str) -> AsyncIterator[tuple[str, list[bytearray]]]:
    """An address that passes everything on to `url`, and the bytes that each connection to it has sent."""
    sent: list[bytearray] = []
    target = urlsplit(url)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, copy: bytearray) -> None:
        while data := await reader.read(65536):
            copy += data
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(bytearray())
        ahead, back = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(relay(reader, back, sent[-1]), relay(ahead, writer, bytearray()))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", sent


def parsed(sent: bytes) -> list[tuple[h11.Request, bytes]]:
    """The requests of one connection with their bodies, as h11 reads them; it raises at what is not valid HTTP."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    requests: list[tuple[h11.Request, bytes]] = []
    while isinstance(head := connection.next_event(), h11.Request):
        body = b""
        while isinstance(part := connection.next_event(), h11.Data):
            body += part.data
        assert isinstance(part, h11.EndOfMessage)
        requests.append((head, body))
        connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        connection.send(h11.EndOfMessage())
        connection.start_next_cycle()
    assert connection.trailing_data == (b"", False)
    return requests


async def assert_every_kind_is_answered(url: str, model: str = "m") -> None:
    """Messages plain, with a schema and with a cache breakpoint; models; token counts; a batch from start to end."""
    llm = AnthropicLLM(base_url=url, caches=lambda request: request.stage == "cached")
    api = BatchAPI(llm)
    try:
        assert (await llm.complete(request(model=model))).stop_reason == "end_turn"
        assert (await llm.complete(request(model=model, schema=SCHEMA, effort="low"))).text.startswith("{")
        assert (await llm.complete(request(model=model, stage="cached"))).text
        assert (await llm.call("get", "/v1/models?limit=1000"))["data"]
        count = await llm.call("POST", "/v1/messages/count_tokens", to_json(parameters(request(model=model))))
        assert count["input_tokens"] > 0
        batch = await api.create([api.item(request(model=model))])
        while batch.status != "ended":
            await asyncio.sleep(0.01)
            batch = await api.retrieve(batch.id)
        await api.retrieve(batch.id)
        assert [entry["result"]["type"] async for entry in api.results(batch)] == ["succeeded"]
        await api.cancel(batch.id)
        assert [view.id for view in await api.since(EPOCH)] == [batch.id]
    finally:
        await llm.aclose()


async def requests_sent(url: str) -> list[tuple[h11.Request, bytes]]:
    async with tapped(url) as (tap, sent):
        await assert_every_kind_is_answered(tap)
    return [pair for connection in sent for pair in parsed(bytes(connection))]


def test_a_message_byte_by_byte() -> None:
    """Method, path, each header once and no other, and the body that the length names."""
    asked = request(user="Grüße, 世界", system="")

    async def run(url: str) -> tuple[str, list[bytearray]]:
        async with tapped(url) as (tap, sent):
            llm = AnthropicLLM(base_url=tap)
            await llm.complete(asked)
            await llm.aclose()
            return tap, sent

    with Loopback() as server:
        tap, (sent,) = asyncio.run(run(server.url))
    head, _, body = bytes(sent).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [(name.lower().decode(), value.decode()) for name, value in (line.split(b": ", 1) for line in lines)]
    assert first == b"POST /v1/messages HTTP/1.1"
    assert sorted(name for name, _ in headers) == sorted(COMMON | OF_A_BODY)
    values = dict(headers)
    assert values["content-type"] == values["accept"] == "application/json"
    assert values["host"] == tap.removeprefix("http://")
    assert values["authorization"] == f"Bearer {KEY}"
    assert values["content-length"] == str(len(body))
    assert body == to_json(parameters(asked))
    assert json.loads(body)["messages"] == [{"role": "user", "content": "Grüße, 世界"}]


def test_every_kind_of_request_carries_each_header_once() -> None:
    """Only a request with a body says what its content is."""
    with Loopback(Options(batches=BatchOptions(seconds=0.0))) as server:
        requests = asyncio.run(requests_sent(server.url))
    lines = {f"{head.method.decode()} {head.target.decode()}" for head, _ in requests}
    batch = f"{BATCHES}/msgbatch_000000"
    assert lines == {
        *("POST /v1/messages", "POST /v1/messages/count_tokens", "GET /v1/models?limit=1000", f"POST {BATCHES}"),
        *(f"GET {batch}", f"GET {batch}/results", f"POST {batch}/cancel", f"GET {BATCHES}?limit=100"),
    }
    for head, body in requests:
        names = sorted(name.decode() for name, _ in head.headers)
        assert names == sorted(COMMON | OF_A_BODY if body else COMMON), head.target
        assert header_faults(head.headers, bool(body)) == []
        assert bool(body) == (head.method == b"POST")


def test_custom_headers_replace_ours_however_they_are_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the SDK; but a body stays JSON of its own length, whatever the environment says."""
    own = {"AUTHORIZATION": "Bearer gateway", "user-Agent": "mine", "accept": "*/*", "X-Team": "a"}
    wrong = {"CONTENT-type": "text/plain", "Content-LENGTH": "3", "Transfer-encoding": "chunked"}
    custom = "\n".join(f"{name}: {value}" for name, value in {**own, **wrong}.items())
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", custom)
    with Loopback(Options(batches=BatchOptions(seconds=0.0))) as server:
        requests = asyncio.run(requests_sent(server.url))
    for head, body in requests:
        names = [name.decode() for name, _ in head.headers]
        assert sorted(names) == sorted({*COMMON, "x-team"} | (OF_A_BODY if body else set()))
        values = dict(head.headers)
        assert all(values[name.lower().encode()] == value.encode() for name, value in own.items())
        assert values.get(b"content-type") == (b"application/json" if body else None)


def test_a_fastapi_server_accepts_every_kind_of_request() -> None:
    with serving(compatible_app()) as url:
        asyncio.run(assert_every_kind_is_answered(url))


def test_doctor_finds_nothing_wrong_with_a_fastapi_server() -> None:
    with serving(compatible_app()) as url:
        checks = asyncio.run(diagnose(EngineOptions(base_url=url), "m"))
    states = {check.name: check.state for check in checks}
    assert {states[name] for name in ("models", "message", "structured output", "batches")} == {"ok"}


JSON = ("content-type", "application/json")


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ([JSON, JSON], "(content-type is sent 2 times|Duplicate 'Content-Type')"),
        ([("content-type", "application/json, application/json")], "content-type holds joined values"),
        ([JSON, ("Accept", "*/*"), ("accept", "*/*")], "accept is sent 2 times"),
        ([JSON, ("x-stainless-lang", "python, python")], "x-stainless-lang holds joined values"),
        ([JSON, ("authorization", "Bearer a, Bearer b")], "authorization holds joined values"),
        ([("content-type", "text/plain")], "content-type is not JSON"),
        ([], "content-type is not JSON"),
    ],
)
def test_the_loopback_server_turns_away_what_strict_servers_do(headers: Sequence[tuple[str, str]], fault: str) -> None:
    """And the test that sent it fails at its end, whatever it made of the 400."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n{lines}\r\n"

    async def send(url: str) -> bytes:
        target = urlsplit(url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        writer.write(head.encode() + b"{}")
        reply = await reader.read()
        writer.close()
        return reply

    with pytest.raises(AssertionError, match=f"1 malformed requests.*{fault}"), Loopback() as server:
        assert asyncio.run(send(server.url)).split(b" ", 2)[1] == b"400"


@pytest.mark.parametrize("value", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_one_content_type_is_well_formed(value: str) -> None:
    lists = [(b"accept-encoding", b"gzip, deflate"), (b"user-agent", b"a (b, like c)")]
    assert header_faults([(b"content-type", value.encode()), *lists], body=True) == []
