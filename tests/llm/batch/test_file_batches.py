"""OpenAI's file-based batches keep the promises of message batches."""

import asyncio
from pathlib import Path

import pytest

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.log import read_batches
from docgen.llm.engine import BATCHES_FILE
from docgen.llm.ratelimit import retry
from tests.llm.batch.batch_support import batch_server, batching, buy, round_of
from tests.llm.support import billed, request


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")


def test_only_items_that_errored_or_expired_are_submitted_again(tmp_path: Path) -> None:
    with batch_server(errored=0.2, expired=0.2) as server:
        failed = asyncio.run(buy(server.url, tmp_path, engine="openai", count=120))
        assert len({row.request for row in server.served}) == len(server.served) == 120 - len(failed)
        counts = [entry.counts for entry in read_batches(tmp_path / BATCHES_FILE)]
    assert len(failed) <= 4
    assert all(sum(each.get(kind, 0) for each in counts) > 10 for kind in ("succeeded", "errored", "expired"))


def test_a_request_that_is_at_fault_itself_fails_at_once(tmp_path: Path) -> None:
    """It would fail in every batch; the others are not held up."""

    async def run(url: str) -> dict[str, RequestFailed]:
        requests = [request(0), request(1), request(2, extra={"no_such_field": 1})]
        async with batching(url, tmp_path, engine="openai") as (_, batches):
            return await batches.buy(lambda: iter(requests))

    with batch_server() as server:
        failed = asyncio.run(run(server.url))
        assert len(server.served) == 2
    assert ["no_such_field" in error.message for error in failed.values()] == [True]


def test_a_batch_cancelled_by_hand_stops_the_run_and_the_rest_is_bought_on_resume(tmp_path: Path) -> None:
    async def cancel(url: str) -> None:
        async with batching(url, tmp_path, engine="openai") as (_, batches):
            task = asyncio.create_task(batches.buy(round_of(30)))
            while not (batches.open_batches and batches.open_batches[0].batch):
                await asyncio.sleep(0.01)
            await batches._api.cancel(batches.open_batches[0].batch)
            with pytest.raises(StopRun, match="cancelled with 29 requests left"):
                await task

    with batch_server(seconds=1.0) as server:
        asyncio.run(cancel(server.url))
    with batch_server() as server:
        assert asyncio.run(buy(server.url, tmp_path, engine="openai", count=30)) == {}
        assert len(server.served) == 29


def test_a_batch_that_is_refused_as_a_whole_stops_the_run_in_the_servers_words(tmp_path: Path) -> None:
    """Validation comes after creation; nothing is left open that the next start would wait for."""
    with batch_server(refused="Enqueued token limit reached.") as server, pytest.raises(StopRun) as caught:
        asyncio.run(buy(server.url, tmp_path, engine="openai", count=10))
    assert "Enqueued token limit reached." in caught.value.message
    assert [entry.state for entry in read_batches(tmp_path / BATCHES_FILE)] == ["abandoned"]


def test_batches_keep_to_the_cap(tmp_path: Path) -> None:
    with batch_server(seconds=0.05) as server:
        with pytest.raises(StopRun) as caught:
            asyncio.run(buy(server.url, tmp_path, engine="openai", count=100, max_cost=0.0012))
        assert 0 < billed(server.served) <= 0.0012
        assert caught.value.reason == "max_cost"


def test_a_batch_that_the_server_does_not_know_is_not_bought_again(tmp_path: Path) -> None:
    """Another project's key, or another address, is likelier than that it is gone."""

    async def leave(url: str) -> None:
        async with batching(url, tmp_path, engine="openai") as (_, batches):
            task = asyncio.create_task(batches.buy(round_of(20)))
            while not (batches.open_batches and batches.open_batches[0].batch):
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with batch_server(seconds=5) as server:
        asyncio.run(leave(server.url))
    with batch_server() as other, pytest.raises(StopRun) as caught:
        asyncio.run(buy(other.url, tmp_path, 20))
    assert caught.value.reason == "batch_not_found"
    assert other.served == []


def test_a_server_without_batches_is_said_to_be_one(tmp_path: Path) -> None:
    with batch_server(enabled=False) as server, pytest.raises(StopRun) as caught:
        asyncio.run(buy(server.url, tmp_path, engine="openai", count=10))
    assert caught.value.reason == "no_batches"
