"""A semaphore whose size is the adaptive concurrency limit."""

import asyncio
from collections import deque
from collections.abc import Callable

from docgen.llm.ratelimit.adaptive_concurrency import AdaptiveConcurrency

__all__ = ["AdaptiveSemaphore"]


class AdaptiveSemaphore:
    """Admits up to `limit` holders at a time, first come first served; the limit learns from their replies.

    Never admits more than `most`; `gentle` as in `AdaptiveConcurrency`. `wanted` says whether others, who wait
    elsewhere, would use more slots.
    """

    def __init__(self, most: int, gentle: bool = False) -> None:
        self.in_flight = 0
        self.wanted: Callable[[], bool] = lambda: False
        self._concurrency = AdaptiveConcurrency(most, gentle)
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def most(self) -> int:
        """How many holders are ever allowed."""
        return self._concurrency.most

    @property
    def limit(self) -> float:
        """How many holders are allowed now."""
        return self._concurrency.value

    async def acquire(self) -> None:
        """Wait for admission."""
        if self.in_flight < int(self.limit) and not self._waiting:
            self.in_flight += 1
            return
        admission = asyncio.get_running_loop().create_future()
        self._waiting.append(admission)
        try:
            await admission
        except asyncio.CancelledError:
            if admission.done() and not admission.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Leave, and admit as many waiters as the limit allows."""
        self.in_flight -= 1
        self._admit()

    def limit_to(self, most: int) -> None:
        """Never admit more than `most` from now on; holders above that leave when they are done."""
        self._concurrency.limit_to(most)
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_flight < int(self.limit):
            admission = self._waiting.popleft()
            if not admission.done():
                self.in_flight += 1
                admission.set_result(None)

    def succeeded(self, now: float, latency: float, output_tokens: int) -> None:
        """Record a holder's reply, `latency` seconds after its request was sent."""
        self._concurrency.succeeded(now, latency, output_tokens, backlog=bool(self._waiting) or self.wanted())

    def overloaded(self, now: float, sent_at: float) -> None:
        """Record that the server refused or timed out a request sent at `sent_at`. Counts once per round trip."""
        self._concurrency.overloaded(now, sent_at)
