"""Buys replies through the Message Batches API: half the price, hours instead of minutes, nothing submitted twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.api import BatchAPI
from docgen.llm.batch.collect import BatchCollector
from docgen.llm.batch.log import BatchEntry, BatchPlan
from docgen.llm.budget import Budget
from docgen.llm.protocol import Completion, Request
from docgen.llm.response_cache import ResponseCache

__all__ = ["BatchProgress", "BatchRunner"]


@dataclass(frozen=True)
class BatchProgress:
    """Where a round of batches stands; the server counts results only when a batch ends, so there is time to go by."""

    batches: int
    ended: int
    requests: int
    replies: int


@dataclass
class Chunk:
    """Requests of one stage and model on their way into one batch."""

    stage: str
    model: str
    keys: list[str] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    size: int = 0
    worst: float = 0.0

    def add(self, key: str, item: bytes, worst: float) -> None:
        """Put a request in."""
        self.keys.append(key)
        self.items.append(item)
        self.size += len(item) + 1
        self.worst += worst


class BatchRunner:
    """Gets the replies to many requests into the journal.

    `buy` is handed a round of requests and returns when each has its reply in the journal or has failed; reading the
    replies is then a matter of asking it as an `LLM`. Several batches are in flight at once. Leaving in the middle
    (Ctrl-C, kill -9, a lost network) leaves them running; the next `buy` takes up what the log says is open.
    """

    def __init__(
        self,
        api: BatchAPI,
        sync: ResponseCache,
        budget: Budget,
        collector: BatchCollector,
        plan: BatchPlan,
    ) -> None:
        self._api, self._sync, self._budget, self._collector = api, sync, budget, collector
        self._plan = plan
        self._tried = {(entry.stage, entry.model) for entry in collector.log.entries.values() if entry.batch}
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: dict[str, RequestFailed] = {}

    @property
    def engine(self) -> str:
        """Engine of the provider."""
        return self._sync.engine

    async def complete(self, request: Request) -> Completion:
        """Answer a request as an `LLM`: one that failed in the last `buy` fails, one that was bought costs nothing.

        Any other is sent by itself.
        """
        failure = self._failed.get(request.key)
        if failure is not None:
            raise failure
        return await self._sync.complete(request)

    def on_change(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when a batch starts, ends or is looked at, and while results stream in."""
        self._collector.tell = tell

    @property
    def notices(self) -> list[str]:
        """One line for people for each batch that was given up."""
        return self._collector.notices

    @property
    def open_batches(self) -> list[BatchEntry]:
        """Batches of the run whose replies are still to come."""
        return self._collector.log.open_entries

    def progress(self) -> BatchProgress:
        """Where things stand now."""
        done = [entry for entry in self._collector.log.entries.values() if entry.state == "done"]
        waiting = self.open_batches
        requests = sum(len(entry.keys) for entry in (*done, *waiting))
        replies = sum(entry.counts.get("succeeded", 0) for entry in done)
        return BatchProgress(len(done) + len(waiting), len(done), requests, replies)

    async def buy(self, requests: Callable[[], Iterable[Request]]) -> dict[str, RequestFailed]:
        """Have every request answered or failed; the failures by key. `requests` is called once per submission.

        Raises `StopRun` as `LLM.complete` does, and when a batch was cancelled by hand.
        """
        failed = self._failed = self._collector.begin()
        try:
            for entry in self.open_batches:
                self._follow(self._collector.take_up(entry))
            await self._settle()
            while await self._submit(request for request in requests() if self._missing(request, failed)):
                await self._settle()
        finally:
            await self._leave()
        return failed

    async def cancel(self) -> int:
        """Cancel every open batch that is known to be ours, journal what each had done; returns how many are left.

        Left are those whose creation was cut off: which batch on the server is theirs shows only at its end.
        """
        known = [entry for entry in self.open_batches if entry.batch]
        await asyncio.gather(*(self._collector.cancel(entry) for entry in known))
        return len(self.open_batches)

    def _missing(self, request: Request, failed: dict[str, RequestFailed]) -> bool:
        return request.key not in self._sync.journal and request.key not in failed

    async def _submit(self, requests: Iterable[Request]) -> bool:
        """Submit batches one after the other, each as large as limits and cap allow; whether there was anything."""
        anything = False
        async for chunk in self._chunks(iter(requests)):
            anything = True
            entry = self._collector.log.intend(chunk.keys, chunk.stage, chunk.model, chunk.worst)
            self._follow(self._collector.collect(await self._collector.create(entry, chunk.items)))
        return anything

    async def _chunks(self, requests: Iterator[Request]) -> AsyncIterator[Chunk]:
        chunk: Chunk | None = None
        seen: set[str] = set()
        for request in requests:
            if request.key in seen:
                continue
            if (request.stage, request.model) not in self._tried:
                if chunk is not None:
                    yield chunk  # it holds money that the request sent alone may have to wait for
                    chunk = None
                await self._settle()
                await self._try_alone(request)
                continue
            seen.add(request.key)
            item = self._api.item(request)
            if chunk is not None and not self._fits(chunk, request, item):
                yield chunk
                chunk = None
            worst = await self._held(request, chunk)
            if worst is None and chunk is not None:
                yield chunk
                chunk, worst = None, await self._held(request, None)
            chunk = chunk or Chunk(request.stage, request.model)
            chunk.add(request.key, item, worst or 0.0)
        if chunk is not None:
            yield chunk

    def _fits(self, chunk: Chunk, request: Request, item: bytes) -> bool:
        alike = (chunk.stage, chunk.model) == (request.stage, request.model)
        return alike and len(chunk.items) < self._plan.requests and chunk.size + len(item) < self._plan.bytes

    async def _held(self, request: Request, chunk: Chunk | None) -> float | None:
        """Hold the worst cost of one more item. None: not now, and `chunk` should go first; waits if there is none."""
        self._budget.check_model(request.model)
        worst = self._budget.prices.worst_case(request, batched=True) or 0.0
        while not self._budget.hold(worst):
            if chunk is not None:
                return None
            running = [task for task in self._tasks if not task.done()]
            if not running:
                raise self._budget.exhausted(worst)
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            await self._raise_finished()
        return worst

    async def _try_alone(self, request: Request) -> None:
        """Send the first request of a kind by itself: a batch's parameters are looked at only hours later."""
        try:
            await self._sync.complete(request)
        except RequestFailed as error:
            fix = "Nothing was submitted; mend the cause (docgen doctor helps) and run the same command again"
            raise StopRun("first_request", f"the request sent ahead of the batch failed: {error}", fix) from error
        self._tried.add((request.stage, request.model))

    def _follow(self, collecting: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(collecting))

    async def _settle(self) -> None:
        """Wait for every batch that is followed."""
        while any(not task.done() for task in self._tasks):
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            await self._raise_finished()
        await self._raise_finished()

    async def _raise_finished(self) -> None:
        done = [task for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if not task.done()]
        for outcome in await asyncio.gather(*done, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _leave(self) -> None:
        """Stop following; the batches go on at the server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
