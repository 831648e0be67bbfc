"""Batches: everything is bought once, whatever the server does and however often the run is interrupted."""

import asyncio
from pathlib import Path

import pytest

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.batch.api import BatchAPI
from docgen.llm.batch.log import BatchLog, read_batches
from docgen.llm.engine import BATCHES_FILE, BatchPlan
from docgen.llm.ratelimit import retry
from docgen.pipeline.execution.batches import cancel_batches, list_batches
from docgen.pipeline.inputs.setup import reopen
from tests.llm.batch.batch_support import batch_server, batching, buy, leave, round_of
from tests.llm.support import SCHEMA, age, billed, engine_over, request
from tests.loopback import BatchOptions, Loopback, Options
from tests.runs import set_up_run, small


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")


@pytest.mark.parametrize("engine_name", ["anthropic", "openai"])
def test_a_round_is_bought_at_half_the_price_and_read_from_the_journal(engine_name: str, tmp_path: Path) -> None:
    async def run(url: str) -> tuple[float, set[bool]]:
        async with batching(url, tmp_path, engine=engine_name) as (engine, batches):
            assert await batches.buy(round_of(100, schema=SCHEMA)) == {}
            replies = [await batches.complete(request(n, schema=SCHEMA)) for n in range(100)]
            return engine.journal.totals.all.dollars, {reply.reused for reply in replies}

    with batch_server() as server:
        dollars, reused = asyncio.run(run(server.url))
        assert dollars == pytest.approx(billed(server.served))
        assert sum(row.batched for row in server.served) == 99
        assert len(server.served) == 100
    assert reused == {True}


def test_models_that_take_turns_have_a_batch_each(tmp_path: Path) -> None:
    """As several writers of a run do, document by document."""
    models = ("claude-haiku-5-5", "claude-sonnet-5-5")

    async def run(url: str) -> None:
        async with batching(url, tmp_path) as (_, batches):
            assert await batches.buy(lambda: (request(n, model=models[n % 2]) for n in range(40))) == {}

    with batch_server() as server:
        asyncio.run(run(server.url))
        assert len(server.server.batches) == 2
        assert sum(row.batched for row in server.served) == 38


def test_the_first_request_of_a_kind_goes_ahead_by_itself(tmp_path: Path) -> None:
    """A batch's parameters are validated only when it is processed, hours later."""

    async def run(url: str) -> None:
        async with batching(url, tmp_path) as (_, batches):
            await batches.buy(round_of(10, effort="low"))

    with Loopback(Options(structured=False)) as server, pytest.raises(StopRun) as caught:
        asyncio.run(run(server.url))
    assert caught.value.reason == "first_request"
    assert server.server.batches == {}


def test_only_items_that_errored_or_expired_are_submitted_again(tmp_path: Path) -> None:
    with batch_server(errored=0.2, expired=0.2) as server:
        failed = asyncio.run(buy(server.url, tmp_path, 200))
        assert len({row.request for row in server.served}) == len(server.served) == 200 - len(failed)
        submitted = sum(len(entry.keys) for entry in read_batches(tmp_path / BATCHES_FILE))
    assert len(failed) <= 4
    assert 199 / 0.6 * 0.8 < submitted < 199 / 0.6 * 1.25


def test_a_request_that_errs_every_time_fails_as_data(tmp_path: Path) -> None:
    async def run(url: str) -> dict[str, RequestFailed]:
        async with batching(url, tmp_path) as (_, batches):
            failed = await batches.buy(round_of(3))
            with pytest.raises(RequestFailed):
                await batches.complete(request(2))
            return failed

    with batch_server(errored=1.0) as server:
        failed = asyncio.run(run(server.url))
    assert set(failed) == {request(1).key, request(2).key}


def test_a_lost_reply_to_creation_is_found_and_not_submitted_again(tmp_path: Path) -> None:
    with batch_server(lost_create=1.0) as server:
        assert asyncio.run(buy(server.url, tmp_path, 200)) == {}
        assert server.server.answers["lost_create"] == len(server.server.batches) == 5
        assert len(server.served) == 200


@pytest.mark.parametrize(
    ("engine_name", "moment"),
    [*(("anthropic", moment) for moment in (0.0, 0.03, 0.08, 0.15, 0.25)), ("openai", 0.02), ("openai", 0.15)],
)
def test_a_run_that_is_cut_off_takes_up_its_batches(engine_name: str, moment: float, tmp_path: Path) -> None:
    """Cancelled at any moment and started again: every batch is submitted once, every reply used.

    Also where the reply to a creation was lost.
    """

    async def cut_off(url: str) -> None:
        async with batching(url, tmp_path, engine=engine_name) as (_, batches):
            task = asyncio.create_task(batches.buy(round_of(120)))
            await asyncio.sleep(moment)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with batch_server(lost_create=0.3) as server:
        asyncio.run(cut_off(server.url))
        assert asyncio.run(buy(server.url, tmp_path, 120, engine=engine_name)) == {}
        assert len({row.request for row in server.served}) == len(server.served) == 120


def test_an_intent_without_a_batch_is_abandoned_and_submitted(tmp_path: Path) -> None:
    """Killed between the intent and the request."""
    log = BatchLog(tmp_path / BATCHES_FILE)
    log.intend([request(n).key for n in range(5)], "document", request().model, 0.01)
    log.close()
    with batch_server() as server:
        assert asyncio.run(buy(server.url, tmp_path, 5)) == {}
        assert len(server.served) == 5
    assert [entry.state for entry in read_batches(tmp_path / BATCHES_FILE)] == ["abandoned", "done"]


