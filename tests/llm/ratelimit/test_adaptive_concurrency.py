"""Adaptive concurrency against simulated servers: fast growth where there is capacity, no flood where there is none."""

import heapq
import random
from collections import deque
from dataclasses import dataclass

import pytest

from docgen.llm.ratelimit.adaptive_concurrency import INITIAL_LIMIT, AdaptiveConcurrency

LATENCY, CPU = 0.5, 0.0006
"""Seconds that a reply takes, and CPU seconds that the client spends on one."""


@dataclass
class Server:
    """Works on `slots` requests at a time and queues the rest, first come first served."""

    slots: int = 1 << 30
    jitter: float = 0.0
    slower_after: float = float("inf")

    def __post_init__(self) -> None:
        self.rng = random.Random(1)
        self.queue: deque[float] = deque()
        self.working: list[tuple[float, float]] = []

    def send(self, now: float) -> None:
        if len(self.working) < self.slots:
            self._begin(now, now)
        else:
            self.queue.append(now)

    def reply(self) -> tuple[float, float]:
        """(when the next reply comes, how long it took)."""
        now, sent = heapq.heappop(self.working)
        if self.queue:
            self._begin(now, self.queue.popleft())
        return now, now - sent

    def _begin(self, now: float, sent: float) -> None:
        factor = self.rng.lognormvariate(0.0, self.jitter) * (10.0 if now > self.slower_after else 1.0)
        heapq.heappush(self.working, (now + LATENCY * factor, sent))


@dataclass
class Outcome:
    seconds: float
    peak: int
    limit: float


def drive(server: Server, requests: int, most: int, adapt: bool = True) -> Outcome:
    """Send `requests` as fast as the limit and the client's own work allow."""
    limit, now, free, sent, in_flight, peak = AdaptiveConcurrency(most), 0.0, 0.0, 0, 0, 0
    for left in range(requests, 0, -1):
        while sent < requests and in_flight < int(limit.value if adapt else most):
            if free > now and server.working and server.working[0][0] < free:
                break
            free = max(free, now) + CPU
            server.send(max(now, free - CPU))
            sent, in_flight = sent + 1, in_flight + 1
        peak = max(peak, in_flight)
        now, latency = server.reply()
        in_flight -= 1
        limit.succeeded(now, latency, 400, backlog=in_flight + 1 >= int(limit.value) and left > limit.value)
    return Outcome(now, peak, limit.value)


@pytest.mark.parametrize("jitter", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("most", [8, 64, 256, 512, 1000])
def test_finding_out_what_a_server_can_take_costs_less_than_a_tenth(most: int, jitter: float) -> None:
    """In a job of 5,000 requests, compared with the full concurrency from the start."""
    adaptive = drive(Server(jitter=jitter), 5000, most)
    fixed = drive(Server(jitter=jitter), 5000, most, adapt=False)
    assert adaptive.seconds <= fixed.seconds / 0.9


@pytest.mark.parametrize("most", [8, 64, 512, 1000])
def test_it_grows_to_what_was_asked_for(most: int) -> None:
    assert drive(Server(), 5000, most).limit == most


@pytest.mark.parametrize("slots", [4, 8, 16])
def test_a_server_of_a_few_slots_is_never_flooded(slots: int) -> None:
    """The first requests' latency shows that they queue: no more are added, and the limit soon drops."""
    outcome = drive(Server(slots), 400 * slots, 256)
    assert outcome.peak <= INITIAL_LIMIT
    assert outcome.limit <= 8 * slots
    assert outcome.seconds <= 1.05 * 400 * LATENCY


@pytest.mark.parametrize("slots", [64, 100, 200])
def test_a_saturated_server_is_kept_full_and_not_drowned(slots: int) -> None:
    """Even with a concurrency of 1,000, half of it from the start."""
    outcome = drive(Server(slots, jitter=0.2), 200 * slots, 1000)
    assert outcome.limit <= 4 * slots
    assert outcome.seconds <= 1.1 * 200 * LATENCY


def test_a_server_that_has_become_slower_is_not_starved() -> None:
    """Ten times the latency at every load: fewer in flight would only cost throughput."""
    assert drive(Server(slower_after=30.0), 40_000, 255).limit > 200


def test_overload_counts_once_per_round_trip() -> None:
    limit = AdaptiveConcurrency(100)
    before = limit.value
    for _ in range(10):
        limit.overloaded(now=1.0, sent_at=0.5)
    assert limit.value == pytest.approx(0.7 * before)
    limit.overloaded(now=2.0, sent_at=1.5)
    assert limit.value == pytest.approx(0.49 * before)


def test_it_never_closes() -> None:
    limit = AdaptiveConcurrency(4)
    for step in range(100):
        limit.overloaded(now=float(step), sent_at=float(step))
    assert limit.value == 1.0
