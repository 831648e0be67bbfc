"""Addresses of pages."""

from typing import Protocol
from urllib.parse import quote

from docgen.explorer.read.filters import Filters

__all__ = ["Links", "LiveLinks"]


class Links(Protocol):
    """Where each page is. `is_live`: there is a server, which stores labels."""

    is_live: bool

    def page(self, name: str = "", query: str = "") -> str:
        """A page of the corpus by its name; the overview without a name."""

    def document(self, name: str, query: str = "") -> str:
        """One document."""

    def thing(self, kind: str, name: str) -> str:
        """One fact, type or idea."""

    def transcript(self, path: str, query: str = "") -> str:
        """One transcript of an experiment."""

    def attempt(self, slot: int, number: int) -> str:
        """One attempt that was not accepted."""

    def listing(self, filters: Filters, **more: object) -> str:
        """The list of documents under filters."""

    def asset(self, name: str) -> str:
        """A file of style or script."""


class LiveLinks:
    """Addresses on the server, below the name of the corpus."""

    is_live = True

    def __init__(self, name: str) -> None:
        self._base = f"/{quote(name, safe='')}"

    def page(self, name: str = "", query: str = "") -> str:
        """See `Links`."""
        return f"{self._base}/{name}{query}"

    def document(self, name: str, query: str = "") -> str:
        """See `Links`."""
        return f"{self._base}/documents/{quote(name, safe='')}{query}"

    def thing(self, kind: str, name: str) -> str:
        """See `Links`."""
        return f"{self._base}/{kind}s/{quote(name, safe='')}"

    def transcript(self, path: str, query: str = "") -> str:
        """See `Links`."""
        return f"{self._base}/transcripts/{quote(path)}{query}"

    def attempt(self, slot: int, number: int) -> str:
        """See `Links`."""
        return f"{self._base}/rejected/{slot}-{number}"

    def listing(self, filters: Filters, **more: object) -> str:
        """See `Links`."""
        return f"{self._base}/{filters.page}{filters.address(**more)}"

    def corpus(self, name: str, page: str, query: str = "") -> str:
        """A page of another corpus that is open as well."""
        return LiveLinks(name).page(page, query)

    def asset(self, name: str) -> str:
        """See `Links`."""
        return f"/static/{name}"
