"""The cap holds by the server's own count: over random caps, faults, resumes and interrupted runs."""

import asyncio
import random
from pathlib import Path

import pytest

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.cost.budget import SPEND_FILE, Budget, BudgetedLLM, uncertain_dollars
from docgen.llm.cost.pricing import load_prices
from docgen.llm.errors import INTERRUPTED, Transient
from docgen.llm.protocol import Completion, Request, Usage
from docgen.llm.ratelimit.control import RateControl, RateLimitedLLM
from tests.llm.support import Plain, billed, completion, engine_over, request
from tests.loopback import Loopback, Options, every_fault

PRICES = load_prices()


async def _spend(url: str, folder: Path, cap: float, requests: int, concurrency: int = 16) -> tuple[int, bool]:
    """(number of replies, whether the cap stopped it)."""
    async with engine_over(url, folder, max_cost=cap, concurrency=concurrency, caching=False) as engine:
        results = await asyncio.gather(
            *(engine.llm.complete(request(n)) for n in range(requests)), return_exceptions=True
        )
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, RequestFailed | StopRun):
            raise result
    stopped = [result for result in results if isinstance(result, StopRun)]
    assert all(error.reason == "max_cost" for error in stopped)
    return sum(isinstance(result, Completion) for result in results), bool(stopped)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_never_passes_its_cap_by_the_servers_count(seed: int, tmp_path: Path) -> None:
    """Faulty server, some replies lost; then resumed under the same cap."""
    cap = random.Random(seed).uniform(0.0004, 0.004)
    faults = every_fault(0.2) | {"500": 0.0}
    with Loopback(Options(faults=faults, seed=seed)) as server:
        had, stopped = asyncio.run(_spend(server.url, tmp_path, cap, 150))
        assert billed(server.served) <= cap
        asyncio.run(_spend(server.url, tmp_path, cap, 150))
        assert billed(server.served) <= cap
    assert stopped
    assert had > 0


@pytest.mark.parametrize("answers", ["claude-opus-5-5", "claude-sonnet-5-5"])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_server_that_answers_with_a_dearer_model_passes_no_cap(answers: str, resumed: bool, tmp_path: Path) -> None:
    """Full-length replies of another model than the one asked: it is said, and reserved for, in later starts too."""
    said: list[str] = []
    usage = Usage(input=60, output=request().max_tokens)
    cap = 60 * (PRICES.worst_case(request()) or 0.0)

    async def spend() -> float:
        budget = Budget(PRICES, cap, spent=sum(bills), ledger=tmp_path / SPEND_FILE)
        llm = BudgetedLLM(Plain(lambda _: completion(model=answers, usage=usage)), budget, say=said.append)
        replies = await asyncio.gather(*(llm.complete(request(n)) for n in range(200)), return_exceptions=True)
        budget.close()
        return sum(reply.dollars or 0.0 for reply in replies if isinstance(reply, Completion))

    bills: list[float] = []
    for _ in range(2 if resumed else 1):
        bills.append(asyncio.run(spend()))
    assert cap / 2 < sum(bills) <= cap
    (line,) = said
    assert answers in line


def test_a_higher_cap_goes_on_where_the_lower_stopped(tmp_path: Path) -> None:
    with Loopback() as server:
        first, stopped = asyncio.run(_spend(server.url, tmp_path, 0.002, 80))
        second, again = asyncio.run(_spend(server.url, tmp_path, 1.0, 80))
        assert len(server.served) == 80
    assert stopped
    assert not again
    assert first < second == 80


def test_most_of_the_cap_is_used(tmp_path: Path) -> None:
    """Reservations are released as replies come in, so what is left unspent is about one call's worst case."""
    with Loopback() as server:
        asyncio.run(_spend(server.url, tmp_path, 0.01, 400))
        assert billed(server.served) > 0.01 - 2 * (PRICES.worst_case(request()) or 0.0)


def test_a_cap_too_small_for_one_call_spends_nothing(tmp_path: Path) -> None:
    with Loopback() as server:
        had, stopped = asyncio.run(_spend(server.url, tmp_path, 1e-6, 3))
        assert (had, stopped, len(server.served)) == (0, True, 0)


def test_an_unknown_model_is_refused_under_a_cap_and_counted_in_tokens_without_one(tmp_path: Path) -> None:
    async def run(url: str, cap: float | None) -> Completion:
        async with engine_over(url, tmp_path, max_cost=cap) as engine:
            return await engine.llm.complete(request(model="my-own-model"))

    with Loopback() as server:
        with pytest.raises(ConfigError, match="no known price"):
            asyncio.run(run(server.url, 1.0))
        assert server.served == []
        reply = asyncio.run(run(server.url, None))
    assert reply.dollars is None
    assert reply.usage.output > 0


