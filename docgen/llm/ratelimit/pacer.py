"""How fast to send: by the server's headers where it sends them, by its refusals in any case.

Headers alone fail when they are missing or wrong; feeling one's way alone overshoots. So each stated limit is a token
bucket that holds requests back, and beside them stands one rate that falls by a tenth when more than a few per cent of
requests are refused, never below half at once nor further than what the server was seen to serve, and grows again, the
faster the longer nothing was refused (additive increase, multiplicative decrease; Chiu and Jain 1989, section 3).
"""

import math
from collections import deque
from collections.abc import Mapping

from docgen.llm.ratelimit.headers import allowances
from docgen.llm.ratelimit.token_bucket import Bucket

__all__ = ["Pacer", "RefusalShare"]

TOLERATED_REFUSALS = 0.08
"""A share of refusals that is noise (a proxy's hiccups), not a limit."""
GROWTH, GROWTH_DOUBLES, MOST_GROWTH = 0.05, 1.5, 0.5
DECREASE, STEEPEST = 0.9, 0.5
LEAST_RATE = 0.05
CATCH_UP = 0.1
"""Seconds of unused pace that may be made up for at once."""
SHORTEST_SPAN = 0.02
WINDOW_SECONDS, WINDOW_OUTCOMES = 1.0, 25
BOASTING = 0.25
"""A share of refusals among requests that the headers allowed: they promise what the server does not keep."""


class RefusalShare:
    """Outcomes of the last second, or of the last 25 requests if those span longer."""

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._refused = 0

    def add(self, now: float, refused: bool) -> None:
        """Count one outcome."""
        self._outcomes.append((now, refused))
        self._refused += refused
        while len(self._outcomes) > WINDOW_OUTCOMES and self._outcomes[0][0] < now - WINDOW_SECONDS:
            self._refused -= self._outcomes.popleft()[1]

    def __len__(self) -> int:
        return len(self._outcomes)

    @property
    def share(self) -> float:
        """Refused of all, 0 to 1."""
        return self._refused / len(self._outcomes) if self._outcomes else 0.0

    def per_second(self, now: float) -> tuple[float, float]:
        """Requests served, and requests answered at all, per second of the window."""
        if not self._outcomes:
            return 0.0, 0.0
        span = max(now - self._outcomes[0][0], SHORTEST_SPAN)
        return (len(self._outcomes) - self._refused) / span, len(self._outcomes) / span


class Pacer:
    """Says when the next request may go. Times are seconds of a monotonic clock, passed in."""

    def __init__(self) -> None:
        self.rate = math.inf
        self.buckets: dict[str, Bucket] = {}
        self.refusals = 0
        self._recent = RefusalShare()
        self._distrusted: set[str] = set()
        self._last = self._paused_until = self._quiet_since = self._cut_at = self._grown_at = 0.0
        self._in_flight = self._sent = 0
        self._began = math.inf
        self._told = math.inf
        self._despite = RefusalShare()
        self._mean = {"requests": 1.0, "input-tokens": 0.0, "output-tokens": 0.0}

    def delay(self, now: float) -> float:
        """Seconds until a request may be sent; 0 for now."""
        wait = max(self._paused_until - now, 0.0)
        if math.isfinite(self.rate):
            self._grow(now)
            wait = max(wait, self._last + 1.0 / self.rate - now)
        for name, bucket in self.buckets.items():
            wait = max(wait, bucket.delay(self._mean[name], now))
        return wait

    def sent(self, now: float) -> None:
        """A request goes out."""
        self._in_flight += 1
        self._sent += 1
        self._began = min(self._began, now)
        for name, bucket in self.buckets.items():
            bucket.spend(self._mean[name])
        if math.isfinite(self.rate):
            self._last = max(self._last + 1.0 / self.rate, now - CATCH_UP)

    def succeeded(self, now: float, input_tokens: int, output_tokens: int) -> None:
        """A reply came back."""
        self._in_flight -= 1
        self._recent.add(now, refused=False)
        self._despite.add(now, refused=False)
        for name, seen in (("input-tokens", input_tokens), ("output-tokens", output_tokens)):
            self._mean[name] += (seen - self._mean[name]) * (0.05 if self._mean[name] else 1.0)

    def failed(self) -> None:
        """A request ended without saying anything about the rate."""
        self._in_flight -= 1
        self._not_served()

    def _not_served(self) -> None:
        self._sent -= 1
        for bucket in self.buckets.values():
            bucket.unspent()

    def refused(self, now: float, sent_at: float, after: float | None) -> None:
        """A request that went out at `sent_at` was refused for its rate; `after` as the server asked, in seconds."""
        self._in_flight -= 1
        self.refusals += 1
        self._recent.add(now, refused=True)
        self._not_served()
        for bucket in self.buckets.values():
            bucket.refused(now)
        if sent_at > self._told:
            self._despite.add(now, refused=True)
            if len(self._despite) >= WINDOW_OUTCOMES and self._despite.share > BOASTING:
                self._disbelieve(*self.buckets)
        if self._recent.share <= TOLERATED_REFUSALS:
            return
        self._quiet_since = now
        if after:
            self._paused_until = max(self._paused_until, now + after)
        if sent_at >= self._cut_at and not self.buckets:
            self._cut(now)

    def observe(self, headers: Mapping[str, str], now: float, unix: float) -> None:
        """Take in a response's headers; `unix` is the wall clock, which reset times are on."""
        for name, allowance in allowances(headers, unix).items():
            if name in self._distrusted:
                continue
            bucket = self.buckets.get(name)
            if bucket is None:
                self.buckets[name] = Bucket(allowance, now, self._began, self._sent)
                self._told = min(self._told, now)
            else:
                bucket.observe(allowance, now, self._in_flight * self._mean[name])
                if bucket.outdone(self._mean[name], self._in_flight, now):
                    self._disbelieve(name)

    def _disbelieve(self, *names: str) -> None:
        """Go by refusals alone from now on, as where there are no headers."""
        for name in names:
            del self.buckets[name]
            self._distrusted.add(name)

    def _cut(self, now: float) -> None:
        """At most once per round trip: only requests sent after the last cut can call for another.

        The first cut waits for a full window, and then errs upwards: too high costs a few refusals, too low costs time.
        """
        if math.isinf(self.rate) and len(self._recent) < WINDOW_OUTCOMES:
            return
        served, asked = self._recent.per_second(now)
        rate = asked if math.isinf(self.rate) else self.rate
        self.rate = max(LEAST_RATE, STEEPEST * rate, min(DECREASE * rate, served))
        self._cut_at = self._grown_at = self._last = now

    def _grow(self, now: float) -> None:
        quiet = now - self._quiet_since
        growth = min(MOST_GROWTH, GROWTH * 2.0 ** min(30.0, quiet / GROWTH_DOUBLES))
        self.rate *= 1.0 + growth * min(1.0, now - self._grown_at)
        self._grown_at = now
