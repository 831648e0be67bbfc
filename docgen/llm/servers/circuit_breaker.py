"""A circuit breaker for each server: a few faults in a row take it out, and after a pause one call tries it again."""

from dataclasses import dataclass

from docgen.errors import StopRun
from docgen.llm.errors import Transient

__all__ = ["RETIRING", "Health"]

NO_CONNECTION_IN_A_ROW, FAULTS_IN_A_ROW = 3, 16
"""Faults after which a server counts as down: without a connection, and of any kind. Chosen: a server that fails half
of its calls is worth its other half, and at 20 calls a second has sixteen failures in a row once in two hours."""
PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds until a server that is down is tried again; doubled each time. Chosen: a restarted server is back within half
a minute of being ready."""
RETIRING = frozenset({"bad_key", "permission", "unknown_model", "wrong_url", "spend_limit", "rate_limited"})
"""Reasons to stop that concern one server: if others are left, the run continues without it."""


@dataclass
class Health:
    """The state of one server. `faults` and `unconnected` count faults in a row, `downs` how often it was taken out.

    `why`: its last fault in words. `retired`: not tried again by this process.
    """

    faults: int = 0
    unconnected: int = 0
    downs: int = 0
    retry_at: float = 0.0
    why: str = ""
    is_down: bool = False
    retired: bool = False
    pauses: int = 0

    def may_be_called(self, now: float, in_flight: int) -> bool:
        """Whether to send it a call now; to a server that is down, one at a time, when its pause is over."""
        if self.retired:
            return False
        return not self.is_down or (now >= self.retry_at and in_flight == 0)

    def failed(self, now: float, error: Transient) -> bool:
        """Record a fault; returns whether it has just taken the server out. A server that is merely busy is not at
        fault."""
        if error.kind == "429":
            return False
        self.faults += 1
        self.unconnected = self.unconnected + 1 if error.kind == "connection" else 0
        self.why = error.message
        if self.is_down:
            if now >= self.retry_at:  # the call that tried it again, not one sent before it went down
                self._pause(now)
            return False
        if self.faults < FAULTS_IN_A_ROW and self.unconnected < NO_CONNECTION_IN_A_ROW:
            return False
        self.is_down, self.downs, self.pauses = True, self.downs + 1, 0
        self._pause(now)
        return True

    def _pause(self, now: float) -> None:
        self.retry_at = now + min(LONGEST_PAUSE, PAUSE * 2.0 ** min(self.pauses, 10))
        self.pauses += 1

    def succeeded(self) -> bool:
        """Record a reply; returns whether the server was down until now."""
        was_down, self.is_down, self.faults = self.is_down, False, 0
        self.unconnected = 0
        return was_down

    def retire(self, error: StopRun) -> None:
        """Take it out for good."""
        self.retired, self.why = True, error.message
