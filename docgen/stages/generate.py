"""Fills slots, round after round, until each has an accepted document or has used up its attempts.

A round attempts every open slot once. Replies arrive in any order but are judged in slot order, so that which of two
near-duplicates is accepted depends on the plan and the replies alone, never on the network.
"""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from docgen.errors import RequestFailed, RunError
from docgen.llm.protocol import LLM, Completion, Request
from docgen.prompts.requests import ModelOptions, Reply, Work, document_request, revise_request
from docgen.prompts.table import DOCUMENT
from docgen.records import Attempt, DocumentType, Idea, Reason, Slot
from docgen.universe import UniverseContext

__all__ = ["Catalogue", "Generation", "Judge", "SlotTracker", "generate"]

T = TypeVar("T")
R = TypeVar("R")

JUDGED_TOGETHER = 256
"""Most replies judged at once. Chosen: enough for a worker process to pay, few enough not to block the event loop."""
PASSES = 3
"""Passes that a round makes over requests that failed for good before it leaves them to the next start (chosen)."""


@dataclass(frozen=True)
class Catalogue:
    """Document types and ideas by id, and the ideas of each type in order."""

    types: Mapping[str, DocumentType]
    ideas: Mapping[str, Idea]
    ideas_of: Mapping[str, Sequence[Idea]]

    @classmethod
    def of(cls, types: Iterable[DocumentType], ideas: Iterable[Idea]) -> "Catalogue":
        """Index the results of the brainstorm. Raises `RunError` for an idea of an unknown type."""
        kinds = {kind.id: kind for kind in types}
        everything = {idea.id: idea for idea in ideas}
        groups: dict[str, list[Idea]] = {name: [] for name in kinds}
        for idea in everything.values():
            if idea.doc_type not in groups:
                raise _unmatched(idea.doc_type, "types.jsonl")
            groups[idea.doc_type].append(idea)
        return cls(kinds, everything, groups)

    def of_slot(self, slot: Slot) -> tuple[DocumentType, Idea]:
        """A slot's type and idea. Raises `RunError` if the plan was made from other types or ideas."""
        if slot.doc_type not in self.types:
            raise _unmatched(slot.doc_type, "types.jsonl")
        if slot.idea not in self.ideas:
            raise _unmatched(slot.idea, "ideas.jsonl")
        return self.types[slot.doc_type], self.ideas[slot.idea]


def _unmatched(name: str, file: str) -> RunError:
    fix = "Delete types.jsonl, ideas.jsonl and slots.jsonl: they are rebuilt from llm.jsonl at no cost"
    return RunError(f"does not have {name}, which the plan is made from", file, fix)


@dataclass(frozen=True)
class Failure:
    """A request that failed for good."""

    work: Work
    error: RequestFailed


class Judge(Protocol):
    """Turns replies into attempts with verdicts, in order, and remembers what it accepted."""

    async def judge(self, replies: Sequence[Reply]) -> list[Attempt]:
        """One attempt per reply."""

    def remember(self, attempts: Sequence[Attempt]) -> None:
        """Take in accepted attempts of an earlier start of this run."""


@dataclass
class SlotTracker:
    """The state of every slot, derived from the attempts. Takes one byte per slot plus the open slots' last reasons."""

    size: int
    accepted: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._done = bytearray(self.size)
        self._open: dict[int, tuple[int, tuple[Reason, ...]]] = {}
        self.failed: dict[int, Reason] = {}

    def record(self, attempt: Attempt) -> None:
        """Count one attempt. Raises `RunError` for one that cannot belong to this plan."""
        if not 0 <= attempt.slot < self.size:
            what = f"holds an attempt for slot {attempt.slot} of a plan with {self.size} slots"
            raise RunError(what, "attempts.jsonl", "Delete the file: it is rebuilt from llm.jsonl at no cost")
        if self._done[attempt.slot]:
            return  # an attempt that is there twice
        self.failed.pop(attempt.slot, None)
        if attempt.verdict == "accepted":
            self._done[attempt.slot] = 1
            self._open.pop(attempt.slot, None)
            self.accepted += 1
        elif attempt.verdict == "rejected":
            self._open[attempt.slot] = (attempt.number, attempt.reasons)
            self.rejected += 1
            self.reasons.update({reason.code for reason in attempt.reasons})
        else:
            self.failed[attempt.slot] = attempt.reasons[0]

    def next_number(self, slot: int) -> int | None:
        """Number of the slot's next attempt; None if it is filled."""
        return None if self._done[slot] else self._open.get(slot, (0, ()))[0] + 1

    def feedback(self, slot: int) -> tuple[Reason, ...]:
        """Why the slot's last attempt was rejected; empty before the first."""
        return self._open.get(slot, (0, ()))[1]

    def empty(self, max_attempts: int) -> int:
        """Number of slots that have used up their attempts."""
        return sum(number >= max_attempts for number, _ in self._open.values())

    def due(self, slots: Iterable[Slot], number: int) -> Iterator[Slot]:
        """Open slots whose next attempt is number `number`."""
        return (slot for slot in slots if self.next_number(slot.id) == number)


