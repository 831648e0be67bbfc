"""From slots to attempts: round after round, until every slot holds an accepted document or has had its attempts.

A round attempts all open slots once. Replies may arrive in any order; they are judged in slot order, so that which of
two near-duplicates stays depends on the plan and the replies alone, never on the network.
"""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from docgen.errors import RequestFailed, RunError
from docgen.llm.protocol import LLM, Completion, Request
from docgen.prompts.replies import parse_document
from docgen.prompts.requests import ModelOptions, Reply, Work, document_request, revise_request
from docgen.records import Attempt, DocumentType, Idea, Reason, Slot
from docgen.universe import UniverseContext

__all__ = ["Catalogue", "Generation", "Judge", "SlotTracker", "generate"]

T = TypeVar("T")
R = TypeVar("R")

JUDGED_TOGETHER = 256
FAILED_PASSES = 3
"""Times that a round goes back to requests that failed for good before they are left to the next start of the run."""


@dataclass(frozen=True)
class Catalogue:
    """Document types and ideas by id, and the ideas of each type in order."""

    types: Mapping[str, DocumentType]
    ideas: Mapping[str, Idea]
    ideas_of: Mapping[str, Sequence[Idea]]

    @classmethod
    def of(cls, types: Iterable[DocumentType], ideas: Iterable[Idea]) -> "Catalogue":
        """Index what the brainstorm brought."""
        kinds = {kind.id: kind for kind in types}
        everything = {idea.id: idea for idea in ideas}
        groups: dict[str, list[Idea]] = {name: [] for name in kinds}
        for idea in everything.values():
            if idea.doc_type not in groups:
                raise _unmatched(idea.doc_type, "types.jsonl")
            groups[idea.doc_type].append(idea)
        return cls(kinds, everything, groups)

    def of_slot(self, slot: Slot) -> tuple[DocumentType, Idea]:
        """What a slot is about; `RunError` when the plan was made from other types or ideas."""
        if slot.doc_type not in self.types:
            raise _unmatched(slot.doc_type, "types.jsonl")
        if slot.idea not in self.ideas:
            raise _unmatched(slot.idea, "ideas.jsonl")
        return self.types[slot.doc_type], self.ideas[slot.idea]


def _unmatched(name: str, file: str) -> RunError:
    fix = "Delete types.jsonl, ideas.jsonl and slots.jsonl: they are made again from llm.jsonl at no cost"
    return RunError(f"does not have {name}, which the plan is made from", file, fix)


@dataclass(frozen=True)
class Failure:
    """A request that failed for good."""

    work: Work
    error: RequestFailed


class Judge(Protocol):
    """Turns replies into attempts with verdicts, in the order given; remembers what it accepted."""

    async def judge(self, replies: Sequence[Reply]) -> list[Attempt]:
        """One attempt for each reply."""

    def remember(self, attempts: Sequence[Attempt]) -> None:
        """Take in accepted attempts of an earlier start of this run."""


@dataclass
class SlotTracker:
    """Where every slot stands, from the attempts alone. Memory: one byte a slot, and the open slots' last reasons."""

    size: int
    accepted: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._done = bytearray(self.size)
        self._open: dict[int, tuple[int, tuple[Reason, ...]]] = {}
        self.failed: dict[int, Reason] = {}

    def record(self, attempt: Attempt) -> None:
        """Take one attempt into account; `RunError` for one that cannot be of this plan."""
        if not 0 <= attempt.slot < self.size:
            what = f"holds an attempt for slot {attempt.slot} of a plan with {self.size} slots"
            raise RunError(what, "attempts.jsonl", "Delete the file: it is made again from llm.jsonl at no cost")
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
        """Number of the slot's next attempt, None when it is filled."""
        return None if self._done[slot] else self._open.get(slot, (0, ()))[0] + 1

    def feedback(self, slot: int) -> tuple[Reason, ...]:
        """Why the slot's last attempt was rejected."""
        return self._open.get(slot, (0, ()))[1]

    def empty(self, max_attempts: int) -> int:
        """Slots whose attempts are used up."""
        return sum(number >= max_attempts for number, _ in self._open.values())

    def due(self, slots: Iterable[Slot], number: int) -> Iterator[Slot]:
        """Open slots whose next attempt is their `number`-th."""
        return (slot for slot in slots if self.next_number(slot.id) == number)


@dataclass(frozen=True)
class Generation:
    """What a generate needs. `slots` gives the plan anew at each call; `redraw` the draws of a later attempt.

    `buy`, if there is one, is handed all requests of a pass before they are asked one by one (message batches);
    `bought` gives the reply that it got for a key.
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
    """Fill the plan. `keep` gets attempts in order as they are decided; `stopping` ends it after what is in flight."""
    for number in range(1, job.max_attempts + 1):
        for _ in range(FAILED_PASSES):
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
    """Attempt every slot that is due its `number`-th attempt; returns how many requests failed."""

    def due() -> Iterator[Work]:
        return (_work(job, slot, number, ledger.feedback(slot.id)) for slot in ledger.due(job.slots(), number))

    failed = 0
    if job.buy is not None and not stopping():
        await _buy(job, job.buy, due, stopping)
    async for replies in in_order(due(), lambda work: _reply(job, work), job.concurrency, stopping):
        attempts = await _judged(job.judge, replies)
        for attempt in attempts:
            ledger.record(attempt)
            failed += attempt.verdict == "failed"
        keep(attempts)
    return failed


async def _buy(
    job: Generation,
    buy: Callable[[Callable[[], Iterable[Request]]], Awaitable[object]],
    due: Callable[[], Iterator[Work]],
    stopping: Callable[[], bool],
) -> None:
    """Have a pass bought as a whole, and then its revisions, which need the drafts."""
    await buy(lambda: (work.request for work in due()))
    if job.revise and not stopping():
        await buy(lambda: _revisions(job, due()))


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
    """The document to revise; empty when there is nothing to revise."""
    return parse_document(completion.text).text if job.revise and completion.stop_reason == "end_turn" else ""


async def _judged(judge: Judge, replies: Sequence[Reply | Failure]) -> list[Attempt]:
    """Attempts in the order of the replies; failures never reach the judge."""
    judged = iter(await judge.judge([reply for reply in replies if isinstance(reply, Reply)]))
    return [next(judged) if isinstance(reply, Reply) else failed_attempt(reply) for reply in replies]


def failed_attempt(failure: Failure) -> Attempt:
    """A request that brought no reply, as data for the report. It does not use up one of the slot's attempts."""
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
    """Results of `call` in the order of `items`, in runs of those that are ready.

    At most `concurrency` calls are under way and 8 times as many (at least 256) started or waiting for an earlier one;
    `items` is drawn no further ahead. Once `stopping`, what is under way is finished and nothing more begun. An
    exception of a call ends it all and cancels the rest.
    """
    gate, window = asyncio.Semaphore(concurrency), max(JUDGED_TOGETHER, 8 * concurrency)
    tasks: deque[asyncio.Task[R | None]] = deque()

    async def one(item: T) -> R | None:
        async with gate:
            return None if stopping() else await call(item)

    try:
        while True:
            if not stopping():
                new = itertools.islice(items, window - len(tasks))
                tasks.extend(asyncio.create_task(one(item)) for item in new)
            if not tasks:
                return
            if not tasks[0].done():  # else the new calls begin while the consumer is busy with what is ready
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
