"""How many requests at once: grows while the server keeps up, shrinks when it is overloaded or only gets slower."""

import asyncio
from collections import deque

__all__ = ["Gate"]

START = 32
SHRINK = 0.7
ROUND_SECONDS = 1.0
KNEE_LATENCY, KNEE_RATE = 1.5, 1.05
HOLD_ROUNDS = 10


class Gate:
    """At most `limit` holders at a time; `limit` adapts between 1 and `most`.

    Doubles every round trip until the first sign of overload, then adds one per round trip. Overload cuts it to 0.7.
    Once a round, when more requests at once made each reply 1.5 times slower without 5 % more of them, it steps back a
    fifth and stays there for ten rounds: a saturated server only queues what it is sent.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(min(most, START))
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._doubling = True
        self._cut_at = 0.0
        self._round = Round()
        self._best: Round | None = None
        self._hold = 0

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
        if self._waiting and not self._hold:
            self.limit = min(self.most, self.limit + (1.0 if self._doubling else 1.0 / self.limit))
        if self._round.add(now, latency, output_tokens):
            self._end_round()

    def overloaded(self, now: float, sent_at: float) -> None:
        """The server could not keep up with a request sent at `sent_at`; counts once per round trip."""
        self._doubling = False
        if sent_at >= self._cut_at:
            self._shrink(SHRINK)
            self._cut_at = now

    def _shrink(self, factor: float) -> None:
        self.limit = max(1.0, self.limit * factor)

    def _end_round(self) -> None:
        last, self._round = self._round, Round(self._round.until)
        self._hold = max(0, self._hold - 1)
        if not self._waiting or self._hold:
            return
        best = self._best
        if best is None or last.rate > KNEE_RATE * best.rate:
            self._best = last
        elif last.slowness > KNEE_LATENCY * best.slowness:
            self._doubling = False
            self._shrink(0.8)
            self._hold = HOLD_ROUNDS
            self._best = None


class Round:
    """One round's measurements."""

    def __init__(self, since: float | None = None) -> None:
        self.since, self.until = since, since or 0.0
        self.count = 0
        self._latency = self._tokens = 0.0

    def add(self, now: float, latency: float, output_tokens: int) -> bool:
        """Count a reply; True when the round is long enough to judge: a second, and longer than any reply took."""
        if self.since is None:
            self.since = now - latency
        self.until = now
        self.count += 1
        self._latency += latency
        self._tokens += 50 + output_tokens
        return now - self.since > max(ROUND_SECONDS, self._latency / self.count)

    @property
    def rate(self) -> float:
        """Replies per second."""
        return self.count / max(self.until - (self.since or 0.0), 1e-9)

    @property
    def slowness(self) -> float:
        """Seconds per token, so that longer documents do not look like a slower server."""
        return self._latency / max(self._tokens, 1e-9)
