"""Fills slots, round after round, until each has an accepted document or has used up its attempts.

A round attempts every open slot once. Replies arrive in any order but are decided in slot order, so that which of two
near-duplicates is accepted only depends on the plan and the replies, never on the network. What is wrong with a reply
by itself is found as soon as it arrives, and then its slot's refill begins at once: no slot waits for a straggler.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from docgen.errors import RequestFailed
from docgen.llm.protocol import LLM, Completion, Request
from docgen.planning.slots.catalogue import Catalogue
from docgen.planning.slots.retry_ideas import SpareIdeas
from docgen.planning.slots.tracker import SlotTracker
from docgen.prompts.requests import ModelOptions, Reply, Work, document_request, revise_request
from docgen.prompts.table import DOCUMENT
from docgen.records import Attempt, Reason, Slot
from docgen.universe import UniverseContext

__all__ = ["RESULTS_PER_BATCH", "Generation", "ReplyChecker", "generate", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

PREFETCH_SLOTS = 8
"""For each request in flight, how many slots and refills may be under way that are not decided yet.

Chosen: one slow request does not leave the others idle, and memory stays bounded.
"""
RESULTS_PER_BATCH = 256
"""Most results in one list. Chosen: enough to be worth sending to a worker process, too few to block the event loop."""


@dataclass(frozen=True)
class Failure:
    """A request that failed for good."""

    work: Work
    error: RequestFailed


class ReplyChecker(Protocol):
    """Turns replies into attempts with verdicts, in order; remembers what it accepted."""

    async def check(self, reply: Reply) -> Attempt:
        """The attempt as far as it can be decided without the others; `decide` does not do that again."""

    async def decide(self, replies: Sequence[Reply]) -> list[Attempt]:
        """One attempt per reply."""


@dataclass(frozen=True)
class Generation:
    """Everything that `generate` needs.

    `slots` iterates over the plan anew at each call. `redraw(slot, number, idea)` draws another style for a later
    attempt, and another idea unless one is given; `spare` are ideas that no slot of the plan has, by kind of slot.
    `eager` begins refills before their round: not for an engine that never waits. `buy`, if set, is called with all
    requests of a pass before they are made one by one (message batches), and `bought(key)` returns a reply that it got.
    `options` says what reaches the model that writes a slot's document.
    """

    llm: LLM
    context: UniverseContext
    options: Callable[[Slot], ModelOptions]
    catalogue: Catalogue
    slots: Callable[[], Iterator[Slot]]
    redraw: Callable[[Slot, int, str | None], Slot]
    checker: ReplyChecker
    max_attempts: int
    concurrency: int
    revise: bool = False
    spare: Mapping[Hashable, Sequence[str]] = field(default_factory=dict)
    eager: bool = False
    buy: Callable[[Callable[[], Iterable[Request]]], Awaitable[object]] | None = None
    bought: Callable[[str], Completion | None] = lambda _: None


async def generate(
    job: Generation, tracker: SlotTracker, keep: Callable[[list[Attempt]], None], stopping: Callable[[], bool]
) -> None:
    """Fill the plan. `keep` receives attempts in order once decided; `stopping` ends it after calls in flight.

    Raises `StopRun` when no call can succeed.
    """
    refills = _Refills(job, tracker, stopping)
    try:
        for number in range(1, job.max_attempts + 1):
            refills.begin_round(number)
            for _ in range(3):  # passes over requests that failed for good, before they are left to the next start
                failed = await _one_pass(job, tracker, number, keep, stopping, refills)
                if stopping() or not failed:
                    break
            if stopping() or tracker.accepted == tracker.size:
                return
            refills.end_round(number)
    finally:
        for task in refills.begun.values():
            if not stopping():  # an error: otherwise they are waited for, like all calls in flight
                task.cancel()
        await asyncio.gather(*refills.begun.values(), return_exceptions=True)


@dataclass(frozen=True)
class _Due:
    """A slot as planned, and its next attempt."""

    planned: Slot
    work: Work


class _Refills:
    """The next attempts of rejected slots: their ideas, and those that were begun before their round."""

    def __init__(self, job: Generation, tracker: SlotTracker, stopping: Callable[[], bool]) -> None:
        self._job, self._tracker, self._stopping = job, tracker, stopping
        self.semaphore = asyncio.Semaphore(job.concurrency)
        self._spare, self._ideas = SpareIdeas(job.spare), dict[int, str]()
        self.begun: dict[int, asyncio.Task[Reply | Failure | None]] = {}

    def begin_round(self, number: int) -> None:
        """Reserve ideas for those slots of the round that may need another one."""
        self._spare.begin_round(self._rejected(number - 1))

    def end_round(self, number: int) -> None:
        """Decide the ideas of the next round."""
        self._ideas = self._spare.end_round(self._rejected(number))

    def _rejected(self, number: int) -> Iterator[tuple[int, Hashable]]:
        kind_of = self._job.catalogue.kind_of
        return ((slot.id, kind_of(slot)) for slot in self._job.slots() if self._tracker.was_rejected(slot.id, number))

    def work(self, slot: Slot, number: int) -> Work:
        """The round's attempt for a slot."""
        return _work(self._job, slot, number, self._tracker.feedback(slot.id), self._ideas.get(slot.id))

    def begin(self, slot: Slot, rejected: Attempt) -> None:
        """Begin the slot's next attempt, if it may have one and its idea is decided."""
        job, number, full = self._job, rejected.number + 1, len(self.begun) >= PREFETCH_SLOTS * self._job.concurrency
        settled = self._spare.is_settled(slot.id, job.catalogue.kind_of(slot))
        if job.eager and not full and settled and number <= job.max_attempts and slot.id not in self.begun:
            work = _work(job, slot, number, rejected.reasons, self._spare.reserved(slot.id))
            self.begun[slot.id] = asyncio.create_task(self._call(work))

    async def _call(self, work: Work) -> Reply | Failure | None:
        async with self.semaphore:
            return None if self._stopping() else await _reply(self._job, work)

    async def reply(self, due: _Due) -> Reply | Failure | None:
        """What the model wrote, also if it was requested before; None if the run was stopped before the request."""
        begun = self.begun.pop(due.planned.id, None)
        reply = await (_reply(self._job, due.work) if begun is None else begun)
        if self._job.eager and isinstance(reply, Reply):
            attempt = await self._job.checker.check(reply)
            if attempt.reasons:
                self.begin(due.planned, attempt)
        return reply


