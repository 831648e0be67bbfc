"""What a person or a script sees of a running step."""

import os
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from rich.console import Console, ConsoleDimensions, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from docgen.progress import Progress, Reporter
from docgen.text.sanitize import printable

__all__ = ["PlainReporter", "TerminalReporter", "console", "open_reporter", "table"]

LABELS = {
    "types": "document types",
    "ideas": "ideas",
    "plan": "plan",
    "generate": "documents",
    "audit": "audited",
    "batches": "batch replies",
    "duplicates": "compared",
}
PLAIN_SECONDS = 5.0
RATE_SECONDS = 0.2

WIDE = 200
"""Columns where no terminal sets them: in pipes and files nothing has to be folded for want of room."""


class _Printable:
    """Anything printed, without the control characters of the texts in it."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


class _Cleaning(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Printable(renderable) for renderable in renderables]


class _Screen(Console):
    """A console that no text can take control of, wide where it is not a terminal, and at ease with a closed pipe."""

    @property
    def size(self) -> ConsoleDimensions:
        size = super().size
        wide = not self.is_terminal and "COLUMNS" not in os.environ
        return ConsoleDimensions(WIDE, size.height) if wide else size

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise BrokenPipeError


console = _Screen(highlight=False)
console.push_render_hook(_Cleaning())


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Collection[str] = (),
    title: str | None = None,
    caption: str | None = None,
) -> Table:
    """A table of texts as they are, never read as markup; where room is short they go on in the next line, uncut.

    `right` are the columns with numbers, which keep their line as long as another can give way.
    """
    made = Table(title=title and Text(title), caption=caption, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        is_number = name in right
        made.add_column(Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


class _Pace:
    """Since when, and from what count, each step is going; a step that begins again starts anew."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, int]] = {}
        self._last: dict[str, int] = {}

    def rate(self, state: Progress, now: float) -> float | None:
        """Items a second, None before there is a second to go by."""
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
        self._pace = _Pace()

    def progress(self, state: Progress) -> None:
        """Print where the step stands, now and then."""
        now = time.monotonic()
        rate = self._pace.rate(state, now)
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
        """Say it, and from then on nothing if nobody is there: a closed terminal or pipe must not end a run."""
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            self._quiet = True

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
        self._tasks: dict[str, TaskID] = {}
        self._pace = _Pace()
        self._last = 0.0

    def progress(self, state: Progress) -> None:
        """Move the step's bar."""
        now = time.monotonic()
        rate = self._pace.rate(state, now)
        if state.step not in self._tasks:
            self._bars.start()
            label = LABELS.get(state.step, state.step)
            self._tasks[state.step] = self._bars.add_task(label, total=state.total, details="")
        elif state.done < state.total and now - self._last < RATE_SECONDS:
            return
        self._last = now
        details = _details(state, rate, counted=False)
        self._bars.update(self._tasks[state.step], completed=state.done, total=state.total, details=details)

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        with suppress(OSError):  # the terminal is gone: the run goes on
            self._bars.console.print(printable(text), markup=False)

    def close(self) -> None:
        """Take the bars down, leaving their last state."""
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


def open_reporter(quiet: bool) -> PlainReporter | TerminalReporter:
    """Bars for a person at a terminal, lines for everyone else."""
    return TerminalReporter() if sys.stderr.isatty() and not quiet else PlainReporter(quiet)


_: tuple[type[Reporter], ...] = (PlainReporter, TerminalReporter)
