"""A server's token bucket as a client can know it: from the headers, between headers by arithmetic."""

from docgen.llm.ratelimit.headers import Allowance

__all__ = ["Bucket"]

WINDOW = 60.0
"""Limits are stated per minute where no reset time says how fast they refill."""
SMOOTHING = 0.2
PROBE_GROWTH = 0.25
DISTRUST, ROUNDED = 1.25, 2.0
FIRST_PROBE, LONGEST_PROBE = 1.0, 600.0


class Bucket:
    """One limited resource. Times are in seconds of a monotonic clock, passed in.

    While the bucket holds requests back and none is refused, it lets through a quarter more every second: headers can
    be wrong. A refusal ends the probe, and the next one waits longer. Proof is that more was served than the bucket as
    stated can have held and refilled (`outdone`).

    `began` is when the first of the `sent` requests went out that are not known to have been refused.
    """

    def __init__(self, allowance: Allowance, now: float, began: float, sent: int) -> None:
        self.level, self.limit = allowance.remaining, allowance.limit
        self.trust = 1.0
        self._missing = self._seconds = 0.0
        self._probe_after = FIRST_PROBE
        self._held_since: float | None = None
        self._began, self._sent = min(began, now), sent
        self._at = now
        self.observe(allowance, now, in_flight=0.0)

    @property
    def refill(self) -> float:
        """Units per second: what was missing over how long it was to take, smoothed because resets are rounded."""
        return self._missing / self._seconds if self._seconds > 0 and self._missing > 0 else self.limit / WINDOW

    def outdone(self, mean: float, in_flight: int, now: float) -> bool:
        """Whether requests of `mean` units each were served beyond what is stated, by a margin for rounded reset times.

        Counted from the first request, or since the bucket was last half full. What is in flight counts against it
        twice: as not yet served, and since servers charge output tokens only afterwards.
        """
        stated = self.limit + max(self.refill, self.limit / WINDOW) * (now - self._began)
        return (self._sent - 2 * in_flight) * mean > DISTRUST * stated + ROUNDED

    def observe(self, allowance: Allowance, now: float, in_flight: float) -> None:
        """Take in a response's headers; `in_flight` units are sent and not answered, perhaps not yet counted."""
        self._advance(now)
        self.limit = allowance.limit
        missing = allowance.limit - allowance.remaining
        if allowance.seconds_to_full and missing > 0:
            self._missing += SMOOTHING * (missing - self._missing)
            self._seconds += SMOOTHING * (allowance.seconds_to_full - self._seconds)
        if self.trust == 1.0:
            self.level = min(max(self.level, allowance.remaining - in_flight), allowance.remaining)

    def delay(self, units: float, now: float) -> float:
        """Seconds until `units` may be sent; 0 for now. A full bucket lets through a request larger than itself."""
        self._advance(now)
        wanted = min(units, self.limit)
        if self.level >= wanted:
            return 0.0
        if self._held_since is None:
            self._held_since = now
        return (wanted - self.level) / (self.refill * self.trust)

    def spend(self, units: float) -> None:
        """Take out what a request uses."""
        self.level -= units
        self._sent += 1

    def unspent(self) -> None:
        """A request was not served."""
        self._sent -= 1

    def refused(self, now: float) -> None:
        """A request was refused: the bucket is as empty as the headers say."""
        if self.trust > 1.0:
            self._probe_after = min(LONGEST_PROBE, 30.0 if self._probe_after < 30.0 else 2 * self._probe_after)
        self.trust, self._held_since = 1.0, now
        self.level = min(self.level, 0.0)

    def _advance(self, now: float) -> None:
        passed, self._at = max(0.0, now - self._at), now
        if self._held_since is not None and now - self._held_since > self._probe_after:
            self.trust *= (1.0 + PROBE_GROWTH) ** min(passed, 1.0)
        self.level = min(self.limit, self.level + passed * self.refill * self.trust)
        if self.level >= self.limit / 2:
            self._held_since, self.trust = None, 1.0
            self._began, self._sent = now, 0
