"""How many documents of a list have each fact, type, finding, length: always exact, counted under the other filters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from docgen.explorer.index.column_segments import Array
from docgen.explorer.index.summary import LENGTHS
from docgen.explorer.read.filters import TESTS, Filters, Labelled, mask_of
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.read.verdicts import VERDICTS

__all__ = ["Facet", "Value", "facets_of", "facets_under"]


class SelectedDocuments:
    """The documents of a list, in whichever form is quicker to count."""

    def __init__(self, mask: Array) -> None:
        self._mask = mask
        # Measured: at a sixteenth picking entries takes a third of a pass over all, which soon pays for listing them.
        few = 16 * int(np.count_nonzero(mask)) < len(mask)
        self._docs = np.flatnonzero(mask) if few else None

    def of(self, column: Array) -> Array:
        """Their entries in a column."""
        return column[self._mask] if self._docs is None else column[self._docs]

    def count(self, column: Array) -> int:
        """How many of them have a non-zero entry."""
        if self._docs is not None:
            return int(np.count_nonzero(column[self._docs]))
        return int(np.count_nonzero((column > 0) & self._mask))


@dataclass(frozen=True)
class Value:
    """One value of a facet: how many documents have it, and the filter that asks for it."""

    value: str
    name: str
    documents: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """The values of a field with the documents of each; `single`: a document has exactly one of them."""

    field: str
    title: str
    values: list[Value]
    single: bool


def facets_of(snapshot: Snapshot, filters: Filters, labelled: Labelled) -> list[Facet]:
    """All facets of a list."""
    if not filters.chosen and not filters.q:
        return _facets(snapshot, filters, None, labelled)
    if any(name == "label" for name, _ in filters.chosen):  # labels change under an unchanged index
        return _facets(snapshot, filters, mask_of(snapshot, filters, labelled), labelled)
    key = ("facets", filters.chosen, filters.query.match, bool(filters.q))
    facets: list[Facet] = snapshot.remember(
        key, lambda: _facets(snapshot, filters, mask_of(snapshot, filters, labelled), labelled)
    )
    return facets


def facets_under(snapshot: Snapshot, mask: Array) -> list[Facet]:
    """All facets of the documents in a mask."""
    return _facets(snapshot, Filters(), mask, lambda _: ())


def _facets(snapshot: Snapshot, filters: Filters, whole: Array | None, labelled: Labelled) -> list[Facet]:
    """`whole` None means all documents, whose counts the index has."""
    mask = None if whole is None else SelectedDocuments(whole)

    def other(name: str) -> SelectedDocuments | None:
        """The list without the filters of one name, for the counts of that facet's other values."""
        if all(field != name for field, _ in filters.chosen):
            return mask
        rest = filters.without(name)
        return SelectedDocuments(mask_of(snapshot, rest, labelled)) if rest.chosen or rest.q else None

    facets = [
        Facet("fact", "Facts", _facts(snapshot, filters, mask), False),
        Facet("type", "Types", _terms(snapshot, filters, "type", other("type")), True),
        Facet("finding", "Findings", _findings(snapshot, filters, mask), False),
        Facet("judged", "Judge", _judged(snapshot, filters, mask), False),
        *_verdicts(snapshot, filters, mask),
        Facet("words", "Words", _lengths(snapshot, filters, other("words")), True),
        Facet("model", "Models", _terms(snapshot, filters, "model", other("model")), True),
        Facet("tries", "Attempts taken", _tries(snapshot, filters, other("tries")), True),
    ]
    return [
        facet
        for facet in facets
        if facet.values and (len(facet.values) > 1 or facet.field in ("fact", "finding", "judged"))
    ]


def _facts(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Value]:
    counts = snapshot.summary.get("facts", {})
    codes = {name: code for code, name in enumerate(snapshot.terms["fact"])}
    values = []
    for name in snapshot.facts:
        code = codes.get(name)
        if code is None:
            count = 0
        elif mask is None:
            count = sum(counts[str(code)][1:])
        else:
            count = mask.count(snapshot.column(f"fact:{code}"))
        values.append(Value(name, name, count, ("fact", name) in filters.chosen))
    if mask is None:
        background = snapshot.summary.get("background", 0)
    else:
        background = mask.count(snapshot.remember(("mask", "fact", "none"), lambda: TESTS["fact"](snapshot, "none")))
    if values and (background or ("fact", "none") in filters.chosen):
        values.append(Value("none", "no fact (background)", background, ("fact", "none") in filters.chosen))
    return values


