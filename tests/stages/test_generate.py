"""Results in order whenever they arrive, bounded look-ahead, and a clean end."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.planning.slots.tracker import SlotTracker
from docgen.records import Attempt, Reason
from docgen.stages.generate import RESULTS_PER_BATCH, in_order


def gather(
    items: Iterator[int],
    call: Callable[[int], Awaitable[int]],
    concurrency: int,
    stopping: Callable[[], bool] = lambda: False,
) -> list[int]:
    async def run() -> list[int]:
        found: list[int] = []
        async for ready in in_order(items, call, concurrency, stopping):
            assert len(ready) <= RESULTS_PER_BATCH
            found += ready
        return found

    return asyncio.run(run())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 8))
def test_results_come_in_the_order_of_the_items(delays: list[int], concurrency: int) -> None:
    flying = peak = 0

    async def call(number: int) -> int:
        nonlocal flying, peak
        flying += 1
        peak = max(peak, flying)
        for _ in range(delays[number]):
            await asyncio.sleep(0)
        flying -= 1
        return number

    assert gather(iter(range(len(delays))), call, concurrency) == list(range(len(delays)))
    assert peak <= concurrency


def test_plan_is_drawn_only_a_window_ahead() -> None:
    """One slow first reply must not pull a plan of millions into memory."""
    drawn = 0

    def endless() -> Iterator[int]:
        nonlocal drawn
        while drawn < 1_000_000:
            drawn += 1
            yield drawn - 1

    release = asyncio.Event()

    async def call(number: int) -> int:
        if number == 0:
            await release.wait()
        return number

    async def run() -> None:
        results = in_order(endless(), call, 4, lambda: False)
        waiting = asyncio.ensure_future(anext(results))
        for _ in range(2000):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert drawn < 300
        release.set()
        assert (await waiting)[0] == 0
        assert isinstance(results, AsyncGenerator)
        await results.aclose()

    asyncio.run(run())


def test_stop_finishes_what_is_under_way_and_begins_nothing() -> None:
    begun: list[int] = []

    async def call(number: int) -> int:
        begun.append(number)
        await asyncio.sleep(0.001)
        return number

    stopped = lambda: len(begun) >= 10  # noqa: E731
    found = gather(iter(range(1000)), call, 4, stopped)
    assert found == begun == list(range(len(begun)))
    assert len(begun) < 20


def test_error_of_one_call_ends_all_and_leaves_none_running() -> None:
    cancelled = itertools.count()

    async def call(number: int) -> int:
        if number == 3:
            raise OSError(28, "No space left on device")
        try:
            await asyncio.sleep(30 if number > 3 else 0)
        except asyncio.CancelledError:
            next(cancelled)
            raise
        return number

    with pytest.raises(OSError, match="No space"):
        gather(iter(range(8)), call, 8)
    assert next(cancelled) == 4


def attempt(slot: int, number: int, verdict: str, *codes: str) -> Attempt:
    reasons = tuple(Reason(code=code) for code in codes)
    return Attempt.model_construct(slot=slot, number=number, verdict=verdict, reasons=reasons)  # type: ignore[call-arg, arg-type]


def test_tracker_knows_what_every_slot_needs_next() -> None:
    tracker = SlotTracker(4)
    tracker.record(attempt(0, 1, "accepted"))
    tracker.record(attempt(1, 1, "rejected", "leak", "leak", "missing_fact"))
    tracker.record(attempt(2, 1, "failed", "request_failed"))
    assert [tracker.next_number(slot) for slot in range(4)] == [None, 2, 1, 1]
    assert tracker.reasons == {"leak": 1, "missing_fact": 1}, "attempts that have the reason"
    assert (tracker.accepted, tracker.rejected, set(tracker.failed)) == (1, 1, {2})
    tracker.record(attempt(1, 2, "accepted"))
    tracker.record(attempt(2, 1, "rejected", "empty"))
    assert [tracker.next_number(slot) for slot in range(4)] == [None, None, 2, 1]
    assert (tracker.accepted, tracker.rejected, len(tracker.failed), tracker.empty(1)) == (2, 2, 0, 1)
