"""Decides when to send: by the server's rate-limit headers if it sends them, and by its refusals in any case.

Headers alone fail when they are missing or wrong; probing alone overshoots. So each stated limit is a token bucket that
holds requests back, and there is one send rate in addition, controlled by additive increase, multiplicative decrease
(Chiu and Jain 1989, section 3): it falls by a tenth when more than a few per cent of requests are refused and grows
again, the faster the longer nothing was refused.

The numbers below are chosen. The simulated servers in tests/llm/ratelimit/test_pacer.py check that they work together
(a limited server is kept busy to within a tenth of the ideal, with true, missing and wrong headers), and
bench/engine_storm.py measures them over a socket: 1.01 to 1.08 of the ideal time (docs/engine.md, "Speed").
"""

import math
from collections import deque
from collections.abc import Mapping

from docgen.llm.ratelimit.headers import allowances
from docgen.llm.ratelimit.token_bucket import TokenBucket

__all__ = ["Pacer", "RefusalWindow"]

TOLERATED_REFUSALS = 0.08
"""Share of refusals that is noise, such as a proxy's hiccups, rather than a limit."""
DISTRUSTED_REFUSALS = 0.25
"""Share of refusals among requests that the headers allowed that shows the headers to claim too much."""
DECREASE, LARGEST_DECREASE = 0.9, 0.5
"""Factor on the rate per cut, and the furthest that one cut may go: Reno's halving, only where far less was served."""
WINDOW_SECONDS, WINDOW_OUTCOMES = 1.0, 25
"""A window of outcomes: 25 are the fewest in which two refusals are still tolerated."""


class RefusalWindow:
    """Outcomes of the last second, or the last 25 where those span longer."""

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
        """Share of refusals, 0 to 1."""
        return self._refused / len(self._outcomes) if self._outcomes else 0.0

    def per_second(self, now: float) -> tuple[float, float]:
        """(requests served, requests answered in any way) per second."""
        if not self._outcomes:
            return 0.0, 0.0
        span = max(now - self._outcomes[0][0], 0.02)  # a burst of answers within 20 ms says nothing about a rate
        return (len(self._outcomes) - self._refused) / span, len(self._outcomes) / span


