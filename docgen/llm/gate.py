"""How many requests at once: grows while the server keeps up, shrinks when it is overloaded or only gets slower."""

import asyncio
from collections import deque

__all__ = ["Gate"]

START = 64
RAMP = 3.0
SHRINK = 0.7
ROUND_SECONDS = 1.0
KNEE_LATENCY, KNEE_RATE, KNEE_ELASTICITY = 1.5, 1.05, 0.25
HOLD_ROUNDS = 10
DOUBTS = 2
"""Rounds in a row that may look saturated before they are believed: a busy machine makes single ones look so."""
STEP_BACK_COST = 0.9


class Gate:
    """At most `limit` holders at a time; `limit` adapts between 1 and `most`.

    Trebles every round trip until that brings no more replies, then adds one per round trip. Overload cuts it to 0.7.
    When for three rounds replies have been 1.5 times slower than in the best round without a matching gain in number,
    it goes back to as many as were in flight then and stays there for ten: a saturated server only queues what it is
    sent. Should the rate fall with that and replies come no sooner, the server has just become slower; that is then
    the new measure.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(min(most, START))
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._ramping = True
        self._cut_at = 0.0
        self._round = Round()
        self._best: Round | None = None
        self._before: Round | None = None
        self._hold = self._doubts = 0

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
        if self._waiting and not self._hold and not self._ramping:
            self.limit = min(float(self.most), self.limit + 1.0 / self.limit)
        self._round.add(now, latency, output_tokens)
        if self._round.lasted(0.0 if self._ramping else ROUND_SECONDS, int(self.limit)):
            self._end_round()

    def overloaded(self, now: float, sent_at: float) -> None:
        """The server could not keep up with a request sent at `sent_at`; counts once per round trip."""
        self._ramping = False
        if sent_at >= self._cut_at:
            self.limit = max(1.0, SHRINK * self.limit)
            self._cut_at = now

    def _end_round(self) -> None:
        last, self._round = self._round, Round(self._round.until)
        if self._hold:
            self._hold -= 1
            if self._before is not None and self._hold == HOLD_ROUNDS - 2:
                self._undo_if_it_cost(last, self._before)
            return
        if not self._waiting:
            return
        best = self._best
        if best is None or last.better_than(best):
            self._best, self._doubts = last, 0
            if self._ramping:
                self.limit = min(float(self.most), RAMP * self.limit)
        elif last.slowness <= KNEE_LATENCY * best.slowness:
            self._ramping, self._doubts = False, 0
        elif self._doubts < DOUBTS:
            self._doubts += 1
        else:
            self._ramping, self._doubts = False, 0
            self._before, self._hold = last, HOLD_ROUNDS
            self.limit = max(1.0, min(self.limit, best.in_flight))

    def _undo_if_it_cost(self, now: "Round", before: "Round") -> None:
        """Judge a step back in the second round after it, the first in which only its effect is seen."""
        if now.rate >= STEP_BACK_COST * before.rate:
            return
        self._best, self._before, self._hold = now, None, 0
        if now.slowness * KNEE_LATENCY > before.slowness:
            self._best = before
            self.limit = min(float(self.most), before.in_flight)


class Round:
    """One round's measurements."""

    def __init__(self, since: float | None = None) -> None:
        self.since = since
        self.until: float = since or 0.0
        self.count = 0
        self._latency: float = 0.0
        self._tokens: float = 0.0

    def add(self, now: float, latency: float, output_tokens: int) -> None:
        """Count a reply."""
        if self.since is None:
            self.since = now - latency
        self.until = now
        self.count += 1
        self._latency += latency
        self._tokens += 50 + output_tokens

    def lasted(self, seconds: float, replies: int) -> bool:
        """Whether it can be judged: so long and so many replies, and longer than a reply takes."""
        span = self.until - (self.since or 0.0)
        return self.count >= replies and span > max(seconds, self._latency / self.count)

    @property
    def rate(self) -> float:
        """Replies per second."""
        return self.count / max(self.until - (self.since or 0.0), 1e-9)

    def better_than(self, other: "Round") -> bool:
        """At least 5 % more replies per second, and more by the fourth root of how much slower each of them was."""
        slower = self.slowness / max(other.slowness, 1e-12)
        return bool(self.rate > other.rate * max(KNEE_RATE, slower**KNEE_ELASTICITY))

    @property
    def in_flight(self) -> float:
        """Requests in flight on average (Little's law)."""
        return self.rate * self._latency / max(self.count, 1)

    @property
    def slowness(self) -> float:
        """Seconds per token, so that longer documents do not look like a slower server."""
        return self._latency / max(self._tokens, 1e-9)
