"""Concurrent calls with results in the order of the items; calls in flight and items taken ahead are both bounded."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

__all__ = ["TOGETHER", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

TOGETHER = 256
"""Most results in one list. Chosen: enough to be worth a trip to a worker process, too few to block the event loop."""
AHEAD = 8
"""Items taken ahead, as a multiple of the calls in flight. Chosen: one slow call does not leave the others idle."""


async def in_order(
    items: Iterator[T],
    call: Callable[[T], Awaitable[R]],
    concurrency: int,
    stopping: Callable[[], bool],
    semaphore: asyncio.Semaphore | None = None,
) -> AsyncIterator[list[R]]:
    """Yield the results of `call` in the order of `items`, in lists of those that are ready.

    At most `concurrency` calls are in flight; pass a `semaphore` to share that limit with other calls. At most `AHEAD`
    times as many items (and at least `TOGETHER`) have been taken without their results having been yielded. Once
    `stopping()` is true, calls in flight are completed and no more are started. An exception in a call cancels the
    others and propagates.
    """
    semaphore, window = semaphore or asyncio.Semaphore(concurrency), max(TOGETHER, AHEAD * concurrency)
    tasks: deque[asyncio.Task[R | None]] = deque()

    async def limited(item: T) -> R | None:
        async with semaphore:
            return None if stopping() else await call(item)

    try:
        while True:
            if not stopping():
                new = itertools.islice(items, window - len(tasks))
                tasks.extend(asyncio.create_task(limited(item)) for item in new)
            if not tasks:
                return
            if not tasks[0].done():  # else do not wait: new calls start while the consumer handles what is ready
                await asyncio.wait([tasks[0]])
            ready: list[R] = []
            while tasks and tasks[0].done() and len(ready) < TOGETHER:
                result = tasks.popleft().result()
                if result is None:
                    await asyncio.gather(*tasks)
                    tasks.clear()
                else:
                    ready.append(result)
            yield ready
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
