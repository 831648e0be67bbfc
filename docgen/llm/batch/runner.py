"""Buys replies in rounds of message batches, each as large as limits and budget allow."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.batch_protocol import Batches
from docgen.llm.batch.lifecycle import BatchCollector
from docgen.llm.batch.log import BatchEntry, BatchPlan
from docgen.llm.cost.budget import Budget
from docgen.llm.protocol import Completion, Request
from docgen.llm.response_cache import ResponseCache

__all__ = ["BatchProgress", "BatchRunner"]


@dataclass(frozen=True)
class BatchProgress:
    """Progress of a round. The server counts a batch's results only when it has ended, so it moves in steps."""

    batches: int
    ended: int
    requests: int
    replies: int


@dataclass
class Chunk:
    """Requests of one stage and model that will be one batch. `size` in bytes, `worst` in dollars."""

    stage: str
    model: str
    keys: list[str] = field(default_factory=list)
    items: list[bytes] = field(default_factory=list)
    size: int = 0
    worst: float = 0.0

    def add(self, key: str, item: bytes, worst: float) -> None:
        """Add a request."""
        self.keys.append(key)
        self.items.append(item)
        self.size += len(item) + 1
        self.worst += worst


class BatchRunner:
    """Gets the replies to many requests into the journal; then an `LLM` that reads them from there.

    `buy` returns when every request of a round has its reply in the journal or has failed. Several batches are in
    flight at once. An interruption (Ctrl-C, kill -9, a lost network) leaves them running at the server, and the next
    `buy` resumes those that the log has as open.
    """

    def __init__(
        self,
        api: Batches,
        sync: ResponseCache,
        budget: Budget,
        collector: BatchCollector,
        plan: BatchPlan,
    ) -> None:
        self._api, self._sync, self._budget, self._collector = api, sync, budget, collector
        self._plan = plan
        self._validated = {(entry.stage, entry.model) for entry in collector.log.entries.values() if entry.batch}
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: dict[str, RequestFailed] = {}

    @property
    def engine(self) -> str:
        """Engine of the provider."""
        return self._sync.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`.

        From the journal if it was bought, with its error if it failed in the last `buy`, else by a separate call.
        """
        failure = self._failed.get(request.key)
        if failure is not None:
            raise failure
        return await self._sync.complete(request)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Set the callback for when a batch starts, is polled or ends, and for while its results stream in."""
        self._collector.tell = callback

    @property
    def notices(self) -> list[str]:
        """One line for people for each batch that expired on the server."""
        return self._collector.notices

    @property
    def open_batches(self) -> list[BatchEntry]:
        """Batches of the run that may still deliver replies."""
        return self._collector.log.open_entries

    def progress(self) -> BatchProgress:
        """Progress over all batches of the run."""
        done = [entry for entry in self._collector.log.entries.values() if entry.state == "done"]
        waiting = self.open_batches
        requests = sum(len(entry.keys) for entry in (*done, *waiting))
        replies = sum(entry.counts.get("succeeded", 0) for entry in done)
        return BatchProgress(len(done) + len(waiting), len(done), requests, replies)

    async def buy(self, requests: Callable[[], Iterable[Request]]) -> dict[str, RequestFailed]:
        """Have every request answered or failed; returns the failures by key.

        `requests` is called once per submission, as what errored or expired goes into the next. Raises `StopRun` as
        `LLM.complete` does, and when a batch was cancelled by hand.
        """
        failed = self._failed = self._collector.begin()
        try:
            for entry in self.open_batches:
                self._follow(self._collector.resume(entry))
            await self._wait_for_all()
            journal = self._sync.journal
            while await self._submit(r for r in requests() if r.key not in journal and r.key not in failed):
                await self._wait_for_all()
        finally:  # stop following; the batches continue at the server
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._tasks.clear()
        return failed

    async def cancel(self) -> int:
        """Cancel every open batch with a known id and journal what each had finished; returns how many stay open.

        Those are batches whose creation was interrupted: which batch on the server is ours shows only at its end.
        """
        identified = [entry for entry in self.open_batches if entry.batch]
        await asyncio.gather(*(self._collector.cancel(entry) for entry in identified))
        return len(self.open_batches)

    async def _submit(self, requests: Iterable[Request]) -> bool:
        """Submit the requests in batches, one after the other; False if there were none."""
        submitted = False
        async for chunk in self._chunks(iter(requests)):
            submitted = True
            entry = self._collector.log.intend(chunk.keys, chunk.stage, chunk.model, chunk.worst)
            self._follow(self._collector.collect(await self._collector.create(entry, chunk.items)))
        return submitted

    async def _chunks(self, requests: Iterator[Request]) -> AsyncIterator[Chunk]:
        """Pack requests into chunks, in parallel for several models, since writers take turns.

        The first request of a stage and model is sent by itself instead.
        """
        chunks: dict[tuple[str, str], Chunk] = {}
        packed: set[str] = set()
        for request in requests:
            if request.key in packed:
                continue
            kind = (request.stage, request.model)
            if kind not in self._validated:
                left = self._budget.left
                if left is not None and self._budget.worst_case(request) > left:
                    # What is held for chunks and batches is released when those end.
                    while chunks:
                        yield chunks.pop(next(iter(chunks)))
                    await self._wait_for_all()
                await self._validate(request)
                continue
            packed.add(request.key)
            item = self._api.item(request)
            chunk = chunks.get(kind)
            if chunk is not None and (
                len(chunk.items) >= self._plan.requests or chunk.size + len(item) >= self._plan.bytes
            ):
                yield chunks.pop(kind)
            worst = await self._hold_worst_case(request, bool(chunks))
            if worst is None:
                while chunks:
                    yield chunks.pop(next(iter(chunks)))
                worst = await self._hold_worst_case(request, False)
            chunks.setdefault(kind, Chunk(*kind)).add(request.key, item, worst or 0.0)
        for chunk in chunks.values():
            yield chunk

    async def _hold_worst_case(self, request: Request, has_chunks: bool) -> float | None:
        """Hold budget for one more item; returns its worst-case cost in dollars.

        Without enough budget: None if there are chunks, to be submitted first, else waits for a batch to end.
        """
        self._budget.check_model(request.model)
        worst = self._budget.worst_case(request, batched=True)
        while not self._budget.hold_for_batch(worst):
            if has_chunks:
                return None
            running = [task for task in self._tasks if not task.done()]
            if not running:
                raise self._budget.exhausted(worst)
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            await self._raise_finished()
        return worst

    async def _validate(self, request: Request) -> None:
        """Send the first request of a stage and model by itself: a batch's parameters are checked only hours later."""
        try:
            await self._sync.complete(request)
        except RequestFailed as error:
            fix = "Nothing was submitted; fix the cause (docgen doctor helps) and run the same command again"
            raise StopRun("first_request", f"the request sent ahead of the batch failed: {error}", fix) from error
        self._validated.add((request.stage, request.model))

    def _follow(self, collecting: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(collecting))

    async def _wait_for_all(self) -> None:
        """Wait for every batch in flight."""
        while any(not task.done() for task in self._tasks):
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            await self._raise_finished()
        await self._raise_finished()

    async def _raise_finished(self) -> None:
        """Forget finished tasks, raising the first error among them."""
        done = [task for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if not task.done()]
        for outcome in await asyncio.gather(*done, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
