"""Retries, terminal errors and storms, against a server that fails in every way."""

import asyncio
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import Transient
from docgen.llm.protocol import Completion
from docgen.llm.ratelimit import retry
from docgen.llm.ratelimit.control import RateControl, RateLimitedLLM
from docgen.llm.ratelimit.retry import RetryState
from tests.llm.support import Plain, completion, engine_over, request
from tests.loopback import Limits, Loopback, Options, every_fault


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))
    monkeypatch.setattr(retry, "BUSY_BACKOFF", (0.001, 0.01))


async def _all(url: str, folder: Path, count: int, **options: Any) -> list[Completion | BaseException]:
    async with engine_over(url, folder, **options) as engine:
        return await asyncio.gather(*(engine.llm.complete(request(n)) for n in range(count)), return_exceptions=True)


@pytest.mark.usefixtures("no_waiting")
def test_every_kind_of_fault_is_survived(tmp_path: Path) -> None:
    """A fifth of all calls fail, in every way; every request gets its reply and is billed once."""
    with Loopback(Options(faults=every_fault(0.2))) as server:
        replies = asyncio.run(_all(server.url, tmp_path, 300))
        answers = server.server.answers
        assert len({row.request for row in server.served}) == len(server.served) == 300
    assert all(isinstance(reply, Completion) for reply in replies)
    assert set(every_fault(0.2)) <= set(answers)


@pytest.mark.usefixtures("no_waiting")
def test_a_fault_that_does_not_pass_fails_the_request_after_a_bounded_number_of_tries(tmp_path: Path) -> None:
    with Loopback(Options(faults={"500": 1.0})) as server:
        (error,) = asyncio.run(_all(server.url, tmp_path, 1))
        assert server.server.answers["500"] == retry.FAULT_TRIES
    assert isinstance(error, RequestFailed)
    assert (error.kind, error.attempts) == ("500", retry.FAULT_TRIES)


@pytest.mark.usefixtures("no_waiting")
def test_a_row_of_equal_failures_stops_the_run(tmp_path: Path) -> None:
    with Loopback(Options(faults={"html": 1.0})) as server:
        results = asyncio.run(_all(server.url, tmp_path, 40))
    kinds = Counter(type(result) for result in results)
    stops = [result for result in results if isinstance(result, StopRun)]
    assert kinds[StopRun] + kinds[RequestFailed] == 40
    assert stops[0].reason == "all_failing"
    assert "malformed" in stops[0].message


@pytest.mark.usefixtures("no_waiting")
def test_failures_of_several_kinds_do_not(tmp_path: Path) -> None:
    with Loopback(Options(faults={"html": 0.5, "500": 0.5})) as server:
        results = asyncio.run(_all(server.url, tmp_path, 30))
    assert {type(result) for result in results} == {RequestFailed}


@pytest.mark.parametrize("headers", ["true", "none"])
def test_a_storm_is_weathered(headers: Any, tmp_path: Path) -> None:
    """More requests than the limit allows: none fails, few are refused. `bench/engine_storm.py` times it."""
    limits = Limits(requests=(200.0, 50.0), headers=headers)
    with Loopback(Options(limits=limits)) as server:
        replies = asyncio.run(_all(server.url, tmp_path, 400))
        refused = server.server.answers["429"]
    assert all(isinstance(reply, Completion) for reply in replies)
    assert refused < 400


def test_nothing_is_sent_again_before_the_server_said(tmp_path: Path) -> None:
    limits = Limits(requests=(2.0, 1.0), headers="none", retry_after=0.4)
    with Loopback(Options(limits=limits)) as server:
        asyncio.run(_all(server.url, tmp_path, 2))
        arrivals = server.server.arrivals
    assert len(arrivals) >= 3
    assert arrivals[2] - arrivals[1] >= 0.4


def test_the_wait_is_never_shorter_than_asked_and_never_endless() -> None:
    retries = RetryState()
    assert retries.backoff(Transient("429", "x", after=7.0, busy=True)) >= 7.0
    for seconds, span in ((3600.0, "60 minutes"), (9.1 * 3600, "9 hours"), (3.4 * 86_400, "3 days")):
        with pytest.raises(StopRun, match=span):
            retries.backoff(Transient("429", "x", after=seconds, busy=True))
    for _ in range(200):
        retries.exhausted(Transient("529", "x", busy=True))
    assert retries.backoff(Transient("529", "x", busy=True)) <= retry.BUSY_BACKOFF[1]


@pytest.mark.parametrize("kind", ["429", "529"])
def test_a_server_that_is_busy_for_good_stops_the_run(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly it is asked; one reply, or a hold by hand, and the time counts anew."""
    clock = [0.0]
    monkeypatch.setattr("docgen.llm.ratelimit.control.time", SimpleNamespace(monotonic=lambda: clock[0]))
    control, refusal = RateControl(4), Transient(kind, "later", busy=True)

    def refused(minutes: float, times: int = 10) -> None:
        for _ in range(times):
            clock[0] += minutes * 60 / times
            control.refuse_busy_for_long(refusal)

    refused(5)
    control.succeeded(clock[0], completion("x"))
    refused(4.9)
    control.hold(False)
    refused(5)
    with pytest.raises(StopRun, match=f"refused everything for 5 minutes .{kind}: later"):
        refused(0.6, times=1)


def test_no_more_than_the_wanted_number_are_in_flight(tmp_path: Path) -> None:
    with Loopback(Options(latency=0.01)) as server:
        asyncio.run(_all(server.url, tmp_path, 100, concurrency=5))
        assert server.server.peak <= 5


def test_an_overloaded_server_gets_fewer_at_once(tmp_path: Path) -> None:
    """It answers 529 beyond ten in flight; the client learns to stay near that."""
    with Loopback(Options(latency=0.05, overload=10)) as server:
        replies = asyncio.run(_all(server.url, tmp_path, 300, concurrency=128))
        assert server.server.answers["529"] < 900
    assert all(isinstance(reply, Completion) for reply in replies)


def test_other_errors_pass_through_untouched() -> None:
    """A bug keeps its traceback and releases the semaphore."""

    def broken(_: object) -> Completion:
        raise ZeroDivisionError

    control = RateControl(4)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(RateLimitedLLM(Plain(broken), control).complete(request()))
    assert control.semaphore.in_flight == 0


def test_success_after_trouble_counts_as_success() -> None:
    failures = iter([Transient("500", "x")] * 2)

    def answer(_: object) -> Completion:
        for error in failures:
            raise error
        return completion("at last")

    control = RateControl(4)
    assert asyncio.run(RateLimitedLLM(Plain(answer), control).complete(request())).text == "at last"
    assert control.retries == 2