def _terms(snapshot: Snapshot, filters: Filters, kind: str, mask: SelectedDocuments | None) -> list[Value]:
    names = snapshot.terms[kind]
    if len(names) < 2:
        return []
    if mask is None:
        counts = snapshot.summary.get(f"{kind}s", [])
    else:
        counts = np.bincount(mask.of(snapshot.column(kind)), minlength=len(names)).tolist()
    values = [
        Value(
            name,
            (snapshot.type_name(name) if kind == "type" else name) or "none",
            count,
            (kind, name) in filters.chosen,
        )
        for name, count in zip(names, counts, strict=False)
        if name and (count or (kind, name) in filters.chosen)
    ]
    return sorted(values, key=lambda value: (not value.chosen, -value.documents, value.name))


def _findings(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Value]:
    values = []
    for code, name in enumerate(snapshot.terms["rule"]):
        column = snapshot.column(f"rule:{code}")
        count = int(np.count_nonzero(column)) if mask is None else mask.count(column)
        values.append(Value(name, name, count, ("finding", name) in filters.chosen))
    return sorted(values, key=lambda value: -value.documents)


def _lengths(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Value]:
    bins = [*LENGTHS, 1 << 31]
    if mask is None:
        counts = snapshot.summary.get("lengths", [])
    else:
        words = snapshot.column("words")
        classes = snapshot.remember(  # the class of each document's length
            ("classes",), lambda: (np.searchsorted(LENGTHS, words, side="right") - 1).astype(np.uint8)
        )
        counts = np.bincount(mask.of(classes), minlength=len(LENGTHS)).tolist()
    values = []
    for low, high, count in zip(bins, bins[1:], counts, strict=False):
        value = f"{low}-{high - 1}" if high < 1 << 31 else f"{low}-"
        if count or ("words", value) in filters.chosen:
            name = f"{low:,}–{high - 1:,}" if high < 1 << 31 else f"{low:,} and more"
            values.append(Value(value, name, count, ("words", value) in filters.chosen))
    return values


def _tries(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Value]:
    counts: Any = snapshot.summary.get("tries", [])
    if mask is not None:
        counts = np.bincount(mask.of(snapshot.column("number"))).tolist()
    pairs = [(str(number), count) for number, count in enumerate(counts) if count]
    return [Value(number, number, count, ("tries", number) in filters.chosen) for number, count in pairs]


def _verdicts(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Facet]:
    """For each fact that is filtered by, what the judge said about it; "judged=FACT:VERDICT" asks for one of these."""
    names = dict.fromkeys(value.partition(":")[0] for field, value in filters.chosen if field == "fact")
    facets = []
    for name in (name for name in names if name in snapshot.terms["fact"]):
        column = snapshot.column(f"judge:{name}")
        counts = np.bincount(column if mask is None else mask.of(column), minlength=len(VERDICTS)).tolist()
        values = [
            Value(f"{name}:{verdict}", verdict, count, ("judged", f"{name}:{verdict}") in filters.chosen)
            for verdict, count in zip(VERDICTS, counts, strict=True)
            if verdict and count
        ]
        facets.append(Facet("judged", f"Judge on {name.replace('_', ' ')}", values, False))
    return facets


def _judged(snapshot: Snapshot, filters: Filters, mask: SelectedDocuments | None) -> list[Value]:
    """Documents that a judge read, and those of them that break a rule in its view."""
    if not snapshot.rows("SELECT 1 FROM judged LIMIT 1"):
        return []
    read = snapshot.column("judge:read")
    read = read if mask is None else mask.of(read)
    counts = {"read": int(np.count_nonzero(read)), "leak": int(np.count_nonzero(read == VERDICTS.index("leak")))}
    return [Value(name, name, count, ("judged", name) in filters.chosen) for name, count in counts.items()]
