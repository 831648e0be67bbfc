"""Reports what a run waits for when nothing has moved for a while: silence makes people stop a healthy run."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.llm.ratelimit.control import RateControl

__all__ = ["Activity", "Wait", "tell_waits"]

QUIET_SECONDS = 2.0
"""Seconds without anything sent or received after which a wait is reported."""
SLOW_SECONDS = 30.0
"""Seconds without a reply after which the server is reported as slow; most documents take less."""
POLL_SECONDS = 0.25
"""Seconds between two looks. Chosen: a wait is reported at most this much late, and four a second cost nothing."""


@dataclass(frozen=True)
class Wait:
    """A wait: for what, and until when on the monotonic clock."""

    why: str
    until: float


class Activity:
    """When something last moved, what is in flight, and what the run waits for."""

    def __init__(self) -> None:
        self.moved = time.monotonic()
        self.in_flight = self.replies = 0
        self.replied_at: float | None = None
        self._waits: dict[object, Wait] = {}

    def sent(self) -> None:
        """A request went out."""
        self.in_flight += 1
        self.moved = time.monotonic()

    def ended(self, reply: bool) -> None:
        """A request ended, with a reply or without."""
        self.in_flight -= 1
        self.replies += reply
        self.moved = time.monotonic()
        if reply:
            self.replied_at = self.moved

    def waits(self, who: object, why: str, seconds: float) -> None:
        """Record that `who` waits for so long from now."""
        self._waits[who] = Wait(why, time.monotonic() + seconds)

    def goes_on(self, who: object) -> None:
        """Record that `who` no longer waits."""
        self._waits.pop(who, None)

    @property
    def next_wait(self) -> Wait | None:
        """The wait that ends first, None if nothing waits."""
        return min(self._waits.values(), key=lambda wait: wait.until, default=None)


async def tell_waits(control: "RateControl", timeout: float, say: Callable[[str], None]) -> None:
    """Watch until cancelled, and report in one line what the run waits for and until when. `timeout` is that of a
    request."""
    activity, told_at, slow_after = control.activity, 0.0, min(SLOW_SECONDS, timeout / 2)
    next_slow = slow_after
    while True:
        await asyncio.sleep(POLL_SECONDS)
        now = time.monotonic()
        quiet, wait = now - activity.moved, activity.next_wait
        if quiet < QUIET_SECONDS or control.held:
            next_slow = slow_after
        elif wait is not None and not activity.in_flight and wait.until > now:
            if not told_at or now - told_at > 60.0:  # again each minute (chosen): a log stays short
                told_at, seconds = now, wait.until - now
                # From half a day on with its date: the time of day alone would not say which.
                form = "%H:%M:%S" if seconds < 43_200.0 else "%Y-%m-%d %H:%M"
                clock = time.strftime(form, time.localtime(time.time() + seconds))
                say(f"Waiting until {clock} ({seconds:,.0f} s): {wait.why} (Ctrl-C stops; the same command continues)")
        elif activity.in_flight and quiet >= next_slow:
            next_slow = 2 * quiet
            say(
                f"No reply for {quiet:.0f} s; {plural(activity.in_flight, 'request')} in flight, each may take "
                f"{timeout:g} s (--timeout)"
            )
