"""Addresses inside a published site: relative, so that it works from a disk and below any path."""

import re
from collections.abc import Mapping

from docgen.explorer.read.filters import Filters
from docgen.text import digest, slug

__all__ = ["SiteLinks", "thing_file"]

SPAN = re.compile(r"span=(\d+)-")
PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}")


def thing_file(kind: str, name: str) -> str:
    """The file of a fact or type."""
    stem = name if PLAIN.fullmatch(name) else f"{slug(name)}-{digest(name, size=4)}"
    return f"{kind}/{stem}.html"


class SiteLinks:
    """Links on a page that is `depth` folders below the top.

    `files` are the pages of the documents that are published, by id; `lists` the pages of the list, by the document
    after which each begins.
    """

    is_live = False

    def __init__(self, depth: int, files: Mapping[str, str], lists: Mapping[int | None, str]) -> None:
        self._up, self._files, self._lists = "../" * depth, files, lists

    def page(self, name: str = "", query: str = "") -> str:
        """See `Links`."""
        return f"{self._up}{name or 'index'}.html{query if name == 'documents' else ''}"

    def document(self, name: str, query: str = "") -> str:
        """See `Links`; the list for a document that is not published."""
        file, span = self._files.get(name), SPAN.search(query)
        place = f"#at-{span[1]}" if span else ""
        return f"{self._up}{file}{place}" if file else self.page("documents")

    def thing(self, kind: str, name: str) -> str:
        """See `Links`."""
        return f"{self._up}{thing_file(kind, name)}"

    def attempt(self, _slot: int, _number: int) -> str:
        """Attempts are not published."""
        return self.page("documents")

    def listing(self, filters: Filters, **more: object) -> str:
        """See `Links`; filters are carried out in the browser."""
        if "after" in more:
            return self._up + self._lists.get(more["after"], "documents.html")  # type: ignore[call-overload, no-any-return]
        return self.page("documents", filters.address())

    def asset(self, name: str) -> str:
        """See `Links`."""
        return f"{self._up}static/{name}"
