"""Rounds bought as message batches: progress by time, and Ctrl-C that leaves them running."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from docgen.llm.protocol import Request
from docgen.progress import Progress, Reporter

if TYPE_CHECKING:
    from docgen.llm.batch.runner import BatchRunner  # which needs the SDK: seconds that a run without batches can spare

__all__ = ["buyer"]

LOOK_SECONDS = 0.2


def buyer(
    batches: "BatchRunner", reporter: Reporter, stopping: Callable[[], bool]
) -> Callable[[Callable[[], Iterable[Request]]], Awaitable[None]]:
    """What `Generation.buy` wants: buys a round, and returns early, with the batches left running, once `stopping`."""

    def tell() -> None:
        state = batches.progress()
        reporter.progress(Progress("batches", state.replies, state.requests))

    said = 0

    def say() -> None:
        nonlocal said
        for notice in batches.notices[said:]:
            reporter.note(notice)
        said = len(batches.notices)

    async def buy(requests: Callable[[], Iterable[Request]]) -> None:
        batches.on_change(tell)
        task = asyncio.ensure_future(batches.buy(requests))
        while not task.done() and not stopping():
            await asyncio.wait([task], timeout=LOOK_SECONDS)
        say()
        if task.done():
            task.result()
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        waiting = len(batches.open_batches)
        reporter.note(f"{waiting} message batch(es) go on at the server; the same command takes them up again")

    return buy
