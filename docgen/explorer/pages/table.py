"""Every page of a corpus, in one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docgen.explorer.pages.asked import Asked
from docgen.explorer.pages.document import document
from docgen.explorer.pages.documents import documents
from docgen.explorer.pages.overview import overview
from docgen.explorer.view import View

__all__ = ["PAGES", "Page"]


@dataclass(frozen=True)
class Page:
    """One kind of page. `path` is its address below the corpus, with names in braces; `name` that of its template;
    `menu` its word in the menu, "" for none; `published`: it is part of a published site."""

    name: str
    path: str
    data: Callable[[View, Asked], dict[str, Any]]
    title: str
    menu: str = ""
    published: bool = True


PAGES = (
    Page("overview", "", overview, "Overview", "Overview"),
    Page("documents", "documents", documents, "Documents", "Documents"),
    Page("document", "documents/{id:path}", document, "Document"),
)
"""A new page is a row here, a template of its name, and a function of the corpus and what is asked."""
