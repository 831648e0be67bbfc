"""Pages of a list of documents: their order, and where the next page begins."""

from dataclasses import dataclass

import numpy as np

from docgen.explorer.index.column_segments import Array
from docgen.explorer.read.filters import Filters, Labelled, mask_of
from docgen.explorer.read.search import MAX_RANKED, ranked
from docgen.explorer.read.snapshot import Snapshot

__all__ = ["PAGE_ROWS", "Listing", "list_documents", "neighbours_in"]

PAGE_ROWS = 50
"""Documents on a page. Chosen: some screens to scroll; each text is read from the disk for its excerpt."""
COLUMNS = {"words": "words", "tokens": "tokens", "tries": "number", "slot": "slot"}


@dataclass(frozen=True)
class Listing:
    """One page of documents; `first` counts from 0 among the `total`. `note` says what could not be done."""

    docs: list[int]
    first: int
    total: int
    before: int | None
    after: int | None
    note: str = ""


def list_documents(
    snapshot: Snapshot, filters: Filters, labelled: Labelled, after: int | None = None, before: int | None = None
) -> Listing:
    """The page after document `after`, or before document `before`, among those that match the filters."""
    ordered, note = _ordered(snapshot, filters, labelled)
    first = 0
    if after is not None:
        first = _place(ordered, after, filters.sort) + 1
    elif before is not None:
        first = max(0, _place(ordered, before, filters.sort) - PAGE_ROWS)
    docs = ordered[first : first + PAGE_ROWS].tolist()
    is_last = first + len(docs) >= len(ordered)
    return Listing(
        docs, first, len(ordered), docs[0] if docs and first else None, docs[-1] if docs and not is_last else None, note
    )


def neighbours_in(
    snapshot: Snapshot, filters: Filters, labelled: Labelled, doc: int
) -> tuple[int | None, int | None, int, int]:
    """The documents before and after one in a list, its place there from 0 (-1: it is not in it), and the total."""
    ordered, _ = _ordered(snapshot, filters, labelled)
    places = np.flatnonzero(ordered == doc)
    if not len(places):
        return None, None, -1, len(ordered)
    place = int(places[0])
    before = int(ordered[place - 1]) if place else None
    after = int(ordered[place + 1]) if place + 1 < len(ordered) else None
    return before, after, place, len(ordered)


def _place(ordered: Array, doc: int, sort: str) -> int:
    """The position of a document in the list; in the order of the corpus also where one that is not in the list would
    be."""
    if not sort:
        place = int(np.searchsorted(ordered, doc))
        return place if place < len(ordered) and ordered[place] == doc else place - 1
    places = np.flatnonzero(ordered == doc)
    return int(places[0]) if len(places) else -1


def _ordered(snapshot: Snapshot, filters: Filters, labelled: Labelled) -> tuple[Array, str]:
    if any(name == "label" for name, _ in filters.chosen):  # labels change under an unchanged index
        return _order(snapshot, filters, labelled)
    key = ("ordered", filters)
    ordered: tuple[Array, str] = snapshot.remember(key, lambda: _order(snapshot, filters, labelled), most=6)
    return ordered


def _order(snapshot: Snapshot, filters: Filters, labelled: Labelled) -> tuple[Array, str]:
    mask = mask_of(snapshot, filters, labelled)
    if filters.sort == "rank":
        order = ranked(snapshot, filters.query) if filters.query.match else None
        if order is not None:
            return order[mask[order]], ""
        if filters.query.match:
            note = f"More than {MAX_RANKED:,} documents match: too many to rank. They are in the order of the corpus."
            return _places(mask), note
    name = filters.sort.removeprefix("-")
    if name in COLUMNS:
        column = snapshot.column(COLUMNS[name])
        order = snapshot.remember(("sorted", name), lambda: np.argsort(column, kind="stable").astype(np.int32), 3)
        chosen = order[mask[order]]
        return (chosen[::-1] if filters.sort.startswith("-") else chosen), ""
    return _places(mask), ""


def _places(mask: Array) -> Array:
    return np.flatnonzero(mask).astype(np.int32)  # half the memory
