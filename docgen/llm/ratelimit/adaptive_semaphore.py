"""Lets no more requests through at once than the adaptive limit says; the others wait in line."""

import asyncio
from collections import deque

from docgen.llm.ratelimit.adaptive_concurrency import Limit

__all__ = ["Gate"]


class Gate:
    """At most as many holders at a time as `limit`, which learns from what they report, and never more than `most`."""

    def __init__(self, most: int) -> None:
        self.in_flight = 0
        self._limit = Limit(most)
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> float:
        """How many may hold a place now."""
        return self._limit.value

    async def acquire(self) -> None:
        """Wait for a place, first come first served."""
        if self.in_flight < int(self.limit) and not self._waiting:
            self.in_flight += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a place back."""
        self.in_flight -= 1
        while self._waiting and self.in_flight < int(self.limit):
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def succeeded(self, now: float, latency: float, output_tokens: int) -> None:
        """A holder got its reply, `latency` seconds after it was sent."""
        self._limit.succeeded(now, latency, output_tokens, wanted=bool(self._waiting))

    def overloaded(self, now: float, sent_at: float) -> None:
        """The server could not keep up with a request sent at `sent_at`; counts once per round trip."""
        self._limit.overloaded(now, sent_at)
