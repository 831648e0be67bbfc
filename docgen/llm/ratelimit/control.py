"""Rate control without tuning: how fast to send, how many at once, what to try again and when to give up."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from docgen.errors import RequestFailed, StopRun
from docgen.llm.protocol import LLM, Completion, Request
from docgen.llm.providers.anthropic_errors import INTERRUPTED, Transient, interrupted
from docgen.llm.ratelimit.adaptive_semaphore import Gate
from docgen.llm.ratelimit.pacer import TOLERATED_REFUSALS, Pacer, RefusalShare
from docgen.llm.ratelimit.retry import Tries

__all__ = ["INTERRUPTED", "RateControl", "RateControlled"]

ALIKE_FAILURES = 20
LOOK_AGAIN = 0.05
RATE_KINDS = frozenset({"429"})


class RateControl:
    """The state that calls share: pace, concurrency, the last outcomes. Give `observe` to the provider.

    `on_stop` tells those who keep calls waiting behind it, as the budget does.
    """

    def __init__(self, concurrency: int, on_stop: Callable[[], None] = lambda: None) -> None:
        self.pacer = Pacer()
        self.gate = Gate(concurrency)
        self.retries = 0
        self._turn = asyncio.Lock()
        self._overloads = RefusalShare()
        self._final: deque[str] = deque(maxlen=ALIKE_FAILURES)
        self._stopped, self._on_stop = asyncio.Event(), on_stop
        self._reserved: dict[str, float] = {}

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of any response."""
        self.pacer.observe(headers, time.monotonic(), time.time())

    def stop(self) -> None:
        """Send nothing more: calls that wait for their turn or for another try end with `StopRun("interrupted")`."""
        self._stopped.set()
        self._on_stop()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait before another try; raises `StopRun` at once when stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self.stopped:
            raise interrupted()

    async def enter(self) -> float:
        """Wait until a request may be sent; the time it is. Raises `StopRun` when stopped."""
        await self.gate.acquire()
        try:
            self._go_on()
            now = time.monotonic()
            if self._turn.locked() or self.pacer.delay(now) > 0:
                async with self._turn:
                    while (wait := self.pacer.delay(now := time.monotonic())) > 0:
                        await asyncio.sleep(min(wait, LOOK_AGAIN))
                        self._go_on()
                    self.pacer.sent(now)
            else:
                self.pacer.sent(now)
        except BaseException:
            self.gate.release()
            raise
        return now

    def reserved(self, request: Request) -> None:
        """Note that a call had its money only now, so that waiting for it is not taken for a slow server."""
        self._reserved[request.key] = time.monotonic()

    def sent_at(self, request: Request, entered: float) -> float:
        """When a call that entered at `entered` was sent."""
        return self._reserved.pop(request.key, entered)

    def succeeded(self, sent_at: float, completion: Completion) -> None:
        """Note a reply."""
        now, usage = time.monotonic(), completion.usage
        self.pacer.succeeded(now, usage.input + usage.cache_write, usage.output)
        self.gate.succeeded(now, now - sent_at, usage.output)
        self._overloads.add(now, refused=False)
        self._final.append("")

    def failed(self, sent_at: float, error: BaseException) -> None:
        """Note a call that ended in an error."""
        now = time.monotonic()
        if isinstance(error, Transient) and error.kind in RATE_KINDS:
            self.pacer.refused(now, sent_at, error.after)
            return
        self.pacer.failed()
        overloaded = isinstance(error, Transient) and error.busy
        self._overloads.add(now, overloaded)
        if overloaded and self._overloads.share > TOLERATED_REFUSALS:
            self.gate.overloaded(now, sent_at)

    def given_up(self, error: RequestFailed, tries: int) -> RequestFailed | StopRun:
        """The error for a request that failed for good; `StopRun` if it is one of a row of such."""
        self._final.append(error.kind)
        if len(self._final) == ALIKE_FAILURES and set(self._final) == {error.kind}:
            message = f"the last {ALIKE_FAILURES} requests all failed with {error.kind}: {error.message}"
            return StopRun("all_failing", message, "Mend the cause, then run the same command again")
        return RequestFailed(error.kind, error.message, tries)


class RateControlled:
    """The one retry policy, around any provider.

    Tries and waits are those of `docgen.llm.ratelimit.retry`.
    Raises `StopRun` when the last 20 requests all failed for good with
    one kind of error.
    """

    def __init__(self, llm: LLM, control: RateControl) -> None:
        self.control = control
        self._llm = llm

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        tries = Tries()
        while True:
            try:
                return await self._once(request)
            except Transient as error:
                if tries.exhausted(error):
                    raise self.control.given_up(error, tries.total) from error
                self.control.retries += 1
                await self.control.pause(tries.wait(error))
            except RequestFailed as error:
                raise self.control.given_up(error, tries.total + 1) from error

    async def _once(self, request: Request) -> Completion:
        entered = await self.control.enter()
        try:
            completion = await self._llm.complete(request)
        except BaseException as error:
            self.control.failed(self.control.sent_at(request, entered), error)
            raise
        else:
            self.control.succeeded(self.control.sent_at(request, entered), completion)
            return completion
        finally:
            self.control.gate.release()
