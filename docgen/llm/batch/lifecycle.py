"""The life of one batch: create or recover it, wait for its end, journal its results, sort out its failures."""

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from docgen.errors import RequestFailed, StopRun
from docgen.llm.batch.batch_protocol import Batches, BatchView
from docgen.llm.batch.log import BatchEntry, BatchLog, BatchPlan
from docgen.llm.batch.lost_creation import candidates, is_ours
from docgen.llm.cost.budget import Budget
from docgen.llm.errors import NotFound, Transient, one_line
from docgen.llm.journal import Journal
from docgen.llm.providers.messages_format import MalformedReply, server_words
from docgen.llm.ratelimit.retry import RetryState, call_with_retries

__all__ = ["BatchCollector"]

MAX_SUBMISSIONS = 6
"""How often one request is submitted before it counts as failed: as often as a single call is tried."""
MAX_SILENCE_SECONDS = 1800.0
"""Seconds without an answer before a batch is left to the next start. Chosen: outlasts a router's restart or a train
ride, and a batch may take a day anyway."""
MAX_READINGS = 3
"""How often damaged or incomplete results are read before the missing ones are bought again (chosen)."""
RETENTION = dt.timedelta(days=29)
"""How long the API keeps a batch's results after its creation (its documentation)."""
WITHOUT_BATCH = "Run the same command without --batch"
PERMANENT_ERRORS = ("invalid_request_error", "not_found_error", "permission_error", "request_too_large")

T = TypeVar("T")


