"""Compare: two corpora side by side, in figures and slot by slot."""

from typing import Any

import numpy as np

from docgen.explorer.pages.documents.document import differing
from docgen.explorer.pages.documents.documents import title_of
from docgen.explorer.pages.overview import fact_rows
from docgen.explorer.pages.page_query import PageNotFound, PageQuery, share
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.view import View

__all__ = ["compare"]

PAGE_ROWS = 25
"""Slots on a page. Chosen: each is two documents to read and compare, half as many as a list has."""
FIGURES = (("documents", "documents"), ("words", "words"), ("tokens", "tokens"), ("without a fact", "background"))


def compare(view: View, query: PageQuery) -> dict[str, Any]:
    """This corpus next to another that is open: their figures, and the documents in the same slots."""
    others = [name for name, other in query.views.items() if other is not view]
    name = query.get("with") or (others[0] if others else "")
    if not name:
        return {"other": "", "others": [], "figures": [], "facts": [], "rows": [], "pair": None, "after": None}
    if name not in query.views:
        raise PageNotFound(f"the corpus {name!r} is not open here")
    other = query.views[name]
    a, b, slot = view.snapshot, other.snapshot, query.number("slot")
    rows, after = _slots(a, b, query.number("after")) if slot is None else ([], None)
    return {
        "other": name,
        "others": others,
        "figures": [
            (word, a.summary.get(key, 0), b.summary.get(key, 0))
            for word, key in FIGURES
        ] + [("attempts rejected", _rejected(a), _rejected(b))],
        "facts": _facts(view, other),
        "types": _types(a, b),
        "rows": rows,
        "after": after,
        "pair": None if slot is None else _pair(a, b, slot),
    }  # fmt: skip


def _rejected(snapshot: Snapshot) -> int:
    return int(snapshot.summary.get("verdicts", {}).get("rejected", 0))


def _facts(view: View, other: View) -> list[dict[str, Any]]:
    """Each fact of either corpus with its shares in both."""
    left = {row["id"]: row for row in fact_rows(view, view.report("salience.json"))}
    right = {row["id"]: row for row in fact_rows(other, other.report("salience.json"))}
    keys = ("asked", "assigned_share", "by_wording", "airtime")
    return [
        {"id": name, **{key: (left.get(name, {}).get(key), right.get(name, {}).get(key)) for key in keys}}
        for name in dict.fromkeys([*left, *right])
    ]


def _types(a: Snapshot, b: Snapshot) -> list[tuple[str, int, int]]:
    counts = [dict(zip(s.terms["type"], s.summary.get("types", []), strict=False)) for s in (a, b)]
    rows = [
        (a.type_name(n), counts[0].get(n, 0), counts[1].get(n, 0)) for n in dict.fromkeys([*counts[0], *counts[1]]) if n
    ]
    # Those whose shares differ most; in two corpora of one world the rest are alike.
    return sorted(rows, key=lambda row: -abs(share(row[1], a.documents) - share(row[2], b.documents)))[:40]


def _slots(a: Snapshot, b: Snapshot, after: int | None) -> tuple[list[dict[str, Any]], int | None]:
    """Slots that have a document in both, in order; whether the texts are the same."""
    common = np.intersect1d(a.column("slot"), b.column("slot"))
    common = common[common > (-1 if after is None else after)]
    rows = []
    for slot in common[:PAGE_ROWS].tolist():
        pair = _pair(a, b, slot)
        sides = {side: {key: pair[side][key] for key in ("id", "title", "words", "facts")} for side in "ab"}
        rows.append({"slot": slot, "same": pair["same"], **sides})
    return rows, int(common[PAGE_ROWS - 1]) if len(common) > PAGE_ROWS else None


def _pair(a: Snapshot, b: Snapshot, slot: int) -> dict[str, Any]:
    """The documents of a slot in both, and where they differ."""
    docs = a.in_slot(slot), b.in_slot(slot)
    if docs[0] is None or docs[1] is None:
        raise PageNotFound(f"slot {slot} does not have a document in both corpora")
    left, right = _side(a, docs[0]), _side(b, docs[1])
    same = left["text"] == right["text"]
    left["differs"], right["differs"] = ([], []) if same else differing(left["text"], right["text"], 100_000)
    return {"slot": slot, "a": left, "b": right, "same": same}


def _side(snapshot: Snapshot, doc: int) -> dict[str, Any]:
    record = snapshot.record(doc)
    text = str(record["text"])
    return {
        "id": snapshot.id_of(doc),
        "title": title_of(text),
        "text": text,
        "words": int(snapshot.column("words")[doc]),
        "facts": [str(fact["fact"]) for fact in record.get("facts") or ()],
    }
