"""The life of one batch: created or found again, waited for, its results journalled, its failures sorted."""

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.api import BatchAPI, BatchView
from docgen.llm.batch.log import BatchEntry, BatchLog, BatchPlan
from docgen.llm.batch.recovery import candidates, is_ours
from docgen.llm.budget import Budget
from docgen.llm.journal import Journal
from docgen.llm.providers.anthropic_errors import NotFound, Transient, one_line
from docgen.llm.providers.messages_format import MalformedReply, completion_of
from docgen.llm.ratelimit.retry import RetryState, call_with_retries

__all__ = ["BatchCollector"]

MOST_SUBMISSIONS = 6
"""How often one request goes into a batch before it counts as failed."""
REFUSED = frozenset({"429", "503", "529"})
"""Replies that say for certain that no batch was created."""
PATIENCE = 1800.0
"""Seconds without an answer, a lost network for instance, until a batch is no longer waited for."""
READINGS = 3
"""How often results that are damaged or incomplete are read before what is missing is bought again."""
KEPT = dt.timedelta(days=29)
"""How long the server keeps a batch's results after its creation."""
NOT_TRIED_AGAIN = ("invalid_request_error", "not_found_error", "permission_error", "request_too_large")

T = TypeVar("T")


class BatchCollector:
    """Follows batches to their end. `tell` is called whenever something has changed, and at every look."""

    def __init__(self, api: BatchAPI, journal: Journal, budget: Budget, log: BatchLog, plan: BatchPlan) -> None:
        self.log = log
        self.notices: list[str] = []
        self.tell: Callable[[], None] = lambda: None
        self._api, self._journal, self._budget, self._plan = api, journal, budget, plan
        self._failed: dict[str, RequestFailed] = {}
        self._misses: Counter[str] = Counter()
        for entry in log.open_entries:
            budget.held += entry.worst

    def begin(self) -> dict[str, RequestFailed]:
        """Start a round: forget earlier failures; the dict returned fills with this round's."""
        self._failed = {}
        self._misses.clear()
        return self._failed

    async def create(self, entry: BatchEntry, items: Sequence[bytes]) -> BatchEntry:
        """Create an intended batch, or find that it was created although the reply said otherwise or never came."""
        retries = RetryState()
        while True:
            try:
                view = await self._api.create(items)
                return self.log.created(entry, view.id)
            except Transient as error:
                if error.kind not in REFUSED:
                    found = await self._find(entry)
                    if found is not None:
                        return found
                if retries.exhausted(error):
                    self._drop(entry)
                    raise StopRun("no_batch", error.message, "Run the same command again to go on") from error
                await asyncio.sleep(retries.backoff(error))
            except (RequestFailed, StopRun) as error:
                self._drop(entry)
                raise _refusal(error) from error

    async def take_up(self, entry: BatchEntry) -> None:
        """Go on with a batch of an earlier start, whatever became of it."""
        if entry.state == "intended":
            found = await self._find(entry)
            if found is None:
                self._drop(entry)
                return
            entry = found
        await self.collect(entry)

    async def cancel(self, entry: BatchEntry) -> None:
        """Cancel a batch and journal what it had done by then, which is paid for."""
        await _insist(partial(self._api.cancel, entry.batch))
        try:
            await self.collect(entry)
        except StopRun as error:
            if error.reason != "batch_cancelled":
                raise

    async def collect(self, entry: BatchEntry) -> None:
        """Wait for a batch to end and journal its results."""
        self.tell()
        view = await self._unless_gone(entry, self._wait(entry.batch)) if entry.batch else await self._proven(entry)
        if view is not None and not entry.batch:
            entry = self.log.created(entry, view.id)
        counts = await self._unless_gone(entry, self._journal_results(entry, view)) if view is not None else None
        if view is None or counts is None:
            self._drop(entry)
            return
        self._journal.sync()
        self.log.done(entry, dict(counts))
        self._budget.release_batch(entry.worst)
        self._sort_misses(entry)
        self.tell()
        if view.cancelled and counts["canceled"]:
            message = f"batch {view.id} was cancelled with {counts['canceled']} requests left"
            raise StopRun("batch_cancelled", message, "Run the same command again to submit the rest")

    async def _find(self, entry: BatchEntry) -> BatchEntry | None:
        taken = {other.batch for other in self.log.entries.values() if other.batch}
        found = await _insist(partial(candidates, self._api, entry, taken, self._plan.looks))
        return self.log.adopted(entry, [view.id for view in found]) if found else None

    async def _proven(self, entry: BatchEntry) -> BatchView | None:
        """The one of an adopted entry's candidates that is it, once it has ended."""
        for batch in entry.candidates:
            view = await self._unless_gone(entry, self._wait(batch))
            ours = view is not None and await self._unless_gone(
                entry, _insist(partial(is_ours, self._api, view, entry))
            )
            if ours:
                return view
        return None

    async def _unless_gone(self, entry: BatchEntry, asking: Awaitable[T]) -> T | None:
        """The answer about a batch; None if the server keeps its results no more.

        A younger batch that is not found has another cause, a mistyped address or a key of another workspace: it stays
        open, since it would otherwise be bought again.
        """
        try:
            return await asking
        except NotFound as error:
            if dt.datetime.now(dt.UTC) - entry.at <= KEPT:
                message = f"the server knows no batch {entry.batch or entry.candidates[0]}: {error.message}"
                fix = "Check --base-url and the key: a batch is seen only where and by the workspace that created it"
                raise StopRun("batch_not_found", message, fix) from error
            self.notices.append(
                f"batch {entry.batch} of {entry.at:%Y-%m-%d} is gone from the server; its requests are submitted again"
            )
            return None

    async def _wait(self, batch: str) -> BatchView:
        wait, longest = self._plan.poll
        while True:
            view = await _insist(partial(self._api.retrieve, batch))
            if view.status == "ended":
                return view
            self.tell()
            await asyncio.sleep(wait)
            wait = min(longest, wait * 1.5)

    async def _journal_results(self, entry: BatchEntry, view: BatchView) -> Counter[str]:
        """Stream the results into the journal; what is there already, from a start that was cut off, is passed over.

        Only what came to its end counts as a reading: a lost line says nothing about what is missing.
        """
        keys, readings = frozenset(entry.keys), 0

        async def once() -> Counter[str]:
            nonlocal readings
            counts: Counter[str] = Counter()
            told = time.monotonic()
            try:
                async for result in self._api.results(view, lenient=readings >= READINGS - 1):
                    counts[self._journal_one(entry, keys, result["custom_id"], result["result"])] += 1
                    if time.monotonic() - told > 1.0:
                        told = time.monotonic()
                        self.tell()
            except Transient as error:
                readings += error.kind == "malformed"
                raise
            readings += 1
            if counts.total() < min(view.size, len(keys)) and readings < READINGS:
                raise Transient("malformed", f"batch {view.id} has fewer results than requests")
            return counts

        return await _insist(once)

    def _journal_one(self, entry: BatchEntry, keys: Collection[str], key: str, result: Mapping[str, Any]) -> str:
        """Journal one result; its type for counting."""
        kind = str(result["type"])
        if key not in keys:
            return "foreign"
        if kind != "succeeded":
            self._note_failure(key, kind, result)
        elif key not in self._journal:
            try:
                completion = completion_of(result.get("message"))
            except MalformedReply as error:
                self._failed[key] = RequestFailed("malformed", str(error))
                return "malformed"
            prices = self._budget.prices
            dollars = prices.cost(completion.model, completion.usage, batched=True)
            if dollars is None:
                dollars = prices.cost(entry.model, completion.usage, batched=True)
            self._journal.put_reply(
                key, entry.stage, completion.model_copy(update={"dollars": dollars, "batched": True})
            )
            self._budget.spent += dollars or 0.0
        return kind

    def _note_failure(self, key: str, kind: str, result: Mapping[str, Any]) -> None:
        """Fail a request for good if its own parameters are at fault; others are submitted again."""
        outer = result.get("error")
        error = outer.get("error") if isinstance(outer, Mapping) else None
        if kind == "errored" and isinstance(error, Mapping) and error.get("type") in NOT_TRIED_AGAIN:
            self._failed[key] = RequestFailed(str(error["type"]), one_line(str(error.get("message", ""))))

    def _sort_misses(self, entry: BatchEntry) -> None:
        for key in entry.keys:
            if key not in self._journal and key not in self._failed:
                self._misses[key] += 1
                if self._misses[key] >= MOST_SUBMISSIONS:
                    message = "errored or expired in every batch it was submitted in"
                    self._failed[key] = RequestFailed("batch", message, MOST_SUBMISSIONS)

    def _drop(self, entry: BatchEntry) -> None:
        self.log.abandoned(entry)
        self._budget.release_batch(entry.worst)


async def _insist(call: Callable[[], Awaitable[T]]) -> T:
    """`call` for as long as a batch is worth waiting for: it goes on at the server, whatever happens to the line."""
    try:
        return await call_with_retries(call, PATIENCE)
    except RequestFailed as error:
        fix = "Batches go on at the server; run the same command again to collect them"
        raise StopRun("no_answer", f"the server says nothing more about a batch: {error}", fix) from error


def _refusal(error: RequestFailed | StopRun) -> StopRun:
    if isinstance(error, StopRun) and error.reason != "wrong_url":
        return error
    if isinstance(error, StopRun):
        return StopRun("no_batches", "the server has no message batches", "Run the same command without --batch")
    return StopRun("no_batch", f"the batch was refused: {error.message}", "Run the same command without --batch")
