"""A hard cap on what a run may cost, resumes and kills included.

The worst that each call in flight can cost is reserved before it is sent, so booked plus reserved never passes the cap.
A kill loses at most what was reserved: the reservation's high-water mark is on disk before it rises, and the next start
books what an unclean end left of it. Replies that were lost on their way are booked at their worst too: they may have
been paid for.
"""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from docgen.errors import ConfigError, StopRun
from docgen.files.append_log import AppendLog, read_lines
from docgen.llm.pricing import Prices
from docgen.llm.protocol import LLM, Completion, Request
from docgen.llm.providers.anthropic_errors import Transient, interrupted

__all__ = ["Budget", "BudgetedLLM", "Reservation", "uncertain_dollars"]

NOTHING = 1e-9
"""Dollars that are rounding errors of sums."""
AT_RISK = 0.25
"""Share of the cap that calls in flight may hold, one call excepted: a kill books all of it, as nobody can tell what
of it was billed."""
MARK_STEP = 1.25
"""The mark on disk is raised by this factor at least, so that it is written a few dozen times in a run."""


class Budget:
    """Money of one run, in dollars.

    `spent` is what the journal holds. `uncertain` may have been billed without a reply having arrived: calls cut off by
    a kill or lost on the network, at their worst. `held` is the worst cost of message batches, which their own log
    keeps over a kill. `cap` None counts without limiting.
    """

    def __init__(
        self, prices: Prices, cap: float | None = None, spent: float = 0.0, ledger: Path | None = None
    ) -> None:
        self.prices, self.cap, self.spent = prices, cap, spent
        self.uncertain = uncertain_dollars(ledger) if ledger else 0.0
        self.reserved = self.held = 0.0
        self._log = AppendLog(ledger) if ledger else None
        self._mark = 0.0
        self._freed = asyncio.Event()
        self._stopped = False
        if self.uncertain:
            self._write_mark(0.0)

    @property
    def left(self) -> float | None:
        """Dollars that can still be reserved, None without a cap."""
        return None if self.cap is None else self.cap - self.spent - self.uncertain - self.reserved - self.held

    def check_model(self, model: str) -> None:
        """Raise `ConfigError` if there is a cap and `model` has no known price."""
        if self.cap is not None and self.prices.find(model) is None:
            fix = "Add the model to a price file (see docs/engine.md), or run without --max-cost"
            raise ConfigError(f"model {model!r} has no known price, so the cap cannot be held", "--max-cost", fix)

    @asynccontextmanager
    async def reserve(self, request: Request) -> AsyncIterator["Reservation"]:
        """Hold the worst cost of one call of `request` while the block runs; waits for calls in flight if need be.

        Raises `StopRun` when the cap cannot hold it even with nothing else in flight, and when stopped.
        """
        self.check_model(request.model)
        worst = self.prices.worst_case(request) or 0.0
        while True:
            if self._stopped:
                raise interrupted()
            if self.try_reserve(worst):
                break
            if self.reserved + self.held < NOTHING:
                raise self.exhausted(worst)
            self._freed.clear()
            await self._freed.wait()
        held = Reservation(worst)
        try:
            yield held
        finally:
            self.release(held.worst, lost=held.worst if held.lost else 0.0)

    def stop(self) -> None:
        """End what waits for money, now and later, with `StopRun("interrupted")`; calls in flight go on."""
        self._stopped = True
        self._freed.set()

    def try_reserve(self, dollars: float) -> bool:
        """Reserve if the cap allows it, and what is at risk already leaves room."""
        left, risk = self.left, self.reserved + dollars
        if left is not None and dollars > left:
            return False
        if self.cap is not None and self.reserved > NOTHING and risk > AT_RISK * self.cap:
            return False
        if risk > self._mark:
            self._write_mark(self._step(risk))
        self.reserved += dollars
        return True

    def release(self, dollars: float, spent: float = 0.0, lost: float = 0.0) -> None:
        """Give back a reservation of `dollars`, of which `spent` was billed and `lost` may have been."""
        self.reserved = max(0.0, self.reserved - dollars)
        self.spent += spent
        if lost:
            self.uncertain += lost
            self._write({"lost": lost})
        self._freed.set()

    def hold(self, dollars: float) -> bool:
        """Reserve for a message batch if the cap allows it; given back with `release_batch`."""
        left = self.left
        if left is not None and dollars > left:
            return False
        self.held += dollars
        return True

    def release_batch(self, dollars: float) -> None:
        """Give back what was held for a batch; what it was billed is added to `spent` reply by reply."""
        self.held = max(0.0, self.held - dollars)
        self._freed.set()

    def exhausted(self, wanted: float) -> StopRun:
        """The error for a cap that cannot hold `wanted` dollars more."""
        used = f"${self.spent:.4f} spent" + (f", ${self.uncertain:.4f} perhaps" if self.uncertain else "")
        message = f"the next call could cost ${wanted:.4f} and the cap is ${self.cap or 0:.4f} ({used})"
        return StopRun("max_cost", message, "Run the same command with a higher --max-cost to go on")

    def close(self) -> None:
        """Record a clean end: nothing is in flight."""
        if self._log is not None:
            if self._mark:
                self._write_mark(0.0)
            self._log.close()
            self._log = None

    def _step(self, risk: float) -> float:
        """The next mark, no higher than calls in flight can come to."""
        most = math.inf if self.cap is None else max(risk, AT_RISK * self.cap)
        return min(risk * MARK_STEP, most)

    def _write_mark(self, dollars: float) -> None:
        self._mark = dollars
        self._write({"reserved": dollars})

    def _write(self, entry: dict[str, float]) -> None:
        if self._log is not None:
            if "reserved" in entry and entry["reserved"] == 0.0:
                entry = {**entry, "uncertain": self.uncertain}
            self._log.append(json.dumps(entry).encode())


@dataclass(slots=True)
class Reservation:
    """What is held for one call; set `lost` when it may have been billed without its reply arriving."""

    worst: float
    lost: bool = False


def uncertain_dollars(ledger: Path) -> float:
    """What earlier runs may have been billed for replies that never arrived."""
    uncertain = mark = 0.0
    for _, line in read_lines(ledger):
        entry = json.loads(line)
        uncertain = entry.get("uncertain", uncertain) + entry.get("lost", 0.0)
        mark = entry.get("reserved", mark)
    return uncertain + mark


class BudgetedLLM:
    """Puts a price on every completion and holds the cap. `reserved` is told of each call that has its money."""

    def __init__(self, llm: LLM, budget: Budget, reserved: Callable[[Request], None] = lambda _: None) -> None:
        self.budget, self._reserved = budget, reserved
        self._llm = llm

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        async with self.budget.reserve(request) as held:
            self._reserved(request)
            try:
                completion = await self._llm.complete(request)
            except BaseException as error:
                held.lost = _maybe_billed(error)
                raise
            dollars = self.budget.prices.cost(completion.model or request.model, completion.usage)
            if dollars is None:
                dollars = self.budget.prices.cost(request.model, completion.usage)
            self.budget.spent += dollars or 0.0
            return completion.model_copy(update={"dollars": dollars})


def _maybe_billed(error: BaseException) -> bool:
    """Whether a call that ended so may still have been paid for: its reply was lost, or nobody waited for it."""
    return isinstance(error, asyncio.CancelledError) or (isinstance(error, Transient) and error.maybe_billed)
