"""Which batch on the server is ours, when the reply to its creation never came."""

import asyncio
import datetime as dt
from collections.abc import Collection

from docgen.llm.batch.api import BatchAPI, BatchView
from docgen.llm.batch.log import BatchEntry

__all__ = ["candidates", "is_ours"]

CLOCK_SKEW = dt.timedelta(minutes=10)


async def candidates(
    api: BatchAPI, entry: BatchEntry, taken: Collection[str], looks: tuple[float, ...]
) -> list[BatchView]:
    """Batches on the server that may be this one: as many requests, created since, and known as no other of the run's.

    `looks` are the waits in seconds between looks, until something is found: a listing may lag behind a creation.
    Raises as `BatchAPI` does.
    """
    for pause in (*looks, 0.0):
        views = await api.since(entry.at - CLOCK_SKEW)
        found = [view for view in views if view.id not in taken and view.size == len(entry.keys)]
        if found:
            return found
        await asyncio.sleep(pause)
    return []


async def is_ours(api: BatchAPI, ended: BatchView, entry: BatchEntry) -> bool:
    """Whether an ended batch is this one, by the key in its first result: the server keeps no name of ours."""
    results = api.results(ended)
    try:
        async for result in results:
            return result["custom_id"] in entry.keys
        return False
    finally:
        await results.aclose()  # type: ignore[attr-defined]
