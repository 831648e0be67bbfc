"""Filters: what a page's address asks for, and the documents that match, as a mask over all of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import quote, urlencode

import numpy as np

from docgen.explorer.index.column_segments import DIRECTNESS, PROMINENCE, Array
from docgen.explorer.read.search import Query, matching, parse
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.read.verdicts import verdict_mask

__all__ = ["FIELDS", "Filters", "Labelled", "mask_of"]

FIELDS = ("fact", "type", "idea", "finding", "judged", "words", "model", "tries", "label")
SORTS = ("", "rank", "words", "-words", "tokens", "-tokens", "tries", "-tries", "slot")
Labelled = Callable[[str], Iterable[str]]
"""Ids of the documents with such a label."""


@dataclass(frozen=True)
class Filters:
    """The filters of a list, each a (field, value); the search words; the order."""

    fields: ClassVar[tuple[str, ...]] = FIELDS
    page: ClassVar[str] = "documents"
    """The page that lists what matches."""

    chosen: tuple[tuple[str, str], ...] = ()
    q: str = ""
    sort: str = ""

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> Self:
        """From the parameters of an address; what is not a filter is left out."""
        pairs = list(items)
        chosen = tuple(dict.fromkeys((name, value) for name, value in pairs if name in cls.fields and value))
        values = dict(pairs)
        sort = values.get("sort", "")
        return cls(chosen, values.get("q", "").strip()[:400], sort if cls.is_sort(sort) else "")

    @classmethod
    def is_sort(cls, value: str) -> bool:
        """Whether a list can have that order."""
        return value in SORTS

    @property
    def query(self) -> Query:
        """The words searched for."""
        return parse(self.q)

    def address(self, **more: object) -> str:
        """As the query string of an address, "" if it is empty."""
        pairs = [*self.chosen, ("q", self.q), ("sort", self.sort), *more.items()]
        text = urlencode([(name, str(value)) for name, value in pairs if value not in ("", None)], quote_via=quote)
        return f"?{text}" if text else ""

    def toggled(self, name: str, value: str, single: bool = False) -> Self:
        """With the filter added, or removed if it was there; `single`: in place of others of that name."""
        if (name, value) in self.chosen:
            return replace(self, chosen=tuple(pair for pair in self.chosen if pair != (name, value)))
        others = tuple(pair for pair in self.chosen if not (single and pair[0] == name))
        return replace(self, chosen=(*others, (name, value)))

    def without(self, name: str) -> Self:
        """Without the filters of one name."""
        return replace(self, chosen=tuple(pair for pair in self.chosen if pair[0] != name))


def mask_of(snapshot: Snapshot, filters: Filters, labelled: Labelled) -> Array:
    """Which documents meet all filters: booleans, one for each document."""
    mask = np.ones(snapshot.documents, bool)
    for name, value in filters.chosen:
        bare = value.removeprefix("!")
        if name == "label":  # labels change under an unchanged index
            matches = np.zeros(snapshot.documents, bool)
            matches[[doc for id_ in labelled(bare) if (doc := snapshot.find(id_)) is not None]] = True
        else:
            matches = snapshot.remember(("mask", name, bare), lambda n=name, v=bare: TESTS[n](snapshot, v))
        mask &= ~matches if value.startswith("!") else matches
    if filters.query.match:
        mask &= matching(snapshot, filters.query)
    elif filters.q:
        mask[:] = False  # there was a search, but without any words in it
    return mask


def _fact(snapshot: Snapshot, value: str) -> Array:
    """ "ID", or "ID:stated", "ID:implied", "ID:central" and so on; "none" for documents without a fact."""
    if value == "none":
        present = [snapshot.column(f"fact:{code}") > 0 for code in range(len(snapshot.terms["fact"]))]
        return ~np.logical_or.reduce(present) if present else np.ones(snapshot.documents, bool)
    name, _, how = value.partition(":")
    code = snapshot.code("fact", name)
    if code is None:
        return np.zeros(snapshot.documents, bool)
    column = snapshot.column(f"fact:{code}")
    if how in DIRECTNESS:
        return (column > 0) & ((column > 3) == bool(DIRECTNESS.index(how)))
    if how in PROMINENCE:
        return (column > 0) & ((column - 1) % 3 == PROMINENCE.index(how))
    return column > 0


def _term(kind: str) -> Callable[[Snapshot, str], Array]:
    def test(snapshot: Snapshot, value: str) -> Array:
        code = snapshot.code(kind, value)
        return np.zeros(snapshot.documents, bool) if code is None else snapshot.column(kind) == code

    return test


def _finding(snapshot: Snapshot, value: str) -> Array:
    """A rule; "any" for documents with a finding of any rule."""
    names = snapshot.terms["rule"]
    codes = range(len(names)) if value == "any" else [code for code, name in enumerate(names) if name == value]
    masks = [snapshot.column(f"rule:{code}") > 0 for code in codes]
    return np.logical_or.reduce(masks) if masks else np.zeros(snapshot.documents, bool)


def _words(snapshot: Snapshot, value: str) -> Array:
    """ "LOW-HIGH", both included; either may be left out."""
    low, _, high = value.partition("-")
    words = snapshot.column("words")
    return (words >= _number(low, 0)) & (words <= _number(high, 1 << 30))


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def _tries(snapshot: Snapshot, value: str) -> Array:
    """The attempt that was accepted; "2+" for refilled slots."""
    column = snapshot.column("number")
    return column >= _number(value[:-1], 1) if value.endswith("+") else column == _number(value, 1)


TESTS: Mapping[str, Callable[[Snapshot, str], Array]] = {
    "fact": _fact,
    "type": _term("type"),
    "idea": _term("idea"),
    "model": _term("model"),
    "finding": _finding,
    "judged": verdict_mask,
    "words": _words,
    "tries": _tries,
}
