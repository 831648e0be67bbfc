"""A response cache: no reply is bought twice."""

import asyncio
from collections.abc import Callable

from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM, Completion, Request

__all__ = ["ResponseCache"]


class ResponseCache:
    """Answers from the journal; on a miss calls the model and journals the reply before returning it.

    Identical requests in flight share one call. Cancelling a caller does not cancel the call, which is billed anyway;
    `drain` waits for such calls. Failures are not journalled. `unjournalled` is called with a reply that could not be
    written to disk, before the error is raised.
    """

    def __init__(
        self, llm: LLM, journal: Journal, unjournalled: Callable[[Request, Completion], None] = lambda _, __: None
    ) -> None:
        self.engine, self.journal = llm.engine, journal
        self._llm, self._unjournalled = llm, unjournalled
        self._calls: dict[str, asyncio.Task[Completion]] = {}

    @property
    def in_flight(self) -> int:
        """Number of calls in flight."""
        return len(self._calls)

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        journalled = self.journal.get(request.key, request.engine)
        if journalled is not None:
            return journalled
        call = request.engine + request.key
        task = self._calls.get(call)
        shared = task is not None
        if task is None:
            task = asyncio.ensure_future(self._buy(request))
            # Marks an error as retrieved, in case no caller waits for it any more.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._calls[call] = task
        completion = await asyncio.shield(task)
        return completion.model_copy(update={"reused": True}) if shared else completion

    async def drain(self, seconds: float | None = None) -> int:
        """Wait for calls in flight, `seconds` at most, then cancel the rest; returns how many were cancelled."""
        if not self._calls:
            return 0
        _, late = await asyncio.wait(list(self._calls.values()), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    async def _buy(self, request: Request) -> Completion:
        try:
            completion = await self._llm.complete(request)
            try:
                self.journal.put(request, completion)
            except OSError:
                if request.key not in self.journal:  # it may be in the file although an earlier one was not synced
                    self._unjournalled(request, completion)
                raise
            return completion
        finally:
            del self._calls[request.engine + request.key]
