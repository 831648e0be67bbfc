"""The retry policy: how often one call is tried again, and after what wait. The only place that says so."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from docgen.errors import RequestFailed, StopRun
from docgen.llm.providers.anthropic_errors import Transient

__all__ = ["Tries", "persistently"]

FAULT_TRIES, BUSY_TRIES = 6, 40
FAULT_BACKOFF, BUSY_BACKOFF = (0.5, 30.0), (0.1, 8.0)
"""First and longest wait before trying again, in seconds."""
LONGEST_WAIT = 900.0

T = TypeVar("T")


async def persistently(call: Callable[[], Awaitable[T]], patience: float = 0.0) -> T:
    """`call` until it succeeds or its tries are used up; only for calls that may be repeated without harm.

    `patience`: seconds in which it is tried again however often it fails.
    """
    tries, began = Tries(), time.monotonic()
    while True:
        try:
            return await call()
        except Transient as error:
            if tries.exhausted(error) and time.monotonic() - began >= patience:
                raise RequestFailed(error.kind, error.message, tries.total) from error
            await asyncio.sleep(tries.wait(error))


class Tries:
    """How often one call was tried, by what went wrong.

    A server that says it is busy (429, 503, 529) is asked again up to 40 times, any other passing fault up to 6 times,
    after the wait that it asked for and with jittered exponential backoff.
    """

    def __init__(self) -> None:
        self.busy = self.faults = 0

    @property
    def total(self) -> int:
        """All tries so far."""
        return self.busy + self.faults

    def exhausted(self, error: Transient) -> bool:
        """Count a failed try; whether it was the last that its kind deserves."""
        if _patient(error):
            self.busy += 1
        else:
            self.faults += 1
        return self.faults >= FAULT_TRIES or self.busy >= BUSY_TRIES

    def wait(self, error: Transient) -> float:
        """Seconds before the next try: never less than the server asked for.

        Raises `StopRun` when it asked for more than a quarter of an hour.
        """
        if error.after is not None and error.after > LONGEST_WAIT:
            message = f"the server asks to wait {error.after / 60:.0f} minutes: {error.message}"
            raise StopRun("rate_limited", message, "Run the same command again after that")
        patient = _patient(error)
        first, longest = BUSY_BACKOFF if patient else FAULT_BACKOFF
        count = self.busy if patient else self.faults
        backoff = random.uniform(0.5, 1.0) * min(longest, first * 2.0 ** (count - 1))
        return max(backoff, error.after * random.uniform(1.0, 1.05)) if error.after else backoff


def _patient(error: Transient) -> bool:
    """A timeout is a sign of load too, but each one costs minutes and perhaps money."""
    return error.busy and error.kind != "timeout"
