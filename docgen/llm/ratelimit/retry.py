"""The retry policy: how often a failed call is retried, and after what backoff. The only place that decides it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import Transient

__all__ = ["RetryState", "call_with_retries"]

FAULT_TRIES, BUSY_TRIES = 6, 40
"""Most tries of one call. Chosen: six take 8 to 15 s of backoff, enough for a passing fault; a busy server is healthy,
and forty tries last 2 to 4 minutes."""
FAULT_BACKOFF, BUSY_BACKOFF = (0.5, 30.0), (0.1, 8.0)
"""First and longest backoff in seconds. 0.5 and 8 are the Anthropic SDK's own; a busy server is asked sooner, since the
pacer already spaces requests, and a faulty one is left alone for longer."""
LONGEST_RETRY_AFTER = 900.0
"""Seconds. Chosen: a server that asks for more than a quarter of an hour has no capacity today; stop and say so."""

T = TypeVar("T")


async def call_with_retries(call: Callable[[], Awaitable[T]], patience: float = 0.0) -> T:
    """`call` until it succeeds or its retries are used up. Only for calls that are safe to repeat.

    Within `patience` seconds it is retried however often it fails. Raises `RequestFailed` after the last try and
    `StopRun` as `RetryState.backoff` does.
    """
    retries, start = RetryState(), time.monotonic()
    while True:
        try:
            return await call()
        except Transient as error:
            if retries.exhausted(error) and time.monotonic() - start >= patience:
                raise RequestFailed(error.kind, error.message, retries.total) from error
            await asyncio.sleep(retries.backoff(error))


class RetryState:
    """Failed tries of one call, by kind of failure.

    A server that says it is busy (429, 503, 529) is tried up to 40 times, any other transient fault up to 6 times, with
    exponential backoff and at least the wait that the server asked for.
    """

    def __init__(self) -> None:
        self.busy = self.faults = 0

    @property
    def total(self) -> int:
        """Tries so far."""
        return self.busy + self.faults

    def exhausted(self, error: Transient) -> bool:
        """Count a failed try; True if it was the last one allowed."""
        if _is_busy(error):
            self.busy += 1
        else:
            self.faults += 1
        return self.faults >= FAULT_TRIES or self.busy >= BUSY_TRIES

    def backoff(self, error: Transient) -> float:
        """Seconds before the next try, never less than the server asked for.

        "Equal jitter" (Brooker, "Exponential backoff and jitter", AWS 2015): half fixed, half random. Raises `StopRun`
        when the server asks for more than a quarter of an hour.
        """
        if error.after is not None and error.after > LONGEST_RETRY_AFTER:
            wait = error.after  # shown in minutes up to two hours, in hours up to two days
            unit, name = (60, "minutes") if wait < 7200 else (3600, "hours") if wait < 172_800 else (86_400, "days")
            message = f"the server asks to wait {wait / unit:.0f} {name}: {error.message}"
            raise StopRun("rate_limited", message, "Run the same command again after that")
        busy = _is_busy(error)
        first, longest = BUSY_BACKOFF if busy else FAULT_BACKOFF
        count = self.busy if busy else self.faults
        backoff = random.uniform(0.5, 1.0) * min(longest, first * 2.0 ** (count - 1))
        # Up to a twentieth more than asked, so that calls that were told the same wait do not come back as one burst.
        return max(backoff, error.after * random.uniform(1.0, 1.05)) if error.after else backoff


def _is_busy(error: Transient) -> bool:
    """A timeout is a sign of load too, but each one costs minutes and perhaps money, so it counts as a fault."""
    return error.busy and error.kind != "timeout"