async def _one_pass(
    job: Generation,
    tracker: SlotTracker,
    number: int,
    keep: Callable[[list[Attempt]], None],
    stopping: Callable[[], bool],
    refills: _Refills,
) -> int:
    """Make attempt `number` for every slot that needs it; returns how many requests failed."""

    def due() -> Iterator[_Due]:
        return (_Due(slot, refills.work(slot, number)) for slot in tracker.due(job.slots(), number))

    def revisions() -> Iterator[Request]:
        for work in (item.work for item in due()):
            reply = job.bought(work.request.key)
            draft = _draft(job, reply) if reply is not None else ""
            if draft:
                yield revise_request(work, job.options(work.slot), draft)

    async def call(item: _Due) -> tuple[_Due, Reply | Failure] | None:
        reply = await refills.reply(item)
        return None if reply is None else (item, reply)

    failed = 0
    if job.buy is not None and not stopping():
        await job.buy(lambda: (item.work.request for item in due()))
        if job.revise and not stopping():  # revisions need the drafts
            await job.buy(revisions)
    async for answers in in_order(due(), call, job.concurrency, stopping, refills.semaphore):
        replies = [answer[1] for answer in answers if answer]
        decided = iter(await job.checker.decide([reply for reply in replies if isinstance(reply, Reply)]))
        attempts = [next(decided) if isinstance(reply, Reply) else failed_attempt(reply) for reply in replies]
        for attempt in attempts:
            tracker.record(attempt)
            failed += attempt.verdict == "failed"
        keep(attempts)
        for answer, attempt in zip(answers, attempts, strict=True):
            if attempt.verdict == "rejected" and answer:
                refills.begin(answer[0].planned, attempt)
    return failed


async def in_order(
    items: Iterator[T],
    call: Callable[[T], Awaitable[R]],
    concurrency: int,
    stopping: Callable[[], bool],
    semaphore: asyncio.Semaphore | None = None,
) -> AsyncIterator[list[R]]:
    """Yield the results of `call` in the order of `items`, in lists of those that are ready.

    At most `concurrency` calls are in flight; pass a `semaphore` to share that limit with other calls. At most
    `PREFETCH_SLOTS` times as many items (and at least `RESULTS_PER_BATCH`) have been taken without their results having
    been yielded. Once `stopping()` is true, calls in flight are completed and no more are started. An exception in a
    call cancels the others and propagates.
    """
    semaphore = semaphore or asyncio.Semaphore(concurrency)
    window = max(RESULTS_PER_BATCH, PREFETCH_SLOTS * concurrency)
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
            if not tasks[0].done():  # else do not wait: new calls start while the consumer handles what is ready
                await asyncio.wait([tasks[0]])
            ready: list[R] = []
            while tasks and tasks[0].done() and len(ready) < RESULTS_PER_BATCH:
                result = tasks.popleft().result()
                if result is None:  # stopped before its request: the rest ends too, and nothing after a gap is yielded
                    await asyncio.gather(*tasks)
                    tasks.clear()
                else:
                    ready.append(result)
            yield ready
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _work(job: Generation, slot: Slot, number: int, feedback: tuple[Reason, ...], idea_id: str | None) -> Work:
    kind, idea = job.catalogue.of_slot(slot)
    drawn = slot if number == 1 else job.redraw(slot, number, idea_id)
    idea = idea if drawn is slot else job.catalogue.ideas[drawn.idea]
    options = job.options(slot)
    return Work(drawn, number, document_request(job.context, options, drawn, kind, idea, number, feedback))


async def _reply(job: Generation, work: Work) -> Reply | Failure:
    try:
        completion = await job.llm.complete(work.request)
        draft = _draft(job, completion)
        if not draft:
            return Reply(work, completion)
        return Reply(work, completion, await job.llm.complete(revise_request(work, job.options(work.slot), draft)))
    except RequestFailed as error:
        return Failure(work, error)


def _draft(job: Generation, completion: Completion) -> str:
    """The document to revise; "" if there is none."""
    return DOCUMENT.parse(completion.text).text if job.revise and completion.ended else ""


def failed_attempt(failure: Failure) -> Attempt:
    """A request without a reply, as data for the report. It does not use up one of the slot's attempts."""
    work, error = failure.work, failure.error
    slot = work.slot
    return Attempt(
        slot=slot.id,
        number=work.number,
        verdict="failed",
        key=work.request.key,
        doc_type=slot.doc_type,
        idea=slot.idea,
        facts=slot.facts,
        text="",
        words=0,
        tokens=0,
        reasons=(Reason(code="request_failed", subject=error.kind, detail=str(error)),),
        model=work.request.model,
        seed=slot.seed,
    )
