"""Rounds of requests bought in message batches from a loopback server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from docgen.errors import RequestFailed
from docgen.llm.batch.runner import BatchRunner
from docgen.llm.engine import BatchPlan, Engine
from docgen.llm.protocol import Request
from tests.llm.support import engine_over, request
from tests.loopback import BatchOptions, Loopback, Options

QUICK = BatchPlan(requests=40, poll=(0.02, 0.05), looks=(0.02, 0.05))


@asynccontextmanager
async def batching(url: str, folder: Path, **options: Any) -> AsyncIterator[tuple[Engine, BatchRunner]]:
    """An engine that buys in batches of 40."""
    async with engine_over(url, folder, batch=True, batch_plan=QUICK, caching=False, **options) as engine:
        assert engine.batches is not None
        yield engine, engine.batches


def round_of(count: int, **fields: Any) -> Callable[[], Iterable[Request]]:
    """So many requests, each with these fields."""
    return lambda: (request(n, **fields) for n in range(count))


async def buy(url: str, folder: Path, count: int, **options: Any) -> dict[str, RequestFailed]:
    """Buy a round of so many requests; those that failed."""
    async with batching(url, folder, **options) as (_, batches):
        return await batches.buy(round_of(count))


async def leave(url: str, folder: Path) -> None:
    """Create batches of 60 requests, and be cut off while they are open."""
    async with batching(url, folder) as (_, batches):
        task = asyncio.create_task(batches.buy(round_of(60)))
        while not (batches.open_batches and batches.open_batches[-1].batch):
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def batch_server(**options: Any) -> Loopback:
    """A server whose batches take a tenth of a second."""
    return Loopback(Options(batches=BatchOptions(**({"seconds": 0.1} | options))))
