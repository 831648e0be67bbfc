"""How many requests at once: grows while the server keeps up, shrinks when it is overloaded or only gets slower."""

from statistics import fmean

__all__ = ["Limit", "Round"]

START = 64
"""In flight before the first reply. A server of a few slots works through them before they time out."""
MODEST, START_SHARE = 256, 0.5
"""Who asks for more than the default knows the server: half of it from the start."""
FAST_RAMP, RAMP = 8.0, 3.0
UNSLOWED = 1.25
QUEUED, ROOM = 2.0, 1.5
SHRINK = 0.7
ROUND_SECONDS = 1.0
KNEE_LATENCY, KNEE_RATE, KNEE_ELASTICITY = 1.5, 1.05, 0.25
HOLD_ROUNDS = 10
DOUBTS = 2
"""Rounds in a row that may look saturated before they are believed: a busy machine makes single ones look so."""
STEP_BACK_COST = 0.9


class Limit:
    """`value` adapts between 1 and `most`. Times are seconds of a monotonic clock, passed in.

    It grows eightfold in a round trip in which replies came no later than before, threefold in one that brought more of
    them although each took longer, and when it brings no more, by one per round trip. A server that queues already the
    first requests (those sent last wait longest) gets no more of them. Overload cuts it to 0.7. When for three rounds
    replies have been 1.5 times slower than in the best round without a matching gain in number, it goes back to as many
    as were being worked on and stays there for ten: a saturated server only queues what it is sent. Should the rate
    fall with that and replies come no sooner, the server has just become slower; that is then the new measure.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.value = START_SHARE * most if most > MODEST else float(min(most, START))
        self._ramping = True
        self._cut_at = 0.0
        self._round = Round()
        self._best: Round | None = None
        self._before: Round | None = None
        self._hold = self._doubts = 0

    def succeeded(self, now: float, latency: float, output_tokens: int, wanted: bool) -> None:
        """A reply came `latency` seconds after it was asked for; `wanted` says whether requests wait for a place."""
        if wanted and not self._hold and not self._ramping:
            self._grow_to(self.value + 1.0 / self.value)
        self._round.add(now, latency, output_tokens)
        if self._round.lasted(0.0 if self._ramping else ROUND_SECONDS, int(self.value)):
            self._end_round(wanted)

    def overloaded(self, now: float, sent_at: float) -> None:
        """The server could not keep up with a request sent at `sent_at`; counts once per round trip."""
        self._ramping = False
        if sent_at >= self._cut_at:
            self.value = max(1.0, SHRINK * self.value)
            self._cut_at = now

    def _end_round(self, wanted: bool) -> None:
        last, self._round = self._round, Round(self._round.until)
        if self._hold:
            self._hold -= 1
            if self._before is not None and self._hold == HOLD_ROUNDS - 2:
                self._undo_if_it_cost(last, self._before)
        elif not wanted:
            return
        elif last.queued:
            self._step_back(last, ROOM * last.worked_on(last.quickest))
        elif self._best is None or last.better_than(self._best):
            if self._ramping:
                unslowed = self._best is None or last.slowness <= UNSLOWED * self._best.slowness
                self._grow_to((FAST_RAMP if unslowed else RAMP) * self.value)
            self._best, self._doubts = last, 0
        else:
            self._doubt(last, self._best)

    def _doubt(self, last: "Round", best: "Round") -> None:
        if last.slowness <= KNEE_LATENCY * best.slowness:
            self._ramping, self._doubts = False, 0
        elif self._doubts < DOUBTS:
            self._doubts += 1
        else:
            self._step_back(last, max(best.in_flight, last.worked_on(best.slowness)))

    def _step_back(self, last: "Round", to: float) -> None:
        self._ramping, self._doubts = False, 0
        self._before, self._hold = last, HOLD_ROUNDS
        self.value = max(1.0, min(self.value, to))

    def _undo_if_it_cost(self, now: "Round", before: "Round") -> None:
        """Judge a step back in the second round after it, the first in which only its effect is seen."""
        if now.rate >= STEP_BACK_COST * before.rate:
            return
        self._best, self._before, self._hold = now, None, 0
        if now.slowness * KNEE_LATENCY > before.slowness:
            self._best = before
            self._grow_to(max(self.value, before.in_flight))

    def _grow_to(self, value: float) -> None:
        self.value = min(float(self.most), value)


class Round:
    """One round's measurements; the first, which has no beginning, keeps its replies one by one."""

    def __init__(self, since: float | None = None) -> None:
        self.since = since
        self.until: float = since or 0.0
        self.count = 0
        self._latency: float = 0.0
        self._tokens: float = 0.0
        self._sent: list[tuple[float, float]] | None = [] if since is None else None

    def add(self, now: float, latency: float, output_tokens: int) -> None:
        """Count a reply."""
        if self.since is None:
            self.since = now - latency
        if self._sent is not None:
            self._sent.append((now - latency, latency / (50 + output_tokens)))
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

    def worked_on(self, slowness: float) -> float:
        """Requests that were not waiting in the server, if one takes `slowness` when it has not to wait."""
        return self.in_flight * slowness / max(self.slowness, 1e-12)

    @property
    def queued(self) -> bool:
        """Whether requests sent in the second half took twice as long as those before: they waited for them."""
        if not self._sent:
            return False
        slowness, half = [slow for _, slow in sorted(self._sent)], len(self._sent) // 2
        return half > 1 and fmean(slowness[half:]) > QUEUED * fmean(slowness[:half])

    @property
    def quickest(self) -> float:
        """Slowness that a tenth of the replies kept below."""
        return sorted(slow for _, slow in self._sent or ((0.0, self.slowness),))[self.count // 10]
