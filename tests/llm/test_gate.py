"""How many at once: never more than the limit, fewer when it does not help."""

import asyncio

import pytest

from docgen.llm.gate import Gate


def test_no_more_than_the_limit_at_once() -> None:
    async def run() -> int:
        gate, most = Gate(7), 0

        async def one() -> None:
            nonlocal most
            await gate.acquire()
            most = max(most, gate.in_flight)
            await asyncio.sleep(0)
            gate.release()

        await asyncio.gather(*(one() for _ in range(100)))
        assert gate.in_flight == 0
        return most

    assert asyncio.run(run()) == 7


def test_a_cancelled_waiter_leaves_no_place_taken() -> None:
    async def run() -> None:
        gate = Gate(1)
        await gate.acquire()
        waiting = [asyncio.create_task(gate.acquire()) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:4]:
            task.cancel()
        gate.release()
        await waiting[4]
        assert gate.in_flight == 1

    asyncio.run(run())


def _throughput(limit: float, capacity: int, latency: float) -> tuple[float, float]:
    """(replies per second, latency) of a server that works on `capacity` requests at a time."""
    return min(limit, capacity) / latency, latency * max(1.0, limit / capacity)


def _simulate(capacity: int, seconds: float = 600.0, most: int = 1024) -> float:
    """The limit reached with demand that never ends."""

    async def run() -> float:
        gate, now = Gate(most), 0.0
        gate._waiting.append(asyncio.get_running_loop().create_future())
        while now < seconds:
            rate, latency = _throughput(int(gate.limit), capacity, 0.5)
            now += 1.0 / rate
            gate.succeeded(now, latency, 400)
        return gate.limit

    return asyncio.run(run())


def test_it_grows_to_what_the_server_can_take() -> None:
    limit = _simulate(capacity=4096, seconds=30.0)
    assert limit == 1024


@pytest.mark.parametrize("capacity", [8, 64, 200])
def test_a_saturated_server_is_not_drowned(capacity: int) -> None:
    """Kept full, and not with several times as many as it can work on."""
    limit = _simulate(capacity)
    assert limit >= 0.8 * capacity
    assert limit <= 5 * max(capacity, 64)


def test_overload_counts_once_per_round_trip() -> None:
    gate = Gate(100)
    before = gate.limit
    for _ in range(10):
        gate.overloaded(now=1.0, sent_at=0.5)
    assert gate.limit == pytest.approx(0.7 * before)
    gate.overloaded(now=2.0, sent_at=1.5)
    assert gate.limit == pytest.approx(0.49 * before)


def test_it_never_closes() -> None:
    gate = Gate(4)
    for step in range(100):
        gate.overloaded(now=float(step), sent_at=float(step))
    assert gate.limit == 1.0


def test_a_server_that_has_become_slower_is_not_starved() -> None:
    """Ten times the latency at every load: fewer at once would only be fewer."""

    async def run() -> float:
        gate, now = Gate(256), 0.0
        gate._waiting.append(asyncio.get_running_loop().create_future())
        while now < 300.0:
            rate, latency = _throughput(int(gate.limit), 4096, 0.5 if now < 60.0 else 5.0)
            now += 1.0 / rate
            gate.succeeded(now, latency, 400)
        return gate.limit

    assert asyncio.run(run()) > 200
