"""A hard cap on what a run may cost, across resumes and kills.

The worst-case cost of each call is reserved before it is sent, so booked plus reserved never exceeds the cap. A kill
loses at most what was reserved: the high-water mark of reservations is on disk before it rises, and the next start
books what an unclean exit left of it. A reply lost in transit is booked at its worst case too, since it may be billed.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docgen.errors import ConfigError, StopRun
from docgen.files.append_log import AppendLog, read_entries
from docgen.llm.cost.pricing import Prices
from docgen.llm.errors import Transient, interrupted
from docgen.llm.protocol import LLM, Completion, Request, Usage
from docgen.text import token_estimate

__all__ = ["SPEND_FILE", "Budget", "BudgetedLLM", "Reservation", "uncertain_dollars"]

SPEND_FILE = "spend.jsonl"
"""Next to the journal: what the budget must know after a kill."""

ROUNDING = 1e-9
"""Dollars below which a sum counts as zero."""
IN_FLIGHT_SHARE = 0.25
"""Share of the cap that calls in flight may reserve, a single call excepted. Chosen: a kill books all of it, since no
server reports afterwards what it billed, so at worst it takes four kills to use up a cap rather than one."""
DEARER = "dearer"
"""In the ledger: by the model that was asked, how many times its price the model cost that answered; 1 for itself."""
MARK_STEP = 1.25
"""Least factor by which the mark on disk is raised. Chosen: a few dozen writes in a run instead of one per call."""


class Budget:
    """The budget of one run, in dollars.

    `spent` is the cost of the journalled replies. `uncertain` is the worst-case cost of calls that may have been billed
    although no reply arrived: interrupted by a kill or lost on the network. `held` is the worst-case cost of message
    batches in flight, which survives a kill in their own log. `elsewhere` is what others under the same cap have spent
    or may have been billed. A `cap` of None counts without limiting.
    """

    def __init__(
        self,
        prices: Prices,
        cap: float | None = None,
        spent: float = 0.0,
        ledger: Path | None = None,
        elsewhere: float = 0.0,
    ) -> None:
        self.prices, self.cap, self.spent, self.elsewhere = prices, cap, spent, elsewhere
        self.uncertain = uncertain_dollars(ledger) if ledger else 0.0
        self._dearer = _dearer(ledger) if ledger else {}
        self.reserved = self.held = 0.0
        self._log = AppendLog(ledger) if ledger else None
        self._mark = 0.0
        self._freed = asyncio.Event()
        self._stopped = self._is_held = False
        if self.uncertain:
            self._write_mark(0.0)

    @property
    def left(self) -> float | None:
        """Dollars that can still be reserved; None without a cap."""
        used = self.elsewhere + self.spent + self.uncertain + self.reserved + self.held
        return None if self.cap is None else self.cap - used

    def check_model(self, model: str) -> None:
        """Raise `ConfigError` if there is a cap and the price of `model` is not known."""
        if self.cap is not None and self.prices.find(model) is None:
            fix = "Add the model to a price file (see docs/engine.md), or run without --max-cost"
            raise ConfigError(f"model {model!r} has no known price, so the cap cannot be enforced", "--max-cost", fix)

    @asynccontextmanager
    async def reserve(self, request: Request) -> AsyncIterator["Reservation"]:
        """Reserve the worst-case cost of one call while the block runs; waits for calls in flight if necessary.

        Raises `StopRun` when the cap is too low for it even with nothing else in flight, and when stopped.
        """
        self.check_model(request.model)
        while True:
            if self._stopped:
                raise interrupted()
            worst = self.worst_case(request)
            # Until it is known which model answers, calls in flight may hold less: it may be the dearest.
            times = 1.0 if request.model in self._dearer else self.prices.dearest(request.model)
            if not self._is_held and self.try_reserve(worst, IN_FLIGHT_SHARE / times):
                break
            if not self._is_held and self.reserved + self.held < ROUNDING:
                raise self.exhausted(worst)
            self._freed.clear()
            await self._freed.wait()
        reservation = Reservation(worst)
        try:
            yield reservation
        finally:
            self.release(worst, lost=worst if reservation.lost else 0.0)

    def worst_case(self, request: Request, batched: bool = False) -> float:
        """Dollars that a call cannot exceed, at the price of whichever model has answered such calls so far."""
        return (self.prices.worst_case(request, batched) or 0.0) * self._dearer.get(request.model, 1.0)

    def answered(self, asked: str, model: str) -> bool:
        """Note which model answered a call; whether it is a dearer one than any before, at whose price calls are
        reserved from now on, in later starts too."""
        before, times = self._dearer.get(asked), self.prices.times(model, asked)
        if before is None or times > before:
            self._dearer[asked] = times
            self._write({DEARER: self._dearer})
        return times > (before or 1.0)

    def stop(self) -> None:
        """Raise `StopRun("interrupted")` in every call that waits for budget, now or later; calls in flight go on."""
        self._stopped = True
        self._freed.set()

    def hold(self, held: bool) -> None:
        """While `held`, no call gets a reservation, and so none is sent; those in flight are booked as ever."""
        self._is_held = held
        self._freed.set()

    def raise_cap(self, cap: float) -> bool:
        """Raise the cap to `cap` dollars; False, without doing anything, if there is none or it is as high already."""
        if self.cap is None or not self.cap < cap < math.inf:
            return False
        self.cap = cap
        self._freed.set()
        return True

    def try_reserve(self, dollars: float, share: float = IN_FLIGHT_SHARE) -> bool:
        """Reserve if the cap and the share of it that calls in flight may hold allow it."""
        left, in_flight = self.left, self.reserved + dollars
        if left is not None and dollars > left:
            return False
        if self.cap is not None and self.reserved > ROUNDING and in_flight > share * self.cap:
            return False
        if in_flight > self._mark:
            # In steps, but no higher than the calls in flight can reach.
            most = math.inf if self.cap is None else max(in_flight, IN_FLIGHT_SHARE * self.cap)
            self._write_mark(min(MARK_STEP * in_flight, most))
        self.reserved += dollars
        return True

    def release(self, dollars: float, spent: float = 0.0, lost: float = 0.0) -> None:
        """Release a reservation of `dollars`, of which `spent` was billed and `lost` may have been."""
        if lost:
            self._write({"lost": lost})  # if it cannot be written, it stays reserved, which is on disk
            self.uncertain += lost
        self.reserved = max(0.0, self.reserved - dollars)
        self.spent += spent
        self._freed.set()

    def book_unjournalled(self, request: Request, completion: Completion) -> None:
        """Book a reply that was paid for and could not be journalled: at its worst, as no journal will count it.

        Raises `OSError` if the ledger cannot be written either; it then stays reserved, which is on disk.
        """
        worst = max(self.worst_case(request), completion.dollars or 0.0)
        self.spent -= completion.dollars or 0.0
        self.reserved += worst
        self.release(worst, lost=worst)

    def hold_for_batch(self, dollars: float) -> bool:
        """Hold `dollars` for a message batch if the cap allows it, until `release_batch`."""
        left = self.left
        if left is not None and dollars > left:
            return False
        self.held += dollars
        return True

    def release_batch(self, dollars: float) -> None:
        """Release what was held for a batch. What it was billed is added to `spent` reply by reply."""
        self.held = max(0.0, self.held - dollars)
        self._freed.set()

    def exhausted(self, dollars: float) -> StopRun:
        """The error for a cap that does not have room for `dollars` more."""
        used = f"${self.spent:.4f} spent" + (f", ${self.uncertain:.4f} possibly billed" if self.uncertain else "")
        used += f", ${self.elsewhere:.4f} by other runs under the same cap" if self.elsewhere else ""
        message = f"the next call could cost ${dollars:.4f} and the cap is ${self.cap or 0:.4f} ({used})"
        return StopRun("max_cost", message, "Run the same command with a higher --max-cost to go on")

    def close(self) -> None:
        """Record a clean exit: nothing is in flight. What is still reserved is a loss that could not be written."""
        if self._log is not None:
            if self.reserved > ROUNDING:
                self.uncertain += self.reserved
            self.reserved = 0.0
            try:
                if self._mark:
                    self._write_mark(0.0)
            finally:
                self._log.close()
                self._log = None

    def _write_mark(self, dollars: float) -> None:
        self._mark = dollars
        self._write({"reserved": dollars})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._log is not None:
            if "reserved" in entry and entry["reserved"] == 0.0:
                entry = {**entry, "uncertain": self.uncertain}
            self._log.append(json.dumps(entry).encode())


@dataclass(slots=True)
class Reservation:
    """One call's reservation, in dollars. Set `lost` when it may have been billed without its reply arriving."""

    worst: float
    lost: bool = False


