"""An LLM that buys no reply twice."""

import asyncio

from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM, Completion, Request

__all__ = ["ResponseCache"]


class ResponseCache:
    """Answers from the journal, else calls through and journals the reply before anyone sees it.

    Identical requests in flight share one call. A caller that is cancelled does not cancel the call, which is paid for
    all the same: `drain` waits for such calls. Failures are never journalled.
    """

    def __init__(self, llm: LLM, journal: Journal) -> None:
        self.journal = journal
        self._llm = llm
        self._flying: dict[str, asyncio.Task[Completion]] = {}

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    @property
    def in_flight(self) -> int:
        """Calls that are being made now."""
        return len(self._flying)

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        known = self.journal.get(request.key)
        if known is not None:
            return known
        task = self._flying.get(request.key)
        shared = task is not None
        if task is None:
            task = asyncio.ensure_future(self._buy(request))
            task.add_done_callback(_heard)
            self._flying[request.key] = task
        completion = await asyncio.shield(task)
        return completion.model_copy(update={"reused": True}) if shared else completion

    async def drain(self, seconds: float | None = None) -> int:
        """Wait for the calls in flight, at most `seconds`, then cancel the rest; returns how many were cancelled."""
        if not self._flying:
            return 0
        _, late = await asyncio.wait(list(self._flying.values()), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _buy(self, request: Request) -> Completion:
        try:
            completion = await self._llm.complete(request)
            self.journal.put(request, completion)
            return completion
        finally:
            del self._flying[request.key]


def _heard(task: asyncio.Task[Completion]) -> None:
    """Take note of an error, should nobody wait for it any more: the run ended for another call's."""
    if not task.cancelled():
        task.exception()
