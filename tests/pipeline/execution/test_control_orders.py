"""A paid run held, slowed, and its cap raised while it is at work: on a real server, by the file that `docgen ctl`
writes."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, RunError
from docgen.llm.cost.budget import Budget
from docgen.llm.cost.pricing import load_prices
from docgen.llm.journal import journal_totals
from docgen.llm.ratelimit.adaptive_semaphore import AdaptiveSemaphore
from docgen.options.last_step import Step
from docgen.pipeline.execution.control_orders import Order, change_run
from docgen.pipeline.execution.execute import aexecute
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.progress.display import PlainReporter
from tests.llm.support import billed
from tests.loopback import Loopback, Options
from tests.runs import Notes, set_up_run

LOW, HIGH = 0.006, 5.0
"""Dollars: no room for the whole of the run, and more than enough."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")


def begun(folder: Path, server: Loopback, **settings: Any) -> Setup:
    return set_up_run(folder, n=40, engine="anthropic", base_url=server.url, verify=0, **settings)


async def at_work(setup: Setup, notes: Notes) -> "asyncio.Task[bool]":
    """The run on its way, with its first documents bought."""
    task = asyncio.create_task(aexecute(setup, Step.GENERATE, notes, lambda: False))
    while not setup.run.attempts.exists() and not task.done():
        await asyncio.sleep(0.02)
    return task


async def told(notes: Notes, words: str) -> None:
    while not any(words in note for note in notes.notes):
        await asyncio.sleep(0.02)


def test_a_held_run_sends_nothing_until_it_goes_on(tmp_path: Path) -> None:
    """What was in flight is read; then not one request arrives; afterwards it finishes, every reply bought once."""

    async def story(server: Loopback) -> None:
        setup, notes = begun(tmp_path, server, concurrency=4), Notes()
        task = await at_work(setup, notes)
        assert change_run(setup.run, Order(do="pause", concurrency=2)).paused
        await told(notes, "Paused by docgen ctl")
        while True:
            sent = len(server.server.arrivals)
            await asyncio.sleep(0.3)
            if len(server.server.arrivals) == sent:
                break
        assert sent == len(server.served)
        assert not task.done()
        assert change_run(setup.run, Order()).model_dump(include={"paused", "concurrency"}) == {
            "paused": True,
            "concurrency": 2,
        }
        change_run(setup.run, Order(do="resume"))
        assert await asyncio.wait_for(task, 60)
        assert len(server.served) == journal_totals(setup.run.journal).all.calls

    with Loopback(Options(latency=0.05, words=60)) as server:
        asyncio.run(story(server))


def test_a_raised_cap_lets_a_run_go_on_and_stays(tmp_path: Path) -> None:
    """Held below a cap that is too low; with a higher one it finishes, under it, and run.json has it; never lowered."""

    async def story(server: Loopback) -> None:
        setup, notes = begun(tmp_path, server, concurrency=2, max_cost=LOW), Notes()
        task = await at_work(setup, notes)
        change_run(setup.run, Order(do="pause"))
        await told(notes, "Paused by docgen ctl")
        for lower in (LOW, LOW / 2):
            with pytest.raises(ConfigError, match="can only be raised"):
                change_run(setup.run, Order(max_cost=lower))
        with pytest.raises(ConfigError, match="begun with"):
            change_run(setup.run, Order(concurrency=3))
        change_run(setup.run, Order(do="resume", max_cost=HIGH))
        assert await asyncio.wait_for(task, 60)
        assert reopen(setup.run).config.max_cost == HIGH
        assert LOW < billed(server.served) <= HIGH
        orders = [json.loads(line) for line in (setup.run.path / "control.jsonl").read_text("utf-8").splitlines()]
        assert [order.get("max_cost") for order in orders] == [None, HIGH]
        with pytest.raises(RunError, match="no process is working on it"):
            change_run(setup.run, Order(do="pause"))

    with Loopback(Options(latency=0.02, words=60)) as server:
        asyncio.run(story(server))


def test_orders_to_an_earlier_start_are_not_carried_out_again(tmp_path: Path) -> None:
    async def story(server: Loopback) -> None:
        setup, notes = begun(tmp_path, server), Notes()
        (setup.run.path / "control.jsonl").write_text('{"do": "pause"}\n', "utf-8")
        assert await asyncio.wait_for(aexecute(setup, Step.PLAN, notes, lambda: False), 60)
        assert not any("docgen ctl" in note for note in notes.notes)

    with Loopback() as server:
        asyncio.run(story(server))


def test_a_budget_without_a_cap_gets_none_and_a_held_one_reserves_nothing() -> None:
    async def story() -> None:
        free = Budget(load_prices(None))
        assert not free.raise_cap(1.0)
        assert free.cap is None
        capped = Budget(load_prices(None), cap=1.0)
        assert [capped.raise_cap(cap) for cap in (0.5, 1.0, float("inf"), 2.0)] == [False, False, False, True]
        semaphore = AdaptiveSemaphore(8)
        semaphore.limit_to(2)
        assert semaphore.limit == 2
        semaphore.limit_to(8)
        assert semaphore.limit == 8

    asyncio.run(story())


def test_where_there_is_no_terminal_a_line_says_now_and_then_what_is_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Calls in flight, the oldest of them, the last reply, what was spent; nothing with --quiet."""
    monkeypatch.setattr("docgen.pipeline.execution.stopping.BEAT_SECONDS", 0.0)
    with Loopback(Options(latency=0.3, words=60)) as server:
        setup = begun(tmp_path, server)
        asyncio.run(aexecute(setup, Step.PLAN, PlainReporter(quiet=True), lambda: False))
        assert capsys.readouterr().err == ""
        asyncio.run(aexecute(setup, Step.GENERATE, PlainReporter(), lambda: False))
    assert re.search(
        r"\d+ calls? in flight, the oldest for \d+ s, the last reply \d+ s ago; \$0.00\d+ spent",
        capsys.readouterr().err,
    )


def test_a_held_run_can_be_stopped(tmp_path: Path) -> None:
    """Ctrl-C while held ends it, and not all was done."""

    async def story(server: Loopback) -> None:
        setup, notes, asked = begun(tmp_path, server, concurrency=2), Notes(), asyncio.Event()
        task = asyncio.create_task(aexecute(setup, Step.GENERATE, notes, asked.is_set))
        while not setup.run.attempts.exists():
            await asyncio.sleep(0.02)
        change_run(setup.run, Order(do="pause"))
        await told(notes, "Paused by docgen ctl")
        asked.set()
        assert not await asyncio.wait_for(task, 30)

    with Loopback(Options(latency=0.05, words=60)) as server:
        asyncio.run(story(server))
