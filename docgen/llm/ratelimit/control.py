"""Rate control that needs no tuning: pace, concurrency, retries, and when to give up."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import INTERRUPTED, Transient, interrupted
from docgen.llm.protocol import LLM, Completion, Request
from docgen.llm.ratelimit.adaptive_semaphore import AdaptiveSemaphore
from docgen.llm.ratelimit.pacer import TOLERATED_REFUSALS, Pacer, RefusalWindow
from docgen.llm.ratelimit.retry import LONGEST_RETRY_AFTER, RetryState
from docgen.llm.ratelimit.wait_reports import Activity

__all__ = ["INTERRUPTED", "RateControl", "RateLimitedLLM", "reserved_in"]

ALIKE_FAILURES = 20
"""Final failures of one kind in a row that stop the run. Chosen: by then it is the server or the prompt, not chance."""
BUSY_SECONDS, BUSY_REFUSALS = 300.0, 10
"""A server that said for this long, this often, that it is busy, and replied to nothing in between, stops the run.
Chosen: forty tries of one call take 2 to 4 minutes, but at the slowest pace, one request in twenty seconds, they would
take hours."""
DOUBT_SECONDS = 4.0
"""Seconds after which a limit that allows nothing for a quarter of an hour is tested with one request. Chosen: if the
limit is meant, the refusal stops the run, and if not, there is no reason to wait."""
POLL_SECONDS = 0.05
"""Longest sleep of a paced request before it looks again: the pace may have risen, or the run been stopped."""


class RateControl:
    """The state shared by all calls: pace, concurrency, recent outcomes. Pass `observe` to the provider.

    `on_stop` is called by `stop`, for a wrapper that keeps calls waiting itself, as the budget does. `gentle`: the
    server is one of several.
    """

    def __init__(self, concurrency: int, on_stop: Callable[[], None] = lambda: None, gentle: bool = False) -> None:
        self.pacer = Pacer()
        self.semaphore = AdaptiveSemaphore(concurrency, gentle)
        self.activity = Activity()
        self.retries = 0
        self._turn = asyncio.Lock()
        self._overloads = RefusalWindow()
        self._last_failures: deque[str] = deque(maxlen=ALIKE_FAILURES)
        self._stopped, self._on_stop = asyncio.Event(), [on_stop]
        self._on_limit: list[Callable[[int], None]] = []
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._reserved: dict[str, float] = {}
        self._abandoned: set[str] = set()
        self._refusals, self._refused_since = 0, 0.0

    def observe(self, headers: Mapping[str, str]) -> None:
        """Update from the headers of any response."""
        self.pacer.observe(headers, time.monotonic(), time.time())

    def stop(self) -> None:
        """Send nothing more: calls waiting to be sent or retried raise `StopRun("interrupted")`."""
        self._stopped.set()
        self._goes_on.set()
        for on_stop in self._on_stop:
            on_stop()

    def also_stop(self, on_stop: Callable[[], None]) -> None:
        """Call `on_stop` too."""
        self._on_stop.append(on_stop)

    def limit_to(self, most: int) -> None:
        """Have no more than `most` calls in flight from now on, here and at each of the writers' own servers."""
        self.semaphore.limit_to(most)
        for limit in self._on_limit:
            limit(most)

    def also_limit(self, limit: Callable[[int], None]) -> None:
        """Call `limit` too."""
        self._on_limit.append(limit)

    def hold(self, held: bool) -> None:
        """While `held`, let nothing begin. What has begun is held by the budget (`Budget.hold`)."""
        self._refusals = 0
        if held and not self.stopped:
            self._goes_on.clear()
        else:
            self._goes_on.set()

    @property
    def held(self) -> bool:
        """Whether `hold` keeps calls waiting."""
        return not self._goes_on.is_set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    async def pause(self, seconds: float, why: str = "") -> None:
        """Wait before a retry, for the reason `why`. Raises `StopRun` as soon as the run is stopped."""
        waiting = object()
        self.activity.waits(waiting, why, seconds)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), seconds)
        finally:
            self.activity.goes_on(waiting)
        self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        if self.stopped:
            raise interrupted()

    async def enter(self) -> float:
        """Wait until a request may be sent; returns that time (monotonic). Raises `StopRun` when stopped."""
        await self._goes_on.wait()
        await self.semaphore.acquire()
        try:
            self._raise_if_stopped()
            now = time.monotonic()
            if self._turn.locked() or self.pacer.delay(now) > 0:
                async with self._turn:
                    now = await self._pace()
                    self.pacer.sent(now)
            else:
                self.pacer.sent(now)
        except BaseException:
            self.semaphore.release()
            raise
        self.activity.sent()
        return now

    async def _pace(self) -> float:
        """Wait for as long as the pace asks for; the time then. `StopRun` when nothing may be sent for too long."""
        began, longest = time.monotonic(), 0.0
        try:
            while (wait := self.pacer.delay(now := time.monotonic())) > 0:
                why, longest = self.pacer.reason(now), max(longest, wait)
                if longest > LONGEST_RETRY_AFTER and now - began > DOUBT_SECONDS:
                    self.pacer.doubt(now)
                if now - max(began, self.activity.moved) > LONGEST_RETRY_AFTER:
                    fix = "Run the same command again later, or raise the server's limit"
                    raise StopRun(
                        "rate_limited", f"nothing could be sent for {LONGEST_RETRY_AFTER / 60:.0f} minutes: {why}", fix
                    )
                self.activity.waits(self, why, wait)
                await asyncio.sleep(min(wait, POLL_SECONDS))
                self._raise_if_stopped()
        finally:
            self.activity.goes_on(self)
        return now

    def reserved(self, request: Request) -> None:
        """Record that a call got its budget just now, so that waiting for it does not count as server latency."""
        self._reserved[request.key] = time.monotonic()

    @property
    def oldest_call(self) -> float | None:
        """Seconds since the oldest call in flight was sent; None with none in flight."""
        return time.monotonic() - min(self._reserved.values()) if self._reserved else None

    def sent_at(self, request: Request, entered: float) -> float:
        """When a call that entered at `entered` was really sent."""
        return self._reserved.pop(request.key, entered)

    def succeeded(self, sent_at: float, completion: Completion) -> None:
        """Record a reply."""
        now, usage = time.monotonic(), completion.usage
        self.activity.ended(reply=True)
        self.pacer.succeeded(now, usage.input + usage.cache_write, usage.output)
        self.semaphore.succeeded(now, now - sent_at, usage.output)
        self._overloads.add(now, refused=False)
        self._last_failures.append("")
        self._refusals = 0

    def failed(self, sent_at: float, error: BaseException) -> None:
        """Record a call that ended in an error."""
        now = time.monotonic()
        self.activity.ended(reply=False)
        if isinstance(error, Transient) and error.kind == "429":
            self.pacer.refused(now, sent_at, error.after)
            return
        self.pacer.failed()
        overloaded = isinstance(error, Transient) and error.busy
        self._overloads.add(now, overloaded)
        if overloaded and self._overloads.share > TOLERATED_REFUSALS:
            self.semaphore.overloaded(now, sent_at)

    def final_error(self, error: RequestFailed, tries: int) -> RequestFailed | StopRun:
        """The error to raise for a request that failed for good: `StopRun` once the last 20 all failed alike."""
        self._last_failures.append(error.kind)
        if len(self._last_failures) == ALIKE_FAILURES and set(self._last_failures) == {error.kind}:
            message = f"the last {ALIKE_FAILURES} requests all failed with {error.kind}: {error.message}"
            return StopRun("all_failing", message, "Fix the cause, then run the same command again")
        return RequestFailed(error.kind, error.message, tries)

    def refuse_busy_for_long(self, error: Transient) -> None:
        """Note a refusal. Raises `StopRun` once the server has refused everything for five minutes."""
        if not error.busy or error.kind == "timeout":
            return
        self._refusals += 1
        if self._refusals == 1:
            self._refused_since = time.monotonic()
        seconds = time.monotonic() - self._refused_since
        if seconds >= BUSY_SECONDS and self._refusals >= BUSY_REFUSALS:
            message = (
                f"the server has refused everything for {seconds / 60:.0f} minutes ({error.kind}: {error.message})"
            )
            raise StopRun("rate_limited", message, "Run the same command again when it has room")

    def timed_out(self, request: Request, error: Transient, tries: int) -> RequestFailed | StopRun:
        """The error for a request that the client stopped waiting for: the server may still be working on it.

        It is not sent again while this process runs. A server that has never replied stops the run.
        """
        self._abandoned.add(request.key)
        if not self.activity.replies:
            fix = (
                "docgen doctor says how fast it is and whether its model can do this; give it more time with "
                "--timeout SECONDS, then run the same command again"
            )
            message = f"the server has sent no reply at all, and one request had {error.message}"
            return StopRun("no_reply", message, fix)
        return self.final_error(error, tries)

    def refuse_abandoned(self, request: Request) -> None:
        """Raise `RequestFailed` for a request that timed out before: sent again, it would be worked on twice."""
        if request.key in self._abandoned:
            message = "no reply in time; not sent again, since the server may still work on it. Raise --timeout"
            raise RequestFailed("timeout", message)


def reserved_in(controls: Sequence[RateControl], request: Request) -> None:
    """`RateControl.reserved` for a call that several controls count: its server's own, and that of all calls."""
    for control in controls:
        control.reserved(request)


class RateLimitedLLM:
    """Adds rate control and the one retry policy (`docgen.llm.ratelimit.retry`) to any provider.

    Raises `StopRun` when the last 20 requests all failed for good with the same kind of error. A call that
    timed out here is not tried again.
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
        retries = RetryState()
        self.control.refuse_abandoned(request)
        while True:
            try:
                return await self._try(request)
            except Transient as error:
                if error.kind == "timeout":
                    raise self.control.timed_out(request, error, retries.total + 1) from error
                if retries.exhausted(error):
                    raise self.control.final_error(error, retries.total) from error
                self.control.refuse_busy_for_long(error)
                self.control.retries += 1
                await self.control.pause(retries.backoff(error), f"the server said {error.kind}: {error.message}")
            except RequestFailed as error:
                raise self.control.final_error(error, retries.total + 1) from error

    async def _try(self, request: Request) -> Completion:
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
            self.control.semaphore.release()
