"""What a person or a script sees of a running step."""

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from docgen.progress import Progress, Reporter

__all__ = ["PlainReporter", "TerminalReporter", "console", "open_reporter"]

LABELS = {
    "types": "document types",
    "ideas": "ideas",
    "plan": "plan",
    "generate": "documents",
    "audit": "audited",
    "batches": "batch replies",
}
PLAIN_SECONDS = 5.0
RATE_SECONDS = 0.2

console = Console(highlight=False)


class PlainReporter:
    """Lines for logs and pipes, on standard error: at most one in five seconds for a step, and its last."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._last: dict[str, float] = {}
        self._begun: dict[str, float] = {}

    def progress(self, state: Progress) -> None:
        """Print where the step stands, now and then."""
        now = time.monotonic()
        begun = self._begun.setdefault(state.step, now)
        finished = state.done >= state.total
        if self._quiet or (not finished and now - self._last.get(state.step, 0.0) < PLAIN_SECONDS):
            return
        self._last[state.step] = now
        print(f"{LABELS.get(state.step, state.step)}: {_details(state, now - begun)}", file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """Print a line."""
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing to take down."""


class TerminalReporter:
    """Live bars: done, rejected, rate, time left, cost."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description:>14}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[details]}"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
        )
        self._tasks: dict[str, tuple[TaskID, float]] = {}
        self._last = 0.0

    def progress(self, state: Progress) -> None:
        """Move the step's bar."""
        now = time.monotonic()
        if state.step not in self._tasks:
            self._bars.start()
            label = LABELS.get(state.step, state.step)
            self._tasks[state.step] = (self._bars.add_task(label, total=state.total, details=""), now)
        elif state.done < state.total and now - self._last < RATE_SECONDS:
            return
        self._last = now
        task, begun = self._tasks[state.step]
        details = _details(state, now - begun, counted=False)
        self._bars.update(task, completed=state.done, total=state.total, details=details)

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, markup=False)

    def close(self) -> None:
        """Take the bars down, leaving their last state."""
        self._bars.stop()


def _details(state: Progress, seconds: float, counted: bool = True) -> str:
    parts = [f"{state.done:,}/{state.total:,}"] if counted else []
    if state.rejected:
        parts.append(f"{state.rejected:,} rejected")
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if seconds > 1:
        parts.append(f"{state.done / seconds:,.1f}/s")
    if state.dollars is None:
        parts.append("cost unknown")
    elif state.dollars:
        parts.append(f"${state.dollars:,.4g}")
    return ", ".join(parts)


def open_reporter(quiet: bool) -> PlainReporter | TerminalReporter:
    """Bars for a person at a terminal, lines for everyone else."""
    return TerminalReporter() if sys.stderr.isatty() and not quiet else PlainReporter(quiet)


_: tuple[type[Reporter], ...] = (PlainReporter, TerminalReporter)