class BatchCollector:
    """Follows batches to their end. `tell` is called at every change and every poll; `notices` are lines for people."""

    def __init__(self, api: Batches, journal: Journal, budget: Budget, log: BatchLog, plan: BatchPlan) -> None:
        self.log = log
        self.notices: list[str] = []
        self.tell: Callable[[], None] = lambda: None
        self._api, self._journal, self._budget, self._plan = api, journal, budget, plan
        self._failed: dict[str, RequestFailed] = {}
        self._words: dict[str, str] = {}
        """The server's words on the last result of a request that did not bring a reply."""
        self._unanswered: Counter[str] = Counter()
        """How often each request was in a batch without getting a result."""
        for entry in log.open_entries:
            budget.held += entry.worst

    def begin(self) -> dict[str, RequestFailed]:
        """Start a round: forget earlier failures. The dict returned fills up with this round's."""
        self._failed = {}
        self._unanswered.clear()
        return self._failed

    async def create(self, entry: BatchEntry, items: Sequence[bytes]) -> BatchEntry:
        """Create an intended batch, or adopt it if it exists although the reply was lost or an error.

        Raises `StopRun` when it cannot be created.
        """
        retries = RetryState()
        while True:
            try:
                view = await self._api.create(items)
                return self.log.created(entry, view.id)
            except Transient as error:
                if error.kind not in ("429", "503", "529"):  # which say for certain that nothing was created
                    adopted = await self._find(entry)
                    if adopted is not None:
                        return adopted
                if retries.exhausted(error):
                    self._drop(entry)
                    raise StopRun("no_batch", error.message, "Run the same command again to go on") from error
                await asyncio.sleep(retries.backoff(error))
            except RequestFailed as error:
                self._drop(entry)
                raise StopRun("no_batch", f"the batch was refused: {error.message}", WITHOUT_BATCH) from error
            except StopRun as error:
                self._drop(entry)
                if error.reason == "wrong_url":
                    raise StopRun("no_batches", "the server does not support batches", WITHOUT_BATCH) from error
                raise

    async def resume(self, entry: BatchEntry) -> None:
        """Resume a batch of an earlier start, whatever its state."""
        if entry.state == "intended":
            adopted = await self._find(entry)
            if adopted is None:
                self._drop(entry)
                return
            entry = adopted
        await self.collect(entry)

    async def cancel(self, entry: BatchEntry) -> None:
        """Cancel a batch and journal what it had finished by then, which is billed."""
        await _patiently(partial(self._api.cancel, entry.batch))
        try:
            await self.collect(entry)
        except StopRun as error:
            if error.reason != "batch_cancelled":
                raise

    async def collect(self, entry: BatchEntry) -> None:
        """Wait for a batch to end and journal its results. Raises `StopRun` if it was cancelled by hand."""
        self.tell()
        if entry.batch:
            view = await self._unless_expired(entry, self._wait(entry.batch))
        else:
            view = await self._identify(entry)
        if view is not None and not entry.batch:
            entry = self.log.created(entry, view.id)
        if view is not None and view.refused:
            self._drop(entry)
            raise StopRun("no_batch", f"batch {view.id} was refused: {one_line(view.refused)}", WITHOUT_BATCH)
        counts = await self._unless_expired(entry, self._journal_results(entry, view)) if view is not None else None
        if view is None or counts is None:
            self._drop(entry)
            return
        self._journal.sync()
        self.log.done(entry, dict(counts))
        self._budget.release_batch(entry.worst)
        for key in entry.keys:
            if key not in self._journal and key not in self._failed:
                self._unanswered[key] += 1
                if self._unanswered[key] >= MAX_SUBMISSIONS:
                    words = self._words.get(key, "no result")
                    message = f"errored or expired in every batch it was submitted in, most recently: {words}"
                    self._failed[key] = RequestFailed("batch", message, MAX_SUBMISSIONS)
        self.tell()
        left = counts["canceled"] + len(entry.keys) - counts.total()  # a server may omit what it did not work on
        if view.cancelled and left > 0:
            message = f"batch {view.id} was cancelled with {left} requests left"
            raise StopRun("batch_cancelled", message, "Run the same command again to submit the rest")

    async def _find(self, entry: BatchEntry) -> BatchEntry | None:
        """Adopt the batches on the server that may be this entry's; None if there are none."""
        taken = {other.batch for other in self.log.entries.values() if other.batch}
        views = await _patiently(partial(candidates, self._api, entry, taken, self._plan.looks))
        return self.log.adopted(entry, [view.id for view in views]) if views else None

    async def _identify(self, entry: BatchEntry) -> BatchView | None:
        """Which of an adopted entry's candidates is it, once that has ended; None if none is."""
        for batch in entry.candidates:
            view = await self._unless_expired(entry, self._wait(batch))
            if view is not None:
                check = _patiently(partial(is_ours, self._api, view, entry))
                if await self._unless_expired(entry, check):
                    return view
        return None

    async def _unless_expired(self, entry: BatchEntry, call: Awaitable[T]) -> T | None:
        """What `call` about a batch returns; None if its results are past the server's retention.

        If a younger batch is not found, the cause is a mistyped address or another workspace's key. It stays open and
        the run stops, since the batch would otherwise be bought again.
        """
        try:
            return await call
        except NotFound as error:
            if dt.datetime.now(dt.UTC) - entry.at <= RETENTION:
                batch = entry.batch or entry.candidates[0]
                message = f"the server does not know batch {batch}: {error.message}"
                fix = "Check --base-url and the key: a batch is visible only to the workspace that created it"
                raise StopRun("batch_not_found", message, fix) from error
            self.notices.append(
                f"batch {entry.batch} of {entry.at:%Y-%m-%d} has expired on the server; its requests are resubmitted"
            )
            return None

    async def _wait(self, batch: str) -> BatchView:
        """Poll until the batch has ended."""
        wait, longest = self._plan.poll
        while True:
            view = await _patiently(partial(self._api.retrieve, batch))
            if view.status == "ended":
                return view
            self.tell()
            await asyncio.sleep(wait)
            wait = min(longest, wait * 1.5)  # chosen: from 2 s to a minute in nine polls

    async def _journal_results(self, entry: BatchEntry, view: BatchView) -> Counter[str]:
        """Stream the results into the journal, skipping those journalled by an interrupted start; counts by type.

        Only a stream that was read to its end counts as a reading: a lost connection does not show what is missing.
        """
        keys, readings = frozenset(entry.keys), 0

        async def read() -> Counter[str]:
            nonlocal readings
            counts: Counter[str] = Counter()
            last_told = time.monotonic()
            try:
                async for result in self._api.results(view, lenient=readings >= MAX_READINGS - 1):
                    counts[self._journal_result(entry, keys, result["custom_id"], result["result"])] += 1
                    if time.monotonic() - last_told > 1.0:
                        last_told = time.monotonic()
                        self.tell()
            except Transient as error:
                readings += error.kind == "malformed"
                raise
            readings += 1
            if counts.total() < min(view.size, len(keys)) and readings < MAX_READINGS:
                raise Transient("malformed", f"batch {view.id} has fewer results than requests")
            return counts

        return await _patiently(read)

    def _journal_result(self, entry: BatchEntry, keys: Collection[str], key: str, result: Mapping[str, Any]) -> str:
        """Journal one result; returns its type for counting.

        A request whose own parameters are at fault fails for good; others that errored or expired are resubmitted.
        """
        kind = str(result["type"])
        if key not in keys:
            return "foreign"
        if kind == "errored":
            name, words = server_words(result.get("error"))
            self._words[key] = one_line(f"{name}: {words}" if name and words else words or name or kind)
            if name in PERMANENT_ERRORS:
                self._failed[key] = RequestFailed(name, one_line(words))
        elif kind != "succeeded":
            self._words[key] = kind
        elif key not in self._journal:
            try:
                completion = self._api.completion(result.get("message"))
            except MalformedReply as error:
                self._failed[key] = RequestFailed("malformed", str(error))
                return "malformed"
            prices = self._budget.prices
            dollars = prices.cost(completion.model, completion.usage, batched=True)
            if dollars is None:
                dollars = prices.cost(entry.model, completion.usage, batched=True)
            if dollars is not None and not completion.usage_known:
                dollars = max(dollars, entry.worst / len(entry.keys))
            priced = completion.model_copy(update={"dollars": dollars, "batched": True})
            self._journal.put_reply(key, entry.stage, priced)
            self._budget.spent += dollars or 0.0
        return kind

    def _drop(self, entry: BatchEntry) -> None:
        self.log.abandoned(entry)
        self._budget.release_batch(entry.worst)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """`call` with retries for half an hour: the batch continues at the server, whatever happens to the connection."""
    try:
        return await call_with_retries(call, MAX_SILENCE_SECONDS)
    except RequestFailed as error:
        fix = "Batches continue at the server; run the same command again to collect them"
        raise StopRun("no_answer", f"the server does not answer about a batch: {error}", fix) from error
