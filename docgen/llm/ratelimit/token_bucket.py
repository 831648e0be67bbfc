"""A client's model of a server's token bucket: set by rate-limit headers, kept up to date by arithmetic in between."""

from docgen.llm.ratelimit.headers import Allowance

__all__ = ["TokenBucket"]

SMOOTHING = 0.2
"""Weight of the newest header in the refill rate. Chosen: averages out reset times that are rounded to a second."""
FIRST_PROBE, LATER_PROBE, LONGEST_PROBE = 1.0, 30.0, 600.0
"""Seconds of holding requests back before the first probe, after one refused probe, and at most (it doubles). Chosen:
headers that allow too little are detected within seconds, true ones cost ever fewer refusals."""


class TokenBucket:
    """One rate-limited resource, in its own units (requests or tokens). Times are seconds of a monotonic clock.

    Headers can be wrong, so while the bucket holds requests back and none is refused, it probes: it lets through a
    quarter more each second. A refusal ends the probe, and the next one starts later. A bucket is proven wrong when
    more was served than it could have held and refilled (`is_disproved`).

    `since` is when the first of the `sent` requests that are not known to have been refused went out.
    """

    def __init__(self, allowance: Allowance, now: float, since: float, sent: int) -> None:
        self.level, self.limit = allowance.remaining, allowance.limit
        self.trust = 1.0
        self._missing = self._seconds = 0.0
        self._probe_after = FIRST_PROBE
        self._holding_since: float | None = None
        self._since, self._sent = min(since, now), sent
        self._updated = now
        self.observe(allowance, now, in_flight=0.0)

    @property
    def refill(self) -> float:
        """Units per second: what was missing over the time until reset, smoothed; a minute's limit without a reset.

        Limits are documented per minute, with a continuously refilled token bucket (Anthropic, "Rate limits").
        """
        return self._missing / self._seconds if self._seconds > 0 and self._missing > 0 else self.limit / 60.0

    def is_disproved(self, mean: float, in_flight: int, now: float) -> bool:
        """Whether requests of `mean` units each were served beyond what the headers allow.

        By a quarter and two requests more, since reset times are rounded. Counted since the first request, or since the
        bucket was last half full. Requests in flight are deducted twice: they are not served yet, and servers charge
        output tokens only afterwards.
        """
        stated = self.limit + max(self.refill, self.limit / 60.0) * (now - self._since)
        return (self._sent - 2 * in_flight) * mean > 1.25 * stated + 2.0

    def observe(self, allowance: Allowance, now: float, in_flight: float) -> None:
        """Update from a response's headers; `in_flight` units were sent and may not be counted in them yet."""
        self._advance(now)
        self.limit = allowance.limit
        missing = allowance.limit - allowance.remaining
        if allowance.seconds_to_full and missing > 0:
            self._missing += SMOOTHING * (missing - self._missing)
            self._seconds += SMOOTHING * (allowance.seconds_to_full - self._seconds)
        if self.trust == 1.0:
            self.level = min(max(self.level, allowance.remaining - in_flight), allowance.remaining)

    def delay(self, units: float, now: float) -> float:
        """Seconds until `units` may be sent, 0 for now. A full bucket admits a request larger than itself."""
        self._advance(now)
        needed = min(units, self.limit)
        if self.level >= needed:
            return 0.0
        if self._holding_since is None:
            self._holding_since = now
        return (needed - self.level) / (self.refill * self.trust)

    def spend(self, units: float) -> None:
        """Take out what a request uses."""
        self.level -= units
        self._sent += 1

    def unspent(self) -> None:
        """Record that a request was not served."""
        self._sent -= 1

    def refused(self, now: float) -> None:
        """Record a refusal: the bucket is as empty as the headers say."""
        if self.trust > 1.0:
            probed_late = self._probe_after >= LATER_PROBE
            self._probe_after = min(LONGEST_PROBE, 2 * self._probe_after if probed_late else LATER_PROBE)
        self.trust, self._holding_since = 1.0, now
        self.level = min(self.level, 0.0)

    def _advance(self, now: float) -> None:
        elapsed, self._updated = max(0.0, now - self._updated), now
        if self._holding_since is not None and now - self._holding_since > self._probe_after:
            self.trust *= 1.25 ** min(elapsed, 1.0)  # chosen: reaches ten times the stated rate in 10 s
        self.level = min(self.limit, self.level + elapsed * self.refill * self.trust)
        if self.level >= self.limit / 2:
            self._holding_since, self.trust = None, 1.0
            self._since, self._sent = now, 0
