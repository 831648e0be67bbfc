"""Adaptive concurrency: how many requests to keep in flight, learned from replies.

Additive increase, multiplicative decrease on overload, as in TCP (Chiu and Jain 1989), and a latency test that finds
saturation before the server refuses anything, in the manner of TCP Vegas and Netflix's gradient2 limit. Numbers below
without a source are chosen; the simulated servers in tests/llm/ratelimit/test_adaptive_concurrency.py check that they
work together (ramping costs under a tenth of 5,000 requests, a saturated server stays full and is not flooded), and
bench/engine.py measures the result against a real socket (docs/engine.md, "Speed").
"""

from statistics import fmean

__all__ = ["AdaptiveConcurrency", "SampleWindow"]

INITIAL_LIMIT = 64
"""Limit before the first reply. Chosen: a server with a few slots gets through 64 before they time out."""
DECREASE_FACTOR = 0.7
"""Multiplicative decrease on overload: CUBIC's factor (RFC 9438, section 4.6); Reno's 0.5 costs more to regain."""
LATENCY_TOLERANCE = 1.5
"""Latency against the best window's that counts as saturation: the default tolerance of Netflix's gradient2 limit."""
RAMP, GENTLE_RAMP = (8.0, 3.0), (2.0, 1.5)
"""Growth while ramping up: after a window in which replies were no slower, and after one that brought more of them
although they were slower. Steeper than slow start's doubling (RFC 5681), since a ramp is part of every run. Gentle for
one of several servers: a call that one has queued too early cannot be taken back for another."""
HOLD_WINDOWS = 10
"""Windows without a change after a step back. Chosen: long enough to judge it, short enough to notice added servers."""


class AdaptiveConcurrency:
    """A limit, `value`, that adapts between 1 and `most`. Times are seconds of a monotonic clock, passed in.

    While ramping up, it is multiplied by 8 after a window in which replies were no slower than before and by 3 after
    one that brought more replies although each took longer (by 2 and 1.5 with `gentle`, for one of several servers);
    after that it grows by one per round trip. If the first window already shows queueing (the requests sent last waited
    longest), it steps back to what the server can work on.
    Overload multiplies it by 0.7. When replies have been 1.5 times slower than in the best window for three windows
    without a matching gain in throughput, it steps back to the number being worked on and holds there for ten windows,
    since a saturated server only queues more. If throughput falls after that and latency does not, the server itself
    has become slower; the step is undone and the slower window becomes the reference.
    """

    def __init__(self, most: int, gentle: bool = False) -> None:
        self.most = most
        self._ramp = GENTLE_RAMP if gentle else RAMP
        # Above the default of 256 the user knows the server: start with half of what was requested.
        self.value = 0.5 * most if most > 256 and not gentle else float(min(most, INITIAL_LIMIT))
        self._ramping = True
        self._last_cut = 0.0
        self._window = SampleWindow()
        self._best: SampleWindow | None = None
        self._before_step_back: SampleWindow | None = None
        self._windows_to_hold = self._slow_windows = 0

    def limit_to(self, most: int) -> None:
        """Another bound; a higher one starts like a fresh limit, since what was learned below it says little."""
        raised = most > self.most
        self.value = max(self.value, float(min(most, INITIAL_LIMIT))) if raised else min(self.value, float(most))
        self.most = most

    def succeeded(self, now: float, latency: float, output_tokens: int, backlog: bool) -> None:
        """Record a reply that took `latency` seconds; `backlog` says whether requests are waiting to be sent."""
        if backlog and not self._windows_to_hold and not self._ramping:
            self._grow_to(self.value + 1.0 / self.value)  # additive increase: one per round trip
        self._window.add(now, latency, output_tokens)
        # After the ramp a window lasts a second at least (chosen), so that fast servers do not end one per handful.
        if self._window.is_complete(0.0 if self._ramping else 1.0, int(self.value)):
            last, self._window = self._window, SampleWindow(self._window.until)
            self._adapt(last, backlog)

    def overloaded(self, now: float, sent_at: float) -> None:
        """Record that the server refused or timed out a request sent at `sent_at`. Counts once per round trip."""
        self._ramping = False
        if sent_at >= self._last_cut:
            self.value = max(1.0, DECREASE_FACTOR * self.value)
            self._last_cut = now

    def _adapt(self, last: "SampleWindow", backlog: bool) -> None:
        """Decide at the end of a window."""
        if self._windows_to_hold:
            self._windows_to_hold -= 1
            # The second window after a step back is the first that shows nothing but its effect.
            if self._before_step_back is not None and self._windows_to_hold == HOLD_WINDOWS - 2:
                self._review_step_back(last, self._before_step_back)
        elif not backlog:
            return  # too few requests to say anything about the server
        elif last.queued:
            # Half as much again as it works on, so that it never runs dry (chosen).
            self._step_back(last, 1.5 * last.worked_on(last.fastest_pace))
        elif self._best is None or last.better_than(self._best):
            if self._ramping:
                as_fast = self._best is None or last.pace <= 1.25 * self._best.pace  # up to that it is noise
                self._grow_to(self._ramp[0 if as_fast else 1] * self.value)
            self._best, self._slow_windows = last, 0
        elif last.pace <= LATENCY_TOLERANCE * self._best.pace:
            self._ramping, self._slow_windows = False, 0
        elif self._slow_windows < 2:  # a busy client makes single windows look saturated; the third in a row counts
            self._slow_windows += 1
        else:
            self._step_back(last, max(self._best.in_flight, last.worked_on(self._best.pace)))

    def _step_back(self, last: "SampleWindow", to: float) -> None:
        self._ramping, self._slow_windows = False, 0
        self._before_step_back, self._windows_to_hold = last, HOLD_WINDOWS
        self.value = max(1.0, min(self.value, to))

    def _review_step_back(self, now: "SampleWindow", before: "SampleWindow") -> None:
        """Undo a step back that cost more than a tenth of the throughput and did not make replies faster."""
        if now.throughput >= 0.9 * before.throughput:
            return
        self._best, self._before_step_back, self._windows_to_hold = now, None, 0
        if now.pace * LATENCY_TOLERANCE > before.pace:
            self._best = before
            self._grow_to(max(self.value, before.in_flight))

    def _grow_to(self, value: float) -> None:
        self.value = min(float(self.most), value)


