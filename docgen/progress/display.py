"""What a person or a log sees of a running step: bars in a terminal, lines elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from docgen.progress import Progress, Reporter
from docgen.text.output.sanitize import printable

__all__ = [
    "CallbackReporter",
    "JsonReporter",
    "PlainReporter",
    "ProgressArgument",
    "ShownReporter",
    "TerminalReporter",
    "open_reporter",
    "reporter_for",
]

LABELS = {
    "types": "document types",
    "ideas": "ideas",
    "plan": "plan",
    "generate": "documents",
    "audit": "audited",
    "batches": "batch replies",
    "duplicates": "compared",
    "train": "steps",
    "score": "questions",
}
ProgressArgument = Callable[[Progress], None] | Literal["bar"] | None
"""The `progress` of the library's functions: a function to be called with each state, a bar in the terminal, or
silence."""

PLAIN_SECONDS = 5.0
"""Seconds between two lines of a step in a log. Chosen: a run of an hour leaves some hundreds of lines."""
RATE_SECONDS = 0.2
"""Seconds between two moves of a bar. Chosen: smooth for the eye; a run may have hundreds of replies a second."""


class _Rates:
    """When each step began, and at what count; a step that begins again starts over."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, int]] = {}
        self._last: dict[str, int] = {}

    def rate(self, state: Progress, now: float) -> float | None:
        """Items a second, None in the first second."""
        if state.done < self._last.get(state.step, 0):
            self._begun.pop(state.step, None)
        self._last[state.step] = state.done
        begun, first = self._begun.setdefault(state.step, (now, state.done))
        return (state.done - first) / (now - begun) if now - begun > 1 and state.done > first else None


class PlainReporter:
    """Lines for logs and pipes, on standard error: at most one in five seconds for a step, and its last."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._last: dict[str, tuple[float, int]] = {}
        self._rates = _Rates()

    def progress(self, state: Progress) -> None:
        """Print the state of the step, now and then."""
        now = time.monotonic()
        rate = self._rates.rate(state, now)
        at, done = self._last.get(state.step, (0.0, -1))
        finished = state.done >= state.total and state.done != done
        if self._quiet or (not finished and now - at < PLAIN_SECONDS):
            return
        self._last[state.step] = now, state.done
        self._print(f"{LABELS.get(state.step, state.step)}: {_details(state, rate)}")

    def note(self, text: str) -> None:
        """Print a line."""
        if not self._quiet:
            self._print(printable(text))

    def _print(self, line: str) -> None:
        """Print it, and nothing more once that fails: a closed terminal or pipe must not end a run."""
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            self._quiet = True

    def close(self) -> None:
        """There is nothing to remove."""


class JsonReporter(PlainReporter):
    """For --json: notes, and an occasional line about long work; standard output is kept for the result."""

    def progress(self, state: Progress) -> None:
        """Nothing: see `docgen.pipeline.execution.stopping.supervise`."""


class TerminalReporter:
    """Live bars: done, rejected, rate, time left, cost."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description:>14}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[details]}"),
            TimeRemainingColumn(compact=True),
            console=Console(file=getattr(sys.stderr, "drawing", sys.stderr), highlight=False),
        )
        self._tasks: dict[str, TaskID] = {}
        self._rates = _Rates()
        self._last = 0.0

    def progress(self, state: Progress) -> None:
        """Move the step's bar."""
        now = time.monotonic()
        rate = self._rates.rate(state, now)
        if state.step not in self._tasks:
            self._bars.start()
            label = LABELS.get(state.step, state.step)
            self._tasks[state.step] = self._bars.add_task(label, total=state.total, details="")
        elif state.done < state.total and now - self._last < RATE_SECONDS:
            return
        self._last = now
        details = _details(state, rate, counted=False)
        self._bars.update(self._tasks[state.step], completed=state.done, total=state.total, details=details)

    def servers(self, states: Sequence[tuple[str, int, str]]) -> None:
        """Show several servers under the bars: name, calls answered (its bar is its share of all), and a line."""
        total = sum(replies for _, replies, _ in states) or 1
        for name, replies, line in states:
            if name not in self._tasks:
                self._bars.start()
                self._tasks[name] = self._bars.add_task("server", total=total, details="")
            self._bars.update(self._tasks[name], completed=replies, total=total, details=printable(line))

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        with suppress(OSError):  # the terminal is gone: the run goes on
            self._bars.console.print(printable(text), markup=False)

    def close(self) -> None:
        """Remove the bars, leaving their last state."""
        self._bars.stop()


def _details(state: Progress, rate: float | None, counted: bool = True) -> str:
    parts = [f"{state.done:,}/{state.total:,}"] if counted else []
    if state.rejected:
        parts.append(f"{state.rejected:,} rejected")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if rate is not None:
        parts.append(f"{rate:,.1f}/s")
    if state.dollars is None:
        parts.append("cost unknown")
    elif state.dollars:
        parts.append(f"${state.dollars:,.4g}")
    return ", ".join(parts)


ShownReporter = PlainReporter | TerminalReporter
"""What a command shows; `close()` removes it."""


class CallbackReporter:
    """Passes every state to a function; notes go to the logger "docgen", which prints nothing unless configured."""

    def __init__(self, call: Callable[[Progress], None] | None) -> None:
        self._call = call

    def progress(self, state: Progress) -> None:
        """Call the function, if there is one."""
        if self._call is not None:
            self._call(state)

    def note(self, text: str) -> None:
        """Log it."""
        logging.getLogger("docgen").info(text)

    def close(self) -> None:
        """There is nothing to remove."""


def reporter_for(progress: ProgressArgument) -> CallbackReporter | TerminalReporter:
    """The reporter for the `progress` argument of the library's functions: a function, a bar, or silence."""
    return TerminalReporter() if progress == "bar" else CallbackReporter(progress)


def open_reporter(quiet: bool, as_json: bool = False) -> ShownReporter:
    """Bars for a person at a terminal, lines for everyone else."""
    if as_json and not quiet:
        return JsonReporter()
    return TerminalReporter() if sys.stderr.isatty() and not quiet else PlainReporter(quiet)


_: tuple[type[Reporter], ...] = (PlainReporter, TerminalReporter, CallbackReporter)
