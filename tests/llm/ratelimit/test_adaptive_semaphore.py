"""The adaptive semaphore: never more holders than the limit allows, no place lost."""

import asyncio

from docgen.llm.ratelimit.adaptive_semaphore import AdaptiveSemaphore


def test_no_more_than_the_limit_at_once() -> None:
    async def run() -> int:
        gate, most = AdaptiveSemaphore(7), 0

        async def holder() -> None:
            nonlocal most
            await gate.acquire()
            most = max(most, gate.in_flight)
            await asyncio.sleep(0)
            gate.release()

        await asyncio.gather(*(holder() for _ in range(100)))
        assert gate.in_flight == 0
        return most

    assert asyncio.run(run()) == 7


def test_a_cancelled_waiter_leaves_no_place_taken() -> None:
    async def run() -> None:
        gate = AdaptiveSemaphore(1)
        await gate.acquire()
        waiting = [asyncio.create_task(gate.acquire()) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:4]:
            task.cancel()
        gate.release()
        await waiting[4]
        assert gate.in_flight == 1

    asyncio.run(run())
