"""Rate control without tuning: how fast to send, how many at once, what to try again and when to give up."""

import asyncio
import random
from collections import deque

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors_map import Transient
from docgen.llm.protocol import LLM, Completion, Request

__all__ = ["RateControlled"]

FAULT_TRIES = 6
BUSY_TRIES = 30
FIRST_BACKOFF, LAST_BACKOFF = 0.5, 30.0
ALIKE_FAILURES = 20


class RateControlled:
    """The one retry policy, around any provider.

    A busy server (429, 503, 529) is asked again up to 30 times, any other passing fault up to 6 times.
    Raises `StopRun` when the last 20 requests all failed for good with the same kind of error.
    """

    def __init__(self, llm: LLM, concurrency: int) -> None:
        self._llm = llm
        self._slots = asyncio.Semaphore(concurrency)
        self._outcomes: deque[str] = deque(maxlen=ALIKE_FAILURES)

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        faults = busy = 0
        while True:
            try:
                async with self._slots:
                    completion = await self._llm.complete(request)
            except Transient as error:
                busy, faults = busy + error.busy, faults + (not error.busy)
                if faults >= FAULT_TRIES or busy >= BUSY_TRIES:
                    raise self._given_up(error, faults + busy) from error
                await asyncio.sleep(_delay(error, faults + busy))
            except RequestFailed as error:
                raise self._given_up(error, faults + busy + 1) from error
            else:
                self._outcomes.append("")
                return completion

    def _given_up(self, error: RequestFailed, tries: int) -> RequestFailed | StopRun:
        self._outcomes.append(error.kind)
        if len(self._outcomes) == ALIKE_FAILURES and set(self._outcomes) == {error.kind}:
            message = f"the last {ALIKE_FAILURES} requests all failed with {error.kind}: {error.message}"
            return StopRun("all_failing", message, "Mend the cause, then run the same command again")
        return RequestFailed(error.kind, error.message, tries)


def _delay(error: Transient, tries: int) -> float:
    """Exponential backoff with full jitter, never less than the server asked for."""
    backoff = random.uniform(0.1, 1.0) * min(LAST_BACKOFF, FIRST_BACKOFF * 2.0 ** (tries - 1))
    return max(error.after * random.uniform(1.0, 1.1) if error.after else 0.0, backoff)
