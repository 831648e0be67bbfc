"""How a run or a judge is stopped halfway: Ctrl-C, SIGTERM and SIGHUP, for the command line only."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from docgen.errors import StopRun
from docgen.llm.engine import Engine
from docgen.llm.errors import INTERRUPTED
from docgen.llm.servers.states import write_states
from docgen.progress import Reporter
from docgen.progress.display import JsonReporter, PlainReporter, TerminalReporter

__all__ = ["POLL_SECONDS", "Interrupted", "Stopping", "interruptible", "interruptible_judging", "supervise"]

POLL_SECONDS = 0.2
"""Seconds between two checks whether to stop: short enough that Ctrl-C seems to act at once (chosen)."""
BEAT_SECONDS = 30.0
"""Seconds between two lines about calls in flight, if nothing else is shown (chosen)."""
SERVERS_SECONDS = 1.0
"""Seconds between two looks at the state of several servers (chosen)."""
WAITING = "Stopping: waiting for the calls in flight, which are paid for"
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""A signal that is ignored, as SIGHUP under nohup, stays ignored."""


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop and did, with everything that was in flight on disk."""


@dataclass
class Stopping:
    """Whether somebody asked to stop; call it to find out."""

    requested: bool = False

    def __call__(self) -> bool:
        """Whether to start nothing more."""
        return self.requested


@contextmanager
def interruptible(reporter: Reporter, on_stop: str = WAITING) -> Iterator[Stopping]:
    """Within the block the first Ctrl-C (or SIGTERM, SIGHUP) asks to stop, the second stops at once.

    `on_stop` is the note to the user then.

    For a program's main thread; elsewhere signals cannot be handled, and nothing changes.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stopping.requested:
            raise KeyboardInterrupt
        stopping.requested = True
        reporter.note(f"{on_stop} (again Ctrl-C: at once)")

    before = {number: signal.signal(number, ask) for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible_judging(reporter: Reporter) -> Iterator[Stopping]:
    """`interruptible` for a judge: raises `Interrupted` when it was stopped with something left to be judged."""
    with interruptible(reporter) as stopping:
        try:
            yield stopping
        except StopRun as error:
            if error.reason != INTERRUPTED:
                raise
            raise Interrupted from None


async def supervise(
    engine: Engine,
    stopping: Callable[[], bool],
    reporter: Reporter,
    apply_orders: Callable[[Engine, Reporter], None] = lambda _engine, _reporter: None,
) -> None:
    """Pass a request to stop on to calls that wait for their turn or for another try: nothing was paid for them.

    Until then, carry out orders from elsewhere, and without a terminal report now and then what is in flight, when the
    last reply arrived, and what was spent.
    """
    # Lines for logs include progress, so that only a server's silence needs a beat; --json has nothing else.
    is_log = isinstance(reporter, PlainReporter) and engine.control is not None
    has_beat = is_log or isinstance(reporter, JsonReporter)
    said = shown = time.monotonic()
    while not stopping():
        await asyncio.sleep(POLL_SECONDS)
        apply_orders(engine, reporter)
        if engine.servers is not None and time.monotonic() - shown >= SERVERS_SECONDS:
            shown = time.monotonic()
            write_states(engine.journal.path, engine.servers.states)
            if isinstance(reporter, TerminalReporter):
                reporter.servers([(each.name, each.replies, str(each)) for each in engine.servers.states])
        if has_beat and time.monotonic() - said >= BEAT_SECONDS:
            said = time.monotonic()
            reporter.note(engine.in_flight())
    if engine.control is not None:
        engine.control.stop()
