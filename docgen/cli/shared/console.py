"""The screen, and tables on it."""

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from itertools import accumulate
from typing import Any

from rich.console import Console, ConsoleDimensions, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.containers import Lines
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text, TextType

from docgen.text.output.sanitize import printable
from docgen.text.output.secret_redaction import redact_secrets

__all__ = ["PAGE_WIDTH", "Grid", "Name", "console", "saying", "table"]

NON_TERMINAL_WIDTH = 200
"""Columns without a terminal: in pipes and files a line stays a line, for `grep`."""
PAGE_WIDTH = 100
"""Most columns of frames and tables without a terminal, and of running text anywhere, for people to read."""


class _Printable:
    """Anything printed, stripped of the control characters in its texts."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(printable(redact_secrets(segment.text)), segment.style)


class _Cleaning(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Printable(renderable) for renderable in renderables]


class _Screen(Console):
    """A console that no text can take control of, wide where it is not a terminal, and safe with a closed pipe."""

    @property
    def size(self) -> ConsoleDimensions:
        size, columns = super().size, os.environ.get("COLUMNS", "")
        if columns.isdigit():  # its current value: rich reads it only once, when the console is created
            return ConsoleDimensions(int(columns), size.height)
        return size if self.is_terminal else ConsoleDimensions(NON_TERMINAL_WIDTH, size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def print(self, *objects: Any, **settings: Any) -> None:
        """As rich does, but in pipes and files a line of text is never broken, however long it is."""
        is_text = all(isinstance(each, str | Text) for each in objects)
        if is_text and not self.is_terminal and "COLUMNS" not in os.environ:
            settings.setdefault("soft_wrap", True)
        super().print(*objects, **settings)

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise BrokenPipeError


console = _Screen(highlight=False)
console.push_render_hook(_Cleaning())


class Name(Text):
    """A name such as `free_for_cyclists`: in a narrow column it continues on the next line after a joint, uncut."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Break after "_", "-" or "/" where that keeps every part whole; as any text otherwise."""
        parts = JOINTS.split(self.plain)
        if len(self.plain) <= width or len(parts) == 1 or any(len(part) > width for part in parts):
            return super().wrap(console, width, **options)
        ends, length = list[int](), 0
        for part, end in zip(parts, accumulate(map(len, parts)), strict=True):
            if length + len(part) > width:
                ends.append(end - len(part))
                length = 0
            length += len(part)
        return self.divide(ends)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(len, JOINTS.split(self.plain)))
        return Measurement(min(widest, options.max_width), min(len(self.plain), options.max_width))


class Grid(Table):
    """A table no wider than a page in pipes and files.

    Columns in `unless_empty` are left out where no row has anything in them; those in `spare`, whose figures stand
    elsewhere too, where the table would be wider than the screen.
    """

    def __init__(self, unless_empty: Collection[str] = (), spare: Collection[str] = (), **settings: Any) -> None:
        super().__init__(box=None, pad_edge=False, title_justify="left", caption_justify="left", **settings)
        self.unless_empty, self.spare = unless_empty, spare

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal and "COLUMNS" not in os.environ:
            options = options.update(max_width=min(PAGE_WIDTH, options.max_width))
        shown = self._without(
            lambda column: (
                str(column.header) in self.unless_empty and all(str(cell) in ("", "-") for cell in column.cells)
            )
        )
        shown.title = shown.caption = None  # rich folds both to the columns' width, however narrow those are
        yield from _lines(self.title, "table.title")
        unbounded = options.update(max_width=NON_TERMINAL_WIDTH)
        if Table.__rich_measure__(shown, console, unbounded).maximum > options.max_width:
            shown = shown._without(lambda column: str(column.header) in self.spare)
        sizes = [(column.no_wrap, shown._measure_column(console, unbounded, column)) for column in shown.columns]
        if sum(size.maximum if whole else size.minimum for whole, size in sizes) > options.max_width:
            # Not even the numbers fit on one line: names keep their parts whole, all else continues on the next line.
            names, *others = shown.columns
            names.width = max(len(part) for cell in names.cells for part in JOINTS.split(str(cell)))
            for column in others:
                column.no_wrap = False
        yield from Table.__rich_console__(shown, console, options)
        yield from _lines(self.caption, "table.caption")

    def _without(self, leave_out: Callable[[Column], bool]) -> "Grid":
        shown = copy(self)
        shown.columns = [copy(column) for column in self.columns if not leave_out(column)]
        for number, column in enumerate(shown.columns):
            column._index = number
        return shown


def _lines(text: TextType | None, style: str) -> Iterable[Text]:
    """The text around a table as lines of their own; none if there is nothing to say."""
    return [Text(str(text), style, no_wrap=False)] if text else []


JOINTS = re.compile(r"(?<=[_/-])(?=.)")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Collection[str] = (),
    unless_empty: Collection[str] = (),
    title: str | None = None,
    caption: str | None = None,
) -> Table:
    """A table of plain texts, never read as markup; in a narrow terminal they wrap instead of being cut.

    `right` are the columns with numbers, which stay on one line as long as another column can wrap; for `unless_empty`
    see `Grid`.
    """
    grid = Grid(unless_empty, title=title and Text(title), caption=caption)
    for name in columns:
        is_number = name in right
        grid.add_column(Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:  # secrets are hidden before a cell is wrapped, which would split them
        grid.add_row(*(cell if isinstance(cell, Text) else Name(redact_secrets(cell)) for cell in row))
    return grid


class saying:
    """Lines on what is being done, only on a terminal's error stream, each in place of the last."""

    def __init__(self, quiet: bool) -> None:
        self._status = None if quiet else Console(stderr=True).status("")

    def __enter__(self) -> Callable[[str], None]:
        if self._status is None:
            return lambda _: None
        self._status.start()
        return self._status.update

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