def uncertain_dollars(ledger: Path) -> float:
    """Dollars that earlier starts may have been billed for replies that never arrived."""
    uncertain = mark = 0.0
    for entry in read_entries(ledger):
        uncertain = _dollars(entry, "uncertain", uncertain) + _dollars(entry, "lost", 0.0)
        mark = _dollars(entry, "reserved", mark)
    return uncertain + mark


def _dearer(ledger: Path) -> dict[str, float]:
    stated = [entry[DEARER] for entry in read_entries(ledger) if isinstance(entry.get(DEARER), dict)]
    return {model: max(1.0, _dollars(entry, model, 1.0)) for entry in stated for model in entry}


def _dollars(entry: dict[str, Any], name: str, otherwise: float) -> float:
    """A sum from a ledger's line; a damaged one is ignored."""
    value = entry.get(name, otherwise)
    return float(value) if isinstance(value, int | float) and 0 <= value < math.inf else otherwise


class BudgetedLLM:
    """Holds an LLM to the budget and prices its completions. Calls `reserved` when a request gets its reservation.

    A reply without believable token counts is booked at its worst case, and `say` reports that once. A call is sent
    within `room(request)`, which raises `OSError` if its reply could not be stored.
    """

    def __init__(
        self,
        llm: LLM,
        budget: Budget,
        reserved: Callable[[Request], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        room: Callable[[Request], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:
        self.budget, self._reserved, self._say, self._room = budget, reserved, say, room
        self._llm, self._told = llm, False

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        async with self.budget.reserve(request) as reservation:
            self._reserved(request)
            try:
                with self._room(request):
                    completion = await self._llm.complete(request)
            except BaseException as error:
                # It may have been billed: its reply was lost, or its caller was cancelled.
                reservation.lost = isinstance(error, asyncio.CancelledError) or (
                    isinstance(error, Transient) and error.maybe_billed
                )
                raise
            if self.budget.answered(request.model, completion.model):
                words = f"{request.model} was asked and {completion.model} answers, which costs more per token"
                self._say(f"{words}: calls are reserved at its price from now on")
            if not completion.usage_known:
                if not self._told:
                    self._told = True
                    what = "The server does not report believable token counts"
                    self._say(f"{what}: replies are booked at the most that they can have cost")
                prompt = token_estimate(f"{request.system} {request.user}")
                usage = Usage(input=prompt, output=token_estimate(completion.text))
                completion = completion.model_copy(update={"usage": usage})
            dollars = self.budget.prices.cost(completion.model or request.model, completion.usage)
            if dollars is None:
                dollars = self.budget.prices.cost(request.model, completion.usage)
            if dollars is not None and not completion.usage_known:
                dollars = max(dollars, reservation.worst)
            self.budget.spent += dollars or 0.0
            return completion.model_copy(update={"dollars": dollars})
