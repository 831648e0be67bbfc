"""Batches that seem lost: at another server, expired, interrupted; and budget that several kinds wait for."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiohttp import web

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.log import read_batches
from docgen.llm.cost.pricing import load_prices
from docgen.llm.engine import BATCHES_FILE
from docgen.llm.protocol import Request
from docgen.llm.ratelimit import retry
from tests.llm.batch.batch_support import batch_server, batching, buy, leave, round_of
from tests.llm.support import age, request
from tests.loopback import BatchOptions, Loopback, Options
from tests.loopback.batches import BatchServer
from tests.loopback.server import error_body


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))


@pytest.mark.parametrize(
    "elsewhere",
    [BatchOptions(enabled=False), BatchOptions(seconds=0.1)],
    ids=["an address without batches", "another workspace"],
)
def test_a_run_at_the_wrong_server_gives_up_no_batch(elsewhere: BatchOptions, tmp_path: Path) -> None:
    """A mistyped address or another workspace's key: the corrected run finds every batch and pays once."""
    with batch_server(seconds=0.5) as server:
        asyncio.run(leave(server.url, tmp_path))
        count = len([entry for entry in read_batches(tmp_path / BATCHES_FILE) if entry.open])
        with Loopback(Options(batches=elsewhere)) as wrong, pytest.raises(StopRun, match="--base-url"):
            asyncio.run(buy(wrong.url, tmp_path, 60))
        assert len([entry for entry in read_batches(tmp_path / BATCHES_FILE) if entry.open]) == count > 0
        assert asyncio.run(buy(server.url, tmp_path, 60)) == {}
        assert len({row.request for row in server.served}) == len(server.served) == 60


@pytest.mark.parametrize("days", [0, 30])
def test_results_that_are_gone_are_bought_again_only_when_too_old_to_be_kept(
    days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, not_found = BatchServer.results, error_body("not_found_error", "no results")

    async def results(self: BatchServer, http_request: web.Request) -> web.StreamResponse:
        is_old = http_request.match_info["id"] in old
        return web.json_response(not_found, status=404) if is_old else await original(self, http_request)

    async def go_on(url: str) -> tuple[dict[str, RequestFailed], list[str]]:
        async with batching(url, tmp_path) as (_, batches):
            return await batches.buy(round_of(60)), batches.notices

    monkeypatch.setattr(BatchServer, "results", results)
    with batch_server(seconds=0.5) as server:
        asyncio.run(leave(server.url, tmp_path))
        old = set(server.server.batches)
        age(tmp_path / BATCHES_FILE, days)
        if days:
            failed, notices = asyncio.run(go_on(server.url))
            assert failed == {}
            assert len(notices) == len(old)
        else:
            with pytest.raises(StopRun, match="--base-url"):
                asyncio.run(go_on(server.url))
            assert len(server.server.batches) == len(old)


def test_a_failed_connection_is_no_reading_of_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overloaded twice, then empty: that is the first reading, and no request counts as missing yet."""
    original, asks = BatchServer.results, 0

    async def results(self: BatchServer, http_request: web.Request) -> web.StreamResponse:
        nonlocal asks
        asks += 1
        if asks <= 2:
            return web.json_response(error_body("overloaded_error", "busy"), status=529)
        return web.Response(body=b"") if asks == 3 else await original(self, http_request)

    monkeypatch.setattr(BatchServer, "results", results)
    with batch_server() as server:
        assert asyncio.run(buy(server.url, tmp_path, 20)) == {}
        assert len(server.server.batches) == 1


def test_a_round_of_two_kinds_under_a_tight_cap_comes_to_its_end(tmp_path: Path) -> None:
    """The second kind's first request, sent by itself, waits for budget that the first kind's batch holds."""

    def round_of_two() -> Iterable[Request]:
        yield from (request(n) for n in range(4))
        yield from (request(n, stage="ideas") for n in range(10, 14))

    async def run(url: str) -> dict[str, RequestFailed]:
        worst = load_prices().worst_case(request()) or 0.0
        async with batching(url, tmp_path, max_cost=2.4 * worst) as (_, batches):
            return await asyncio.wait_for(batches.buy(round_of_two), 20.0)

    with batch_server() as server:
        assert asyncio.run(run(server.url)) == {}
        assert len(server.served) == 8


def test_results_that_drip_are_given_up_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, asks = BatchServer.results, 0

    async def results(self: BatchServer, http_request: web.Request) -> web.StreamResponse:
        nonlocal asks
        asks += 1
        if asks > 1:
            return await original(self, http_request)
        response = web.StreamResponse()
        await response.prepare(http_request)
        for _ in range(400):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    monkeypatch.setattr(BatchServer, "results", results)
    monkeypatch.setattr(retry, "BUSY_BACKOFF", (0.001, 0.01))
    with batch_server() as server:
        start = time.monotonic()
        assert asyncio.run(buy(server.url, tmp_path, 5, timeout=1.0)) == {}
        assert time.monotonic() - start < 15.0
        assert asks == 2
