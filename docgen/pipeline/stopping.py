"""How a run is stopped halfway: Ctrl-C and SIGTERM for the command line, which alone asks for it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from docgen.progress import Reporter

__all__ = ["Interrupted", "Stopping", "interruptible"]


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop and did, with everything that was in flight on disk."""


@dataclass
class Stopping:
    """Whether somebody asked to stop; call it to know."""

    requested: bool = False

    def __call__(self) -> bool:
        """Whether to begin nothing more."""
        return self.requested


@contextmanager
def interruptible(reporter: Reporter) -> Iterator[Stopping]:
    """Within the block the first Ctrl-C (or SIGTERM) asks to stop, the second stops at once.

    For a program's main thread; elsewhere signals cannot be handled, and nothing is changed.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stopping.requested:
            raise KeyboardInterrupt
        stopping.requested = True
        reporter.note("Stopping: waiting for the calls in flight, which are paid for (again Ctrl-C: at once)")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
