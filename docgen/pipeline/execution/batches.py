"""The message batches of a run: buying a round of requests, their state at the server, cancelling them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.log import read_batches
from docgen.llm.engine import BATCHES_FILE, batch_api, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import Request
from docgen.llm.providers.table import provider_with_batches
from docgen.pipeline.execution.shared_budget import lock_for_spending
from docgen.pipeline.execution.stopping import POLL_SECONDS
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Progress, Reporter
from docgen.records import Record
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.llm.batch.runner import BatchRunner  # needs the SDK, which takes seconds to import

__all__ = ["BatchLine", "batch_buyer", "cancel_batches", "list_batches"]


class BatchLine(Record):
    """One batch. `state` is what the run has recorded, `at_server` what the server says about an open one."""

    batch: str
    stage: str
    model: str
    requests: int
    submitted: str
    state: str
    at_server: str
    counts: dict[str, int]
    at_most_dollars: float | None


def list_batches(setup: Setup) -> list[BatchLine]:
    """Every batch of the run, in the order of submission; the server is asked about the open ones."""
    entries = read_batches(setup.run.path / BATCHES_FILE)
    waiting = [entry.batch for entry in entries if entry.open and entry.batch]
    states = asyncio.run(_states(setup, waiting)) if waiting else {}
    return [
        BatchLine(
            batch=entry.batch or "(not identified)",
            stage=entry.stage,
            model=entry.model,
            requests=len(entry.keys),
            submitted=entry.at.isoformat(timespec="seconds"),
            state=entry.state,
            at_server=states.get(entry.batch, ""),
            counts=dict(entry.counts),
            at_most_dollars=entry.worst,
        )
        for entry in entries
    ]


async def _states(setup: Setup, batches: list[str]) -> dict[str, str]:
    provider = provider_with_batches(setup.config.engine)
    llm, states = provider.connect(_as_sent(setup).connection), dict[str, str]()
    api = batch_api(provider, llm)
    try:
        for batch in batches:
            try:
                states[batch] = (await api.retrieve(batch)).status.replace("_", " ")
            except (RequestFailed, StopRun) as error:
                states[batch] = f"unknown: {error}"
    finally:
        await llm.aclose()
    return states


def cancel_batches(setup: Setup) -> int:
    """Cancel the run's open batches; finished results are kept. Returns how many are left that were not identified
    yet."""
    return asyncio.run(_cancel(setup)) if read_batches(setup.run.path / BATCHES_FILE) else 0


async def _cancel(setup: Setup) -> int:
    with lock_for_spending(setup.run), Journal(setup.run.journal, setup.parents) as journal:
        name = provider_with_batches(setup.config.engine).name
        options = replace(_as_sent(setup).engine_options, engine=name, batch=True)
        async with open_engine(options, journal) as engine:
            return await engine.batches.cancel() if engine.batches is not None else 0


def _as_sent(setup: Setup) -> Setup:
    """The run as its batches were sent, which all went to one server: several servers and writers were set since."""
    return replace(setup, config=setup.config.model_copy(update={"servers": None, "writers": None}))


def batch_buyer(
    batches: "BatchRunner", reporter: Reporter, stopping: Callable[[], bool]
) -> Callable[[Callable[[], Iterable[Request]]], Awaitable[None]]:
    """`Generation.buy` by message batches: returns early, leaving them at the server, once `stopping`."""

    def report_replies() -> None:
        state = batches.progress()
        reporter.progress(Progress("batches", state.replies, state.requests))

    reported = 0

    async def buy(requests: Callable[[], Iterable[Request]]) -> None:
        nonlocal reported
        batches.on_change(report_replies)
        task = asyncio.ensure_future(batches.buy(requests))
        while not task.done() and not stopping():
            await asyncio.wait([task], timeout=POLL_SECONDS)
        for notice in batches.notices[reported:]:
            reporter.note(notice)
        reported = len(batches.notices)
        if task.done():
            task.result()
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        waiting = len(batches.open_batches)
        unfinished = plural(waiting, "message batch", "message batches")
        reporter.note(f"Still at the server: {unfinished}; the same command collects them")

    return buy