class Pacer:
    """Says when the next request may be sent. Times are seconds of a monotonic clock, passed in.

    `rate` is requests per second, infinite until the first cut; `buckets` are the stated limits by resource.
    """

    def __init__(self) -> None:
        self.rate = math.inf
        self.buckets: dict[str, TokenBucket] = {}
        self.refusals = 0
        self._recent = RefusalWindow()
        self._distrusted: set[str] = set()
        self._last_sent = self._paused_until = self._last_refusal = self._last_cut = self._last_growth = 0.0
        self._in_flight = self._sent = 0
        self._first_sent = math.inf
        self._first_headers = math.inf
        self._allowed_by_headers = RefusalWindow()
        self._mean = {"requests": 1.0, "input-tokens": 0.0, "output-tokens": 0.0}
        """Mean units that a request uses."""

    def delay(self, now: float) -> float:
        """Seconds until a request may be sent, 0 for now."""
        wait = max(self._paused_until - now, 0.0)
        if math.isfinite(self.rate):
            # 5% a second, doubled for every 1.5 s without refusals, up to 50%: a rate cut too far is soon regained.
            growth = min(0.5, 0.05 * 2.0 ** min(30.0, (now - self._last_refusal) / 1.5))
            self.rate *= 1.0 + growth * min(1.0, now - self._last_growth)
            self._last_growth = now
            wait = max(wait, self._last_sent + 1.0 / self.rate - now)
        for name, bucket in self.buckets.items():
            wait = max(wait, bucket.delay(self._mean[name], now))
        return wait

    def reason(self, now: float) -> str:
        """What the delay comes from, for people."""
        if self._paused_until > now:
            return "the server refused requests for their rate and asked to wait"
        delays = {name: bucket.delay(self._mean[name], now) for name, bucket in self.buckets.items()}
        name = max(delays, key=lambda each: delays[each], default="")
        if name and delays[name] > 0:
            limit = self.buckets[name].limit
            return f"the server states a limit of {limit:,.0f} {name.replace('-', ' ')}, which is used up"
        return "the server refused requests for their rate"

    def doubt(self, now: float) -> None:
        """Go by refusals alone instead of by the stated limits that hold requests back now."""
        self._distrust(*[name for name, bucket in self.buckets.items() if bucket.delay(self._mean[name], now) > 0])

    def sent(self, now: float) -> None:
        """Record that a request goes out."""
        self._in_flight += 1
        self._sent += 1
        self._first_sent = min(self._first_sent, now)
        for name, bucket in self.buckets.items():
            bucket.spend(self._mean[name])
        if math.isfinite(self.rate):
            # Up to 0.1 s of unused rate may be caught up at once: timers are coarse and replies come in groups.
            self._last_sent = max(self._last_sent + 1.0 / self.rate, now - 0.1)

    def succeeded(self, now: float, input_tokens: int, output_tokens: int) -> None:
        """Record a reply and the tokens that it used."""
        self._in_flight -= 1
        self._recent.add(now, refused=False)
        self._allowed_by_headers.add(now, refused=False)
        for name, tokens in (("input-tokens", input_tokens), ("output-tokens", output_tokens)):
            # Exponential mean over about 20 replies; the first reply sets it.
            self._mean[name] += (tokens - self._mean[name]) * (0.05 if self._mean[name] else 1.0)

    def failed(self) -> None:
        """Record that a request ended without saying anything about the rate."""
        self._in_flight -= 1
        self._not_served()

    def _not_served(self) -> None:
        self._sent -= 1
        for bucket in self.buckets.values():
            bucket.unspent()

    def refused(self, now: float, sent_at: float, after: float | None) -> None:
        """Record that a request sent at `sent_at` exceeded the rate limit.

        `after` is the wait in seconds that the server asked for, if it did.
        """
        self._in_flight -= 1
        self.refusals += 1
        self._recent.add(now, refused=True)
        self._not_served()
        for bucket in self.buckets.values():
            bucket.refused(now)
        if sent_at > self._first_headers:
            allowed = self._allowed_by_headers
            allowed.add(now, refused=True)
            if len(allowed) >= WINDOW_OUTCOMES and allowed.share > DISTRUSTED_REFUSALS:
                self._distrust(*self.buckets)
        if self._recent.share <= TOLERATED_REFUSALS:
            return
        self._last_refusal = now
        if after:
            self._paused_until = max(self._paused_until, now + after)
        if sent_at >= self._last_cut and not self.buckets:
            self._cut(now)

    def observe(self, headers: Mapping[str, str], now: float, unix: float) -> None:
        """Update from a response's headers; `unix` is the wall clock in seconds, which reset times refer to."""
        for name, allowance in allowances(headers, unix).items():
            if name in self._distrusted:
                continue
            bucket = self.buckets.get(name)
            if bucket is None:
                self.buckets[name] = TokenBucket(allowance, now, self._first_sent, self._sent)
                self._first_headers = min(self._first_headers, now)
            else:
                bucket.observe(allowance, now, self._in_flight * self._mean[name])
                if bucket.is_disproved(self._mean[name], self._in_flight, now):
                    self._distrust(name)

    def _distrust(self, *names: str) -> None:
        """Go by refusals alone from now on, as if there were no headers for these resources."""
        for name in names:
            del self.buckets[name]
            self._distrusted.add(name)

    def _cut(self, now: float) -> None:
        """Reduce the rate, at most once per round trip: only requests sent after the last cut can cause another.

        The first cut waits for a full window and starts from the rate of all answers rather than of those served: too
        high a rate costs a few refusals, too low a rate costs time.
        """
        if math.isinf(self.rate) and len(self._recent) < WINDOW_OUTCOMES:
            return
        served, answered = self._recent.per_second(now)
        rate = answered if math.isinf(self.rate) else self.rate
        # Never below one request in 20 s, from which growth takes too long to recover.
        self.rate = max(0.05, LARGEST_DECREASE * rate, min(DECREASE * rate, served))
        self._last_cut = self._last_growth = self._last_sent = now
