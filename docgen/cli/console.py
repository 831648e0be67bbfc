"""The screen, and tables on it."""

import os
from collections.abc import Collection, Iterable, Sequence

from rich.console import Console, ConsoleDimensions, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from docgen.text.sanitize import printable

__all__ = ["console", "table"]

WIDE = 200
"""Columns where no terminal sets them: output to pipes and files need not be wrapped."""


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
    """A console that no text can take control of, wide where it is not a terminal, and safe with a closed pipe."""

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
    grid = Table(title=title and Text(title), caption=caption, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        is_number = name in right
        grid.add_column(Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return grid
