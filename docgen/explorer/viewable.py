"""The interface of what the server can show: a corpus or an experiment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Page", "Viewable"]


@dataclass(frozen=True)
class Page:
    """One kind of page. `path` is its address below the corpus, with names in braces; `name` that of its template;
    `data` a function of what is shown and a `PageQuery`; `menu` its label in the menu, "" for none; `published`: it is
    part of a published site."""

    name: str
    path: str
    data: Callable[[Any, Any], dict[str, Any]]
    title: str
    menu: str = ""
    published: bool = True


class Viewable(Protocol):
    """A corpus or an experiment, under the name that its addresses begin with."""

    name: str

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every page that it has."""

    def head(self) -> dict[str, Any]:
        """What the header of every page says."""

    def numbers(self) -> dict[str, int]:
        """The number, from 1, by which pages name each fact."""

    def at_random(self) -> str:
        """The address, below the name, of one document or transcript drawn at random; "" without any."""

    def warm(self) -> None:
        """Load in the background what the next page would have to wait for."""

    def close(self) -> None:
        """Wait for background work."""
