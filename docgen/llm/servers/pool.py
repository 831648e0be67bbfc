"""Several servers as one `LLM`: each with its own pace, concurrency and health; one journal and one cap around them."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import Transient, interrupted
from docgen.llm.protocol import LLM, Completion, Request
from docgen.llm.ratelimit.control import RateControl
from docgen.llm.ratelimit.retry import RetryState
from docgen.llm.servers.circuit_breaker import RETIRING, Health
from docgen.llm.servers.states import ServerState
from docgen.text.output.plurals_and_money import plural

__all__ = ["Server", "ServerPool"]

RATE_WINDOW = 32
"""Replies by which a server's rate is measured (chosen)."""
MAX_QUEUE_RATIO = 3.0
"""Most calls in flight at a server, as a multiple of those that it works on: by its rate and the latency of its fastest
replies (Little's law). Chosen: replies differ in length, and a call that waits at one server is lost to the others."""
MIN_CALLS = 8
"""Calls in flight that every server may have, however slow it is."""
TICK_SECONDS = 0.2
"""Seconds between two checks whether a server can be tried again."""
ALL_DOWN_SECONDS = 120.0
"""Seconds without any server after which the run stops. Chosen: as long as one busy server is retried."""


@dataclass(eq=False)
class Server:
    """One address: its model, within the budget, and what is known about it. `replies` counts calls that it
    answered."""

    name: str
    llm: LLM
    control: RateControl
    health: Health = field(default_factory=Health)
    replies: int = 0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=RATE_WINDOW))
    answers: deque[float] = field(default_factory=lambda: deque(maxlen=RATE_WINDOW))
    latencies: list[float] = field(default_factory=list)
    fastest: float | None = None

    @property
    def in_flight(self) -> int:
        """Calls in flight."""
        return self.control.semaphore.in_flight

    def has_room(self, now: float) -> bool:
        """Whether a call could be sent now."""
        return self.health.may_be_called(now, self.in_flight) and self.room(now) > 0

    def room(self, now: float) -> int:
        """How many more calls it may have in flight."""
        most = self.control.semaphore.limit
        if self.fastest is not None and len(self.answers) == RATE_WINDOW:
            rate = RATE_WINDOW / max(now - self.answers[0], 1e-9)
            most = min(most, max(MIN_CALLS, MAX_QUEUE_RATIO * rate * self.fastest))
        return int(most) - self.in_flight

    def answered(self, now: float, latency: float) -> None:
        """Record a reply that took so many seconds."""
        self.replies += 1
        self.recent.append(now)
        self.latencies.append(latency)
        if len(self.latencies) == RATE_WINDOW:
            fast = sorted(self.latencies)[RATE_WINDOW // 10]
            self.fastest = fast if self.fastest is None else min(self.fastest, fast)
            self.latencies.clear()

    def interval(self, now: float) -> float | None:
        """Seconds for each of its latest replies; None until there are enough."""
        return (now - self.recent[0]) / len(self.recent) if len(self.recent) > RATE_WINDOW // 4 else None

    def wait(self, now: float, usual: float) -> float:
        """About how many seconds a call would take: by its pace, its calls in flight, and its latest replies or the
        `usual` interval."""
        interval = self.interval(now)
        return self.control.pacer.delay(now) + (self.in_flight + 1) * (usual if interval is None else interval)

    @property
    def state(self) -> ServerState:
        """Its state."""
        trouble = "left out: " if self.health.retired else "down: " if self.health.is_down else ""
        downs = f"was down {plural(self.health.downs, 'time')}" if self.health.downs else ""
        words = f"{trouble}{self.health.why}" if trouble else downs
        return ServerState(name=self.name, replies=self.replies, in_flight=self.in_flight, trouble=words)


class ServerPool:
    """Sends each call to the server that is likely to answer first, and elsewhere when that fails.

    `control` is what all calls share: stopping, what they wait for, and when a run gives up. `say` reports when a
    server goes down, comes back or is left out. Raises `StopRun` when no server answers for two minutes.
    """

    def __init__(self, servers: Sequence[Server], control: RateControl, say: Callable[[str], None]) -> None:
        self.servers, self.control, self._say = servers, control, say
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._failed_at: deque[tuple[asyncio.Future[None], Sequence[Server]]] = deque()
        """Calls that wait for a server other than those they failed at."""
        self._none_since = 0.0
        self._ticking: asyncio.Task[None] | None = None
        for server in servers:
            server.control.semaphore.wanted = lambda: bool(self._waiting or self._failed_at)

    @property
    def engine(self) -> str:
        """Engine of the servers."""
        return self.servers[0].llm.engine

    @property
    def states(self) -> list[ServerState]:
        """The state of each server."""
        return [server.state for server in self.servers]

    def stop(self) -> None:
        """Stop every server's waiting calls, and those that wait for a server."""
        for server in self.servers:
            if not server.control.stopped:
                server.control.stop()
        self._wake(len(self._waiting))
        self._wake_failed(lambda _: True)

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        retries, failed_at = RetryState(), list[Server]()
        self.control.refuse_abandoned(request)
        while True:
            server = await self._free_server(failed_at)
            try:
                return await self._attempt(server, request)
            except Transient as error:
                if error.kind == "timeout":
                    raise self.control.timed_out(request, error, retries.total + 1) from error
                if retries.exhausted(error):
                    raise self.control.final_error(error, retries.total) from error
                self.control.retries += 1
                failed_at.append(server)
                if not self._others(failed_at):
                    failed_at.clear()
                    await self.control.pause(retries.backoff(error), f"{server.name} said {error.kind}")
            except RequestFailed as error:
                raise self.control.final_error(error, retries.total + 1) from error
            except StopRun as error:
                if error.reason not in RETIRING or not any(
                    each is not server and not each.health.retired for each in self.servers
                ):
                    raise
                if not server.health.retired:
                    server.health.retire(error)
                    self._say(f"{server.name} is left out: {error.message}. {error.fix}")

    def _others(self, servers: Sequence[Server]) -> bool:
        """Whether another server than these may be called."""
        now = time.monotonic()
        return any(each.health.may_be_called(now, each.in_flight) for each in self.servers if each not in servers)

    async def _free_server(self, failed_at: Sequence[Server]) -> Server:
        """The server to call, another one than those that the call failed at if there is one; waits for room."""
        while True:
            if self.control.stopped:
                raise interrupted()
            now = time.monotonic()
            full = self.control.held or sum(each.in_flight for each in self.servers) >= self.control.semaphore.most
            free = [] if full else [server for server in self.servers if server.has_room(now)]
            if failed_at and self._others(failed_at):
                free = [server for server in free if server not in failed_at]
            if free:
                # A server without figures yet is assumed to be as fast as the fastest.
                intervals = [each for server in self.servers if (each := server.interval(now)) is not None]
                usual = min(intervals, default=1.0)
                return min(free, key=lambda server: server.wait(now, usual))
            if not self.control.held:
                self._raise_if_all_down(now)
            turn = asyncio.get_running_loop().create_future()
            if failed_at:
                self._failed_at.append((turn, failed_at))
            else:
                self._waiting.append(turn)
            self._ticking = self._ticking or asyncio.ensure_future(self._tick())
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake(1)
                raise

    def _raise_if_all_down(self, now: float) -> None:
        if any(not server.health.is_down and not server.health.retired for server in self.servers):
            self._none_since = 0.0
            return
        self._none_since = self._none_since or now
        if now - self._none_since > ALL_DOWN_SECONDS:
            listed = "; ".join(f"{server.name}: {server.health.why}" for server in self.servers)
            fix = "Start them again, then run the same command again"
            raise StopRun("all_failing", f"none of the {len(self.servers)} servers answers ({listed})", fix)

    async def _attempt(self, server: Server, request: Request) -> Completion:
        entered = await server.control.enter()
        self.control.activity.sent()
        try:
            completion = await server.llm.complete(request)
        except BaseException as error:
            self.control.sent_at(request, entered)
            self.control.activity.ended(reply=False)
            if not isinstance(error, Transient) or error.kind != "connection":
                server.answers.append(time.monotonic())
            server.control.failed(server.control.sent_at(request, entered), error)
            if isinstance(error, Transient) and server.health.failed(time.monotonic(), error):
                self._say(f"{server.name} does not answer ({error.message}): its calls go elsewhere")
            raise
        else:
            self.control.succeeded(self.control.sent_at(request, entered), completion)
            sent, now = server.control.sent_at(request, entered), time.monotonic()
            server.control.succeeded(sent, completion)
            server.answers.append(now)
            server.answered(now, now - sent)
            self._none_since = 0.0
            if server.health.succeeded():
                self._say(f"{server.name} answers again")
            return completion
        finally:
            server.control.semaphore.release()
            self._wake_for_room()

    def _wake_for_room(self) -> None:
        """Wake as many waiting calls as there is room for, first those that failed elsewhere."""
        now = time.monotonic()
        room = [] if self.control.held else [each for each in self.servers if each.has_room(now)]
        if self._failed_at:
            self._wake_failed(lambda at: not self._others(at) or any(server not in at for server in room))
        left = self.control.semaphore.most - sum(each.in_flight for each in self.servers)
        self._wake(min(left, sum(each.room(now) for each in room)))

    def _wake_failed(self, may_go_on: Callable[[Sequence[Server]], bool]) -> None:
        """Wake the calls that failed at some servers and `may_go_on`."""
        waiting, self._failed_at = self._failed_at, deque()
        for turn, servers in waiting:
            if turn.done():
                continue
            if may_go_on(servers):
                turn.set_result(None)
            else:
                self._failed_at.append((turn, servers))

    def _wake(self, count: int) -> None:
        """Wake so many of the calls that wait for any server."""
        while count > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                count -= 1

    async def _tick(self) -> None:
        """Wake calls when a pause is over, or nobody is left to wait for."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._wake_for_room()
            if all(server.in_flight == 0 for server in self.servers):
                self._wake(1)

    async def aclose(self) -> None:
        """Stop ticking; the servers' connections are closed where they were opened."""
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
