"""The query of a page, and what every page needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from docgen.explorer.read.filters import Filters
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.view import View
from docgen.records import EMBEDDED_MODEL, embedded_notice

__all__ = ["PageNotFound", "PageQuery", "fact_numbers", "writer_notice"]


class PageNotFound(Exception):
    """The page does not exist; the text says what was not found."""


@dataclass(frozen=True)
class PageQuery:
    """The parts of an address: names in its path, parameters after its "?"."""

    path: dict[str, str] = field(default_factory=dict)
    items: Sequence[tuple[str, str]] = ()
    views: dict[str, View] = field(default_factory=dict)

    def get(self, name: str, otherwise: str = "") -> str:
        """A parameter."""
        return dict(self.items).get(name, otherwise)

    def number(self, name: str) -> int | None:
        """A parameter that is a whole number; None for anything else."""
        value = self.get(name)
        return int(value) if value.isdecimal() and len(value) < 12 else None

    @cached_property
    def filters(self) -> Filters:
        """The filters of a list."""
        return Filters.of(self.items)


def fact_numbers(snapshot: Snapshot) -> dict[str, int]:
    """The number, from 1, by which pages name each fact."""
    return {name: number for number, name in enumerate(snapshot.facts, 1)}


def writer_notice(snapshot: Snapshot) -> str:
    """A notice if the embedded writer wrote documents."""
    counts: list[int] = snapshot.summary.get("models", [])
    pairs = zip(snapshot.terms["model"], counts, strict=False)
    embedded = sum(count for name, count in pairs if name == EMBEDDED_MODEL)
    return embedded_notice(embedded, snapshot.documents)


def share(part: float, whole: float) -> float:
    """A share from 0 to 1."""
    return part / whole if whole else 0.0


def run_word(view: View) -> dict[str, Any]:
    """What the header of every page says."""
    snapshot = view.snapshot
    return {
        "name": view.name,
        "title": snapshot.world.get("title") or view.name,
        "documents": snapshot.documents,
        "unit": "document",
        "search": "documents",
        "is_run": view.run is not None,
        "indexing": view.is_indexing,
        "problem": view.problem,
        "writer": writer_notice(snapshot),
    }
