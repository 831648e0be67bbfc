"""Calls whose results come in the order of their items, with a bounded number in flight and of items taken ahead."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

__all__ = ["TOGETHER", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

TOGETHER = 256
"""Most results handed over at once. Chosen: enough for a worker process to pay, few enough not to block the loop."""


async def in_order(
    items: Iterator[T],
    call: Callable[[T], Awaitable[R]],
    concurrency: int,
    stopping: Callable[[], bool],
    semaphore: asyncio.Semaphore | None = None,
) -> AsyncIterator[list[R]]:
    """Results of `call` in the order of `items`, in lists of those that are ready.

    At most `concurrency` calls are in flight, and at most 8 times as many items (256 at least) are started or wait for
    an earlier one; `items` is consumed no further ahead. Once `stopping`, calls in flight are completed and no more are
    started. An exception in a call cancels the others and propagates. `semaphore` is one that other calls share.
    """
    semaphore, window = semaphore or asyncio.Semaphore(concurrency), max(TOGETHER, 8 * concurrency)
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
            if not tasks[0].done():  # otherwise the new calls start while the consumer handles what is ready
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
