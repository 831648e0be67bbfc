"""Token buckets and the headers that describe them."""

import datetime as dt
import time

from tests.loopback.options import Limits

__all__ = ["Bucket", "RateLimiter"]


class Bucket:
    """Holds at most `burst`, refilled at `rate` per second."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.level, self.at = rate, burst, burst, time.monotonic()

    def refill(self) -> None:
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now

    def take(self, amount: float) -> bool:
        """Take `amount` if it is there."""
        self.refill()
        if self.level < amount:
            return False
        self.level -= amount
        return True

    @property
    def seconds_to_full(self) -> float:
        return (self.burst - self.level) / self.rate


class RateLimiter:
    """Admits requests as the limits say. Output tokens are charged after the reply and may go below zero."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        named = {
            "requests": limits.requests,
            "input-tokens": limits.input_tokens,
            "output-tokens": limits.output_tokens,
        }
        self.buckets = {name: Bucket(*pair) for name, pair in named.items() if pair is not None}

    def admit(self, input_tokens: int) -> bool:
        """Whether a request with so many input tokens may pass now."""
        wanted = {"requests": 1.0, "input-tokens": float(input_tokens), "output-tokens": 1e-9}
        for name, bucket in self.buckets.items():
            bucket.refill()
            if bucket.level < wanted[name]:
                return False
        for name, bucket in self.buckets.items():
            bucket.level -= wanted[name]
        return True

    def charge_output(self, output_tokens: int) -> None:
        """Take the tokens of a finished reply."""
        if "output-tokens" in self.buckets:
            self.buckets["output-tokens"].refill()
            self.buckets["output-tokens"].level -= output_tokens

    def headers(self, refused: bool = False) -> dict[str, str]:
        """The rate-limit headers of a response sent now."""
        found: dict[str, str] = {}
        if refused and self.limits.retry_after is not None:
            found["retry-after"] = str(self.limits.retry_after)
        if self.limits.headers == "none":
            return found
        share = {"wrong": 0.1, "boast": 10.0}.get(self.limits.headers, 1.0)
        for name, bucket in self.buckets.items():
            bucket.refill()
            reset = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=bucket.seconds_to_full)
            found[f"anthropic-ratelimit-{name}-limit"] = str(int(bucket.burst * share))
            found[f"anthropic-ratelimit-{name}-remaining"] = str(int(max(0.0, bucket.level) * share))
            found[f"anthropic-ratelimit-{name}-reset"] = reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return found
