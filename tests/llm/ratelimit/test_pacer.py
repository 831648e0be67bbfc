"""Pacing on a simulated clock, against a simulated token bucket: no sleeping, no sockets."""

import heapq
from dataclasses import dataclass

import pytest

from docgen.llm.ratelimit.pacer import Pacer, RefusalWindow

UNIX = 1_700_000_000.0


@dataclass
class Outcome:
    seconds: float
    refusals: int


class Server:
    """A token bucket that states `claim` of its true size."""

    def __init__(self, rate: float, burst: float, headers: bool, claim: float = 1.0) -> None:
        self.rate, self.burst, self.headers, self.claim = rate, burst, headers, claim
        self.level, self.at = burst, 0.0

    def ask(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1.0:
            return False
        self.level -= 1.0
        return True

    def says(self, now: float) -> dict[str, str]:
        if not self.headers:
            return {}
        reset = (self.burst - self.level) / self.rate
        return {
            "anthropic-ratelimit-requests-limit": str(int(self.burst * self.claim)),
            "anthropic-ratelimit-requests-remaining": str(int(self.level * self.claim)),
            "anthropic-ratelimit-requests-reset": _rfc3339(UNIX + now + reset),
        }


def _rfc3339(unix: float) -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(unix, dt.UTC).isoformat()


def drive(
    server: Server,
    requests: int,
    latency: float = 0.1,
    at_once: int = 64,
    retry_after: float | None = None,
    pacer: Pacer | None = None,
) -> Outcome:
    """Send `requests`, with retries, at most `at_once` in flight, as fast as the pacer allows."""
    pacer, now, left, done = pacer or Pacer(), 0.0, requests, 0
    flying: list[tuple[float, float, bool]] = []
    while done < requests:
        wait = pacer.delay(now) if left and len(flying) < at_once else float("inf")
        if wait <= 0.0:
            pacer.sent(now)
            left -= 1
            heapq.heappush(flying, (now + latency, now, server.ask(now)))
            continue
        back = flying[0][0] if flying else float("inf")
        now = min(now + max(wait, 1e-4), back)
        if flying and now >= back:
            _, sent_at, served = heapq.heappop(flying)
            pacer.observe(server.says(now), now, UNIX + now)
            if served:
                pacer.succeeded(now, 10, 10)
                done += 1
            else:
                pacer.refused(now, sent_at, retry_after)
                left += 1
    return Outcome(now, pacer.refusals)


@pytest.mark.parametrize("headers", [True, False])
@pytest.mark.parametrize("latency", [0.01, 0.5])
@pytest.mark.parametrize("rate", [5.0, 50.0, 300.0])
def test_a_limited_server_is_kept_busy(rate: float, latency: float, headers: bool) -> None:
    """Within a tenth of the ideal time, with the rate-limit headers and without."""
    requests = int(40 * rate)
    outcome = drive(Server(rate, rate, headers), requests, latency, at_once=1024)
    ideal = (requests - rate) / rate
    assert outcome.seconds <= 1.1 * ideal + latency


def test_true_headers_leave_few_refusals() -> None:
    outcome = drive(Server(50.0, 50.0, headers=True), 3000)
    assert outcome.refusals < 0.05 * 3000


@pytest.mark.parametrize("latency", [0.01, 0.5])
@pytest.mark.parametrize("claim", [0.1, 10.0])
def test_headers_that_are_wrong_are_found_out(claim: float, latency: float) -> None:
    """A server that serves ten times what it states, or a tenth: no slower than without headers."""
    outcome = drive(Server(50.0, 50.0, headers=True, claim=claim), 3000, latency)
    assert outcome.seconds <= 1.1 * (3000 - 50) / 50 + latency
    assert outcome.refusals < 0.2 * 3000


@pytest.mark.parametrize("rate", [5.0, 50.0, 300.0])
def test_true_headers_are_believed(rate: float) -> None:
    """From the first burst to the end of a long job, even with half of the requests in flight at once."""
    pacer = Pacer()
    drive(Server(rate, rate, headers=True), int(60 * rate), 0.5, at_once=int(rate), pacer=pacer)
    assert "requests" in pacer.buckets


def test_an_unlimited_server_is_never_held_back() -> None:
    pacer = Pacer()
    for step in range(1000):
        assert pacer.delay(step * 0.001) == 0.0
        pacer.sent(step * 0.001)
        pacer.succeeded(step * 0.001, 1, 1)


def test_a_few_stray_refusals_do_not_slow_everything_down() -> None:
    pacer = Pacer()
    for step in range(1000):
        now = step * 0.01
        pacer.sent(now)
        if step % 50 == 49:
            pacer.refused(now, now, 5.0)
        else:
            pacer.succeeded(now, 1, 1)
    assert pacer.delay(10.0) == 0.0


def test_everyone_waits_when_the_server_asks_all_to() -> None:
    pacer = Pacer()
    for _ in range(5):
        pacer.sent(0.0)
        pacer.refused(0.0, 0.0, 3.0)
    assert pacer.delay(1.0) == 2.0
    assert pacer.delay(60.0) == 0.0


def test_token_limits_count_in_tokens() -> None:
    """600 output tokens a minute at 100 per reply allow one request every ten seconds."""
    pacer = Pacer()
    for step in range(3):
        pacer.sent(float(step))
        pacer.succeeded(float(step), 10, 100)
    stated = {"limit": "600", "remaining": "0", "reset": _rfc3339(UNIX + 60.0)}
    pacer.observe({f"anthropic-ratelimit-output-tokens-{k}": v for k, v in stated.items()}, 3.0, UNIX)
    assert 8.0 <= pacer.delay(3.0) <= 10.5


@pytest.mark.parametrize(
    "headers",
    [
        {"anthropic-ratelimit-requests-limit": "x", "anthropic-ratelimit-requests-remaining": "1"},
        {"anthropic-ratelimit-requests-limit": "0", "anthropic-ratelimit-requests-remaining": "0"},
        {"anthropic-ratelimit-requests-limit": "50"},
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "9999",
            "anthropic-ratelimit-requests-reset": "yesterday",
        },
    ],
)
def test_unreadable_headers_hold_nothing_back(headers: dict[str, str]) -> None:
    pacer = Pacer()
    pacer.observe(headers, 0.0, UNIX)
    assert pacer.delay(0.0) == 0.0


def test_a_clock_that_is_off_does_not_matter() -> None:
    """Reset times are on the server's clock; the response's Date tells which that is."""
    hour = 3600.0
    pacer = Pacer()
    pacer.observe(
        {
            "date": "Tue, 14 Nov 2023 23:13:20 GMT",
            "anthropic-ratelimit-requests-limit": "60",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": _rfc3339(UNIX + hour + 60.0),
        },
        0.0,
        UNIX,
    )
    assert pacer.delay(0.0) < 2.0


def test_the_share_of_refusals_forgets() -> None:
    recent = RefusalWindow()
    for step in range(10):
        recent.add(step * 0.01, refused=True)
    assert recent.share == 1.0
    for step in range(200):
        recent.add(10 + step * 0.01, refused=False)
    assert recent.share == 0.0