class SampleWindow:
    """The replies of one measurement window. The first window, which has no start time, keeps each of them."""

    PROMPT_TOKENS = 50
    """Added to each reply's output tokens for the fixed cost of a call (chosen), so short replies do not look slow."""

    def __init__(self, since: float | None = None) -> None:
        self.since = since
        self.until: float = since or 0.0
        self.count = 0
        self._latency: float = 0.0
        self._tokens: float = 0.0
        self._samples: list[tuple[float, float]] | None = [] if since is None else None
        """(when sent, seconds per token) of each reply."""

    def add(self, now: float, latency: float, output_tokens: int) -> None:
        """Record a reply."""
        tokens = self.PROMPT_TOKENS + output_tokens
        if self.since is None:
            self.since = now - latency
        if self._samples is not None:
            self._samples.append((now - latency, latency / tokens))
        self.until = now
        self.count += 1
        self._latency += latency
        self._tokens += tokens

    def is_complete(self, seconds: float, replies: int) -> bool:
        """Whether it spans at least `seconds`, `replies` replies and the mean latency."""
        span = self.until - (self.since or 0.0)
        return self.count >= replies and span > max(seconds, self._latency / self.count)

    @property
    def throughput(self) -> float:
        """Replies per second."""
        return self.count / max(self.until - (self.since or 0.0), 1e-9)

    def better_than(self, other: "SampleWindow") -> bool:
        """Whether throughput rose by at least 5%, and by at least the fourth root of the slowdown.

        Chosen: 5% is more than the noise of one window, and a 16-fold latency for twice the throughput is the worst
        bargain that still counts as growth.
        """
        slowdown = self.pace / max(other.pace, 1e-12)
        return bool(self.throughput > other.throughput * max(1.05, slowdown**0.25))

    @property
    def in_flight(self) -> float:
        """Mean number of requests in flight (Little's law)."""
        return self.throughput * self._latency / max(self.count, 1)

    @property
    def pace(self) -> float:
        """Seconds per token, so that longer documents do not look like a slower server."""
        return self._latency / max(self._tokens, 1e-9)

    def worked_on(self, pace: float) -> float:
        """Requests being worked on rather than queued, if an unqueued one takes `pace` seconds per token."""
        return self.in_flight * pace / max(self.pace, 1e-12)

    @property
    def queued(self) -> bool:
        """Whether the later half of the requests took twice as long (chosen) as the earlier: they waited for it."""
        if not self._samples:
            return False
        paces, half = [pace for _, pace in sorted(self._samples)], len(self._samples) // 2
        return half > 1 and fmean(paces[half:]) > 2.0 * fmean(paces[:half])

    @property
    def fastest_pace(self) -> float:
        """Seconds per token at the fastest tenth of the replies."""
        return sorted(pace for _, pace in self._samples or ((0.0, self.pace),))[self.count // 10]
