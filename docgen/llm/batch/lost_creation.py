"""Finds the batch on the server that is ours when the reply to its creation was lost."""

import asyncio
import datetime as dt
from collections.abc import Collection

from docgen.llm.batch.batch_protocol import Batches, BatchView
from docgen.llm.batch.log import BatchEntry

__all__ = ["candidates", "is_ours"]

CLOCK_SKEW = dt.timedelta(minutes=10)
"""How far the server's clock may be behind ours. Chosen: generous, since keys in the results prove a candidate."""


async def candidates(
    api: Batches, entry: BatchEntry, taken: Collection[str], looks: tuple[float, ...]
) -> list[BatchView]:
    """Batches on the server that may be this entry's: created since, as many requests, and not one of the ids `taken`.

    `looks` are the waits in seconds between attempts, since a listing may lag behind a creation. Raises what `Batches`
    raises.
    """
    for pause in (*looks, 0.0):
        views = await api.since(entry.at - CLOCK_SKEW)
        matching = [view for view in views if view.id not in taken and view.size == len(entry.keys)]
        if matching:
            return matching
        await asyncio.sleep(pause)
    return []


async def is_ours(api: Batches, ended: BatchView, entry: BatchEntry) -> bool:
    """Whether an ended batch is this entry's, judged by the key in its first result: batches do not carry a name of
    ours."""
    results = api.results(ended)
    try:
        async for result in results:
            return result["custom_id"] in entry.keys
        return False
    finally:
        await results.aclose()  # type: ignore[attr-defined]