@dataclass(frozen=True)
class Generation:
    """Everything that `generate` needs.

    `slots` iterates over the plan anew at each call. `redraw(slot, number)` draws another idea and style for a later
    attempt. `buy`, if set, is called with all requests of a pass before they are made one by one (message batches), and
    `bought(key)` returns a reply that it got.
    """

    llm: LLM
    context: UniverseContext
    options: ModelOptions
    catalogue: Catalogue
    slots: Callable[[], Iterator[Slot]]
    redraw: Callable[[Slot, int], Slot]
    judge: Judge
    max_attempts: int
    concurrency: int
    revise: bool = False
    buy: Callable[[Callable[[], Iterable[Request]]], Awaitable[object]] | None = None
    bought: Callable[[str], Completion | None] = lambda _: None


async def generate(
    job: Generation, ledger: SlotTracker, keep: Callable[[list[Attempt]], None], stopping: Callable[[], bool]
) -> None:
    """Fill the plan. `keep` receives attempts in order as they are judged; `stopping` ends it after calls in flight.

    Raises `StopRun` when no call can succeed.
    """
    for number in range(1, job.max_attempts + 1):
        for _ in range(PASSES):
            failed = await _one_pass(job, ledger, number, keep, stopping)
            if stopping() or not failed:
                break
        if stopping() or ledger.accepted == ledger.size:
            return


async def _one_pass(
    job: Generation,
    ledger: SlotTracker,
    number: int,
    keep: Callable[[list[Attempt]], None],
    stopping: Callable[[], bool],
) -> int:
    """Make attempt `number` for every slot that is due it; returns how many requests failed."""

    def due() -> Iterator[Work]:
        return (_work(job, slot, number, ledger.feedback(slot.id)) for slot in ledger.due(job.slots(), number))

    failed = 0
    if job.buy is not None and not stopping():
        await job.buy(lambda: (work.request for work in due()))
        if job.revise and not stopping():  # revisions need the drafts
            await job.buy(lambda: _revisions(job, due()))
    async for replies in in_order(due(), lambda work: _reply(job, work), job.concurrency, stopping):
        judged = iter(await job.judge.judge([reply for reply in replies if isinstance(reply, Reply)]))
        attempts = [next(judged) if isinstance(reply, Reply) else failed_attempt(reply) for reply in replies]
        for attempt in attempts:
            ledger.record(attempt)
            failed += attempt.verdict == "failed"
        keep(attempts)
    return failed


def _revisions(job: Generation, due: Iterable[Work]) -> Iterator[Request]:
    for work in due:
        reply = job.bought(work.request.key)
        draft = _draft(job, reply) if reply is not None else ""
        if draft:
            yield revise_request(work, job.options, draft)


def _work(job: Generation, slot: Slot, number: int, feedback: tuple[Reason, ...]) -> Work:
    kind, idea = job.catalogue.of_slot(slot)
    drawn = slot if number == 1 else job.redraw(slot, number)
    idea = idea if drawn is slot else job.catalogue.ideas[drawn.idea]
    return Work(drawn, number, document_request(job.context, job.options, drawn, kind, idea, number, feedback))


async def _reply(job: Generation, work: Work) -> Reply | Failure:
    try:
        completion = await job.llm.complete(work.request)
        draft = _draft(job, completion)
        if not draft:
            return Reply(work, completion)
        return Reply(work, completion, await job.llm.complete(revise_request(work, job.options, draft)))
    except RequestFailed as error:
        return Failure(work, error)


def _draft(job: Generation, completion: Completion) -> str:
    """The document to revise; "" if there is none."""
    return DOCUMENT.parse(completion.text).text if job.revise and completion.stop_reason == "end_turn" else ""


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


async def in_order(
    items: Iterator[T], call: Callable[[T], Awaitable[R]], concurrency: int, stopping: Callable[[], bool]
) -> AsyncIterator[list[R]]:
    """Results of `call` in the order of `items`, in lists of those that are ready.

    At most `concurrency` calls are in flight, and at most 8 times as many items (256 at least) are started or wait for
    an earlier one; `items` is consumed no further ahead. Once `stopping`, calls in flight are completed and no more are
    started. An exception in a call cancels the others and propagates.
    """
    semaphore, window = asyncio.Semaphore(concurrency), max(JUDGED_TOGETHER, 8 * concurrency)
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
            if not tasks[0].done():  # otherwise the new calls start while the consumer handles what is ready
                await asyncio.wait([tasks[0]])
            ready: list[R] = []
            while tasks and tasks[0].done() and len(ready) < JUDGED_TOGETHER:
                result = tasks.popleft().result()
                if result is None:
                    await asyncio.gather(*tasks)
                    tasks.clear()
                else:
                    ready.append(result)
            yield ready
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
