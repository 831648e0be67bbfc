"""Documents: a list with filters, facets, search and order."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from docgen.explorer.index.column_segments import read_fact_code
from docgen.explorer.pages.page_query import PageQuery, fact_numbers
from docgen.explorer.read.facets import facets_of
from docgen.explorer.read.filters import Filters, mask_of
from docgen.explorer.read.listing import list_documents
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.view import View

__all__ = ["document_rows", "documents", "title_of"]

TITLE_CHARS, EXCERPT_CHARS, CONTEXT_CHARS = 110, 220, 90
"""Characters of a title and of an excerpt; of an excerpt those before a hit. Chosen: one line and two on a wide screen,
and a hit not quite in the middle, since what follows it says more."""
TAG = re.compile(r"^<[A-Z]+>")
"""A mark that some corpora have at the start of every document."""


def documents(view: View, query: PageQuery) -> dict[str, Any]:
    """One page of the list."""
    snapshot, filters = view.snapshot, query.filters
    labelled = view.labels.documents
    listing = list_documents(snapshot, filters, labelled, query.number("after"), query.number("before"))
    return {
        "filters": {"chosen": list(filters.chosen), "q": filters.q, "sort": filters.sort},
        "total": listing.total,
        "first": listing.first,
        "before": listing.before,
        "after": listing.after,
        "note": listing.note,
        "rows": document_rows(view, snapshot, listing.docs, filters),
        "facets": facets_of(snapshot, filters, labelled),
        "levels": _levels(view, query),
        "labels": {state: len(labelled(state)) for state in ("any", "good", "bad", "complete")},
    }


def _levels(view: View, query: PageQuery) -> list[dict[str, Any]]:
    """The corpora that are open, such as the levels of a sweep, each with its documents under the same filters."""
    filters = replace(query.filters, chosen=tuple(pair for pair in query.filters.chosen if pair[0] != "label"))
    return [
        {
            "name": name,
            "documents": int(np.count_nonzero(mask_of(other.snapshot, filters, other.labels.documents))),
            "chosen": other is view,
            "address": filters.address(),
        }
        for name, other in (query.views.items() if len(query.views) > 1 else ())
    ]


def document_rows(
    view: View, snapshot: Snapshot, docs: list[int], filters: Filters | None = None
) -> list[dict[str, Any]]:
    """What a list says about each document: its title, an excerpt, its facts and figures."""
    pattern = filters.query.pattern if filters else None
    numbers = fact_numbers(snapshot)
    facts = [(name, snapshot.column(f"fact:{code}")) for code, name in enumerate(snapshot.terms["fact"])]
    rules = [(name, snapshot.column(f"rule:{code}")) for code, name in enumerate(snapshot.terms["rule"])]
    types, words, tries = (snapshot.column(name) for name in ("type", "words", "number"))
    names = snapshot.terms["type"]
    rows: list[dict[str, Any]] = []
    for doc in docs:
        text = str(snapshot.record(doc)["text"])
        title, excerpt = title_of(text), excerpt_of(text, pattern)
        codes = [(name, int(column[doc])) for name, column in facts if column[doc]]
        kind = names[int(types[doc])]
        rows.append(
            {
                "doc": doc,
                "id": snapshot.id_of(doc),
                "title": title,
                "excerpt": excerpt,
                "type": kind,
                "type_name": snapshot.type_name(kind),
                "words": int(words[doc]),
                "tries": int(tries[doc]),
                "facts": [
                    {"id": name, "number": numbers[name], "how": " ".join(read_fact_code(code))}
                    for name, code in sorted(codes, key=lambda pair: numbers[pair[0]])
                ],
                "findings": [name for name, column in rules if column[doc]],
            }
        )
    states = {label.document: label.verdict for label in view.labels.all() if label.kind == "document"} if rows else {}
    for row in rows:
        row["label"] = states.get(row["id"], "")
    return rows


def title_of(text: str) -> str:
    """The first line that says something."""
    for line in text[:4000].splitlines():
        stripped = TAG.sub("", line).strip(" \t#*=-_>")
        if stripped:
            return _cut(stripped, TITLE_CHARS)
    return "(empty)"


def excerpt_of(text: str, pattern: "re.Pattern[str] | None") -> list[tuple[str, bool]]:
    """Pieces of text, with what was searched for marked; without a search, how the document continues."""
    if pattern is None:
        start = text.find("\n", len(text) - len(text.lstrip()))
        body = " ".join(text[max(0, start) : max(0, start) + 3 * EXCERPT_CHARS].split())
        return [(_cut(body, EXCERPT_CHARS), False)]
    match = pattern.search(text[:200_000])  # 13 ms, measured: a page of fifty such texts takes less than a second
    if match is None:
        return [(_cut(" ".join(text[: 3 * EXCERPT_CHARS].split()), EXCERPT_CHARS), False)]
    start, end = max(0, match.start() - CONTEXT_CHARS), min(len(text), match.end() + EXCERPT_CHARS - CONTEXT_CHARS)
    start += 1 + text.find(" ", start, match.start()) - start if start and " " in text[start : match.start()] else 0
    end = text.rfind(" ", match.end(), end) if end < len(text) and " " in text[match.end() : end] else end
    pieces, place = [("…" if start else "", False)], start
    for hit in pattern.finditer(text, start, end):
        pieces += [(text[place : hit.start()], False), (hit.group(), True)]
        place = hit.end()
    pieces += [(text[place:end], False), ("…" if end < len(text) else "", False)]
    return [(re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces if piece]


def _cut(text: str, length: int) -> str:
    """The beginning of a text, in whole words."""
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + "…"