def test_somebody_elses_batch_of_the_same_size_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Two runs of one account, both interrupted while creating."""

    async def create(url: str) -> None:
        async with batching(url, tmp_path / "other") as (_, batches):
            await batches._api.create([batches._api.item(request(100 + n)) for n in range(5)])
            assert isinstance(batches._api, BatchAPI)

    log = BatchLog(tmp_path / BATCHES_FILE)
    log.intend([request(n).key for n in range(5)], "document", request().model, 0.01)
    log.close()
    with batch_server() as server:
        asyncio.run(create(server.url))
        assert asyncio.run(buy(server.url, tmp_path, 5)) == {}
        assert len(server.served) == 10


def test_going_on_without_batches_while_some_are_open_is_refused(tmp_path: Path) -> None:
    """It would buy a second time what is about to be delivered."""

    async def run(url: str) -> None:
        async with engine_over(url, tmp_path) as engine:
            await engine.llm.complete(request())

    log = BatchLog(tmp_path / BATCHES_FILE)
    log.intend([request().key], "document", request().model, 0.01)
    log.close()
    with batch_server() as server, pytest.raises(ConfigError, match="docgen batches --cancel"):
        asyncio.run(run(server.url))


def test_a_batch_cancelled_by_hand_stops_the_run_and_the_rest_is_bought_on_resume(tmp_path: Path) -> None:
    async def cancel(url: str) -> None:
        async with batching(url, tmp_path) as (_, batches):
            task = asyncio.create_task(batches.buy(round_of(60)))
            while not (batches.open_batches and batches.open_batches[0].batch):
                await asyncio.sleep(0.01)
            await batches._api.cancel(batches.open_batches[0].batch)
            with pytest.raises(StopRun, match="cancelled"):
                await task

    with batch_server(seconds=1.0) as server:
        asyncio.run(cancel(server.url))
    with batch_server() as server:
        age(tmp_path / BATCHES_FILE, days=30)
        assert asyncio.run(buy(server.url, tmp_path, 60)) == {}
        assert server.served


def test_a_server_without_batches_is_said_to_be_one(tmp_path: Path) -> None:
    with Loopback(Options(batches=BatchOptions(enabled=False))) as server, pytest.raises(StopRun) as caught:
        asyncio.run(buy(server.url, tmp_path, 10))
    assert caught.value.reason == "no_batches"
    assert "--batch" in caught.value.fix


def test_batches_keep_to_the_cap(tmp_path: Path) -> None:
    """They are as small as the cap requires, and the next waits for the last one's budget."""
    with batch_server(seconds=0.05) as server:
        with pytest.raises(StopRun) as caught:
            asyncio.run(buy(server.url, tmp_path, 100, max_cost=0.0012))
        assert 0 < billed(server.served) <= 0.0012
        assert len(server.server.batches) > 1
        assert caught.value.reason == "max_cost"
        assert asyncio.run(buy(server.url, tmp_path, 100, max_cost=1.0)) == {}
        assert len(server.served) == 100


def test_batches_are_limited_by_bytes_too(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with engine_over(
            url, tmp_path, batch=True, batch_plan=BatchPlan(bytes=1_500, poll=(0.02, 0.05)), caching=False
        ) as engine:
            assert engine.batches is not None
            await engine.batches.buy(round_of(30))

    with batch_server() as server:
        asyncio.run(run(server.url))
        assert len(server.server.batches) > 3


def test_the_offline_engine_has_no_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from docgen.llm.engine import EngineOptions, open_engine
    from docgen.llm.journal import Journal

    async def run() -> None:
        with Journal(tmp_path / "llm.jsonl") as journal:
            async with open_engine(EngineOptions(engine="offline", batch=True), journal):
                pass

    with pytest.raises(ConfigError, match="--batch"):
        asyncio.run(run())


@pytest.mark.parametrize("since", ["servers", "writers"])
def test_batches_are_cancelled_where_they_were_sent_whatever_was_set_since(
    since: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several servers, or writers with a server of their own, were named for what comes next."""
    with batch_server(seconds=1.0) as server, batch_server() as other:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        run = set_up_run(tmp_path, **small(engine="anthropic", model="claude-haiku-5-5")).run
        asyncio.run(leave(server.url, run.path))
        entries = {
            "servers": [{"base_url": other.url}, {"base_url": other.url + "/v1"}],
            "writers": [{"model": name, "share": 0.5, "base_url": other.url} for name in ("m", "claude-haiku-5-5")],
        }
        meta = run.read_meta()
        run.write_json("run.json", meta | {"config": meta["config"] | {since: entries[since]}})
        assert [line.at_server for line in list_batches(reopen(run)) if line.at_server] == ["in progress"] * 2
        assert cancel_batches(reopen(run)) == 0
        assert not any(entry.open for entry in read_batches(run.path / "batches.jsonl"))
        assert other.server.arrivals == []


def test_cancelling_keeps_what_was_done_and_leaves_nothing_open(tmp_path: Path) -> None:
    """The run can then be resumed without batches."""

    async def cancel(url: str) -> int:
        async with batching(url, tmp_path) as (_, batches):
            return await batches.cancel()

    async def go_on(url: str) -> None:
        async with engine_over(url, tmp_path, caching=False) as engine:
            await asyncio.gather(*(engine.llm.complete(request(n)) for n in range(60)))

    with batch_server(seconds=1.0) as server:
        asyncio.run(leave(server.url, tmp_path))
        assert asyncio.run(cancel(server.url)) == 0
        asyncio.run(go_on(server.url))
        assert len({row.request for row in server.served}) == len(server.served) == 60
