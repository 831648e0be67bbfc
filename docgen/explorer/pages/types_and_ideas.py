"""Types and ideas: which kinds of documents there are, and what became of each idea."""

from typing import Any

import numpy as np

from docgen.explorer.pages.documents.documents import document_rows
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.read.filters import Filters, mask_of
from docgen.explorer.view import View

__all__ = ["idea", "type_", "types"]


def types(view: View, _: PageQuery) -> dict[str, Any]:
    """All types with their documents and mean length."""
    snapshot = view.snapshot
    names, column = snapshot.terms["type"], snapshot.column("type")
    totals = np.bincount(column, weights=snapshot.column("words"), minlength=len(names))
    ideas = dict(snapshot.rows("SELECT doc_type, count(*) FROM idea GROUP BY doc_type"))
    rows = [
        {
            "id": name,
            "name": snapshot.type_name(name),
            "description": snapshot.kinds.get(name, ("", ""))[1],
            "documents": count,
            "words": round(float(totals[code]) / count) if count else 0,
            "ideas": ideas.get(name),
        }
        for code, (name, count) in enumerate(zip(names, snapshot.summary.get("types", []), strict=False))
        if name
    ]
    rows += [
        {"id": name, "name": word, "description": text, "documents": 0, "words": 0, "ideas": ideas.get(name)}
        for name, (word, text) in snapshot.kinds.items()
        if name not in names
    ]
    return {"rows": sorted(rows, key=lambda row: (-row["documents"], row["name"]))}


def type_(view: View, query: PageQuery) -> dict[str, Any]:
    """One type: its facts, its ideas with the number of documents of each."""
    snapshot, name = view.snapshot, query.path["id"]
    if name not in snapshot.kinds and snapshot.code("type", name) is None:
        raise PageNotFound(f"{name!r} is not a document type of this corpus")
    filters = Filters((("type", name),))
    mask = mask_of(snapshot, filters, view.labels.documents)
    docs = np.flatnonzero(mask)
    facts = []
    for code, fact in enumerate(snapshot.terms["fact"]):
        count = int(np.count_nonzero((snapshot.column(f"fact:{code}") > 0) & mask))
        if count:
            facts.append({"id": fact, "documents": count})
    used = np.bincount(snapshot.column("idea")[mask]) if len(docs) else np.zeros(0, int)
    by_idea = {int(code): int(n) for code, n in enumerate(used) if n}
    codes = dict(snapshot.rows("SELECT value, code FROM term WHERE kind = 'idea'")) if by_idea else {}
    ideas = [
        {"id": id_, "text": text, "documents": by_idea.get(codes.get(id_, -1), 0)}
        # A brainstorm gives a type some tens of ideas.
        for id_, text in snapshot.rows("SELECT id, text FROM idea WHERE doc_type = ? LIMIT 200", name)
    ]
    return {
        "id": name,
        "name": snapshot.type_name(name),
        "description": snapshot.kinds.get(name, ("", ""))[1],
        "documents": len(docs),
        "words": round(float(snapshot.column("words")[mask].mean())) if len(docs) else 0,
        "facts": sorted(facts, key=lambda fact: -fact["documents"]),
        "ideas": sorted(ideas, key=lambda idea: -idea["documents"]),
        "rows": document_rows(view, snapshot, docs[:8].tolist(), filters),  # a screen; the list has the rest
    }


def idea(view: View, query: PageQuery) -> dict[str, Any]:
    """One idea and the documents made from it."""
    snapshot, name = view.snapshot, query.path["id"]
    rows = snapshot.rows("SELECT doc_type, text FROM idea WHERE id = ?", name)
    code = snapshot.code("idea", name)
    if not rows and code is None:
        raise PageNotFound(f"{name!r} is not an idea of this corpus")
    kind, text = rows[0] if rows else ("", name)
    docs = np.flatnonzero(snapshot.column("idea") == code) if code is not None else np.zeros(0, int)
    return {
        "id": name,
        "text": text,
        "type": kind,
        "type_name": snapshot.type_name(kind),
        "documents": len(docs),
        "rows": document_rows(view, snapshot, docs[:50].tolist()),
    }