def test_what_a_kill_cut_off_counts_against_the_cap(tmp_path: Path) -> None:
    """The high-water mark of reservations is on disk before the calls are sent, and survives the process."""
    ledger = tmp_path / SPEND_FILE
    budget = Budget(PRICES, cap=1.0, ledger=ledger)
    assert budget.try_reserve(0.1)
    assert budget.try_reserve(0.1)
    assert uncertain_dollars(ledger) >= 0.2
    resumed = Budget(PRICES, cap=1.0, ledger=ledger)
    assert resumed.left is not None
    assert resumed.left <= 0.8
    assert not resumed.try_reserve(0.9)


def test_a_kill_costs_a_quarter_of_the_cap_at_most(tmp_path: Path) -> None:
    """However many calls could be in flight: a kill books those that were, and the run must survive several."""
    ledger = tmp_path / SPEND_FILE
    budget = Budget(PRICES, cap=1.0, ledger=ledger)
    taken = sum(budget.try_reserve(0.02) for _ in range(100))
    assert taken >= 10
    assert 0.02 * taken <= uncertain_dollars(ledger) <= 0.25 + 1e-9


def test_a_call_dearer_than_that_goes_alone(tmp_path: Path) -> None:
    budget = Budget(PRICES, cap=1.0)
    assert budget.try_reserve(0.9)
    assert not budget.try_reserve(0.05)


def test_a_clean_end_leaves_nothing_uncertain(tmp_path: Path) -> None:
    ledger = tmp_path / SPEND_FILE
    budget = Budget(PRICES, cap=1.0, ledger=ledger)
    assert budget.try_reserve(0.2)
    budget.release(0.2, spent=0.1)
    budget.close()
    assert uncertain_dollars(ledger) == 0.0


def test_lost_replies_stay_counted_after_a_clean_end(tmp_path: Path) -> None:
    ledger = tmp_path / SPEND_FILE
    budget = Budget(PRICES, cap=1.0, ledger=ledger)
    assert budget.try_reserve(0.2)
    budget.release(0.2, lost=0.2)
    budget.close()
    assert uncertain_dollars(ledger) == pytest.approx(0.2)
    assert Budget(PRICES, cap=1.0, ledger=ledger).left == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("error", "lost"), [(Transient("429", "x"), False), (Transient("timeout", "x", maybe_billed=True), True)]
)
def test_only_replies_that_may_have_been_paid_for_are_booked(error: Transient, lost: bool) -> None:
    def fail(_: object) -> Completion:
        raise error

    budget = Budget(PRICES, cap=1.0)
    with pytest.raises(Transient):
        asyncio.run(BudgetedLLM(Plain(fail), budget).complete(request()))
    assert (budget.uncertain > 0) is lost
    assert budget.reserved == pytest.approx(0.0)


def test_a_call_waits_for_money_that_others_have_reserved() -> None:
    """It is sent once a reply turned out cheaper than its reservation."""
    worst = PRICES.worst_case(request()) or 0.0
    budget = Budget(PRICES, cap=1.5 * worst)

    async def run() -> list[Completion]:
        llm = BudgetedLLM(Plain(lambda _: completion(dollars=None)), budget)
        return await asyncio.gather(*(llm.complete(request(n)) for n in range(5)))

    assert len(asyncio.run(run())) == 5
    assert budget.spent <= 1.5 * worst


def test_a_request_to_stop_ends_what_waits_for_the_cap(tmp_path: Path) -> None:
    """Nothing was billed for it; calls at the server are completed."""

    async def run(url: str, server: Loopback) -> tuple[list[object], int]:
        async with engine_over(url, tmp_path, max_cost=0.004, concurrency=60, caching=False) as engine:
            calls = [asyncio.create_task(engine.llm.complete(request(n))) for n in range(60)]
            while not server.server.arrivals:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert engine.control is not None
            engine.control.stop()
            results = await asyncio.gather(*calls, return_exceptions=True)
            return list(results), len(server.server.arrivals)

    with Loopback(Options(latency=0.5)) as server:
        results, sent = asyncio.run(run(server.url, server))
    stopped = [error for error in results if isinstance(error, StopRun)]
    assert {error.reason for error in stopped} == {INTERRUPTED}
    assert sent == 60 - len(stopped) < 60


def test_waiting_for_money_is_not_taken_for_a_slow_server() -> None:
    """Two calls, and a cap at which the second waits for the first."""
    latencies: list[float] = []

    class Slow(Plain):
        async def complete(self, request: Request) -> Completion:
            await asyncio.sleep(0.2)
            return await super().complete(request)

    async def run() -> None:
        budget, control = Budget(PRICES, cap=1.9 * (PRICES.worst_case(request()) or 0.0)), RateControl(8)
        control.semaphore.succeeded = lambda now, latency, output_tokens: latencies.append(latency)  # type: ignore[method-assign]
        llm = RateLimitedLLM(BudgetedLLM(Slow(), budget, control.reserved), control)
        await asyncio.gather(llm.complete(request(1)), llm.complete(request(2)))

    asyncio.run(run())
    assert len(latencies) == 2
    assert max(latencies) < 0.35
