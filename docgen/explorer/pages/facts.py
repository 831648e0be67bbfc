"""Facts: how present each is and which occur together; one fact with its wordings, places, and passages."""

from typing import Any

import numpy as np

from docgen.explorer.labels.scores import judge_scores, scores_of
from docgen.explorer.pages.documents.documents import document_rows
from docgen.explorer.pages.overview import fact_rows, finding_rows
from docgen.explorer.pages.page_query import PageNotFound, PageQuery, share
from docgen.explorer.read.filters import Filters, mask_of
from docgen.explorer.read.verdicts import VERDICTS
from docgen.explorer.view import View

__all__ = ["fact", "facts", "findings"]


def facts(view: View, _: PageQuery) -> dict[str, Any]:
    """All facts, and how many documents have each pair of them."""
    snapshot = view.snapshot
    codes = {name: code for code, name in enumerate(snapshot.terms["fact"])}
    together = snapshot.summary.get("together", [])

    def both(one: str, other: str) -> int:
        return int(together[codes[one]][codes[other]]) if one in codes and other in codes else 0

    return {
        "facts": fact_rows(view, view.report("salience.json")),
        "together": [[both(one, other) for other in snapshot.facts] for one in snapshot.facts],
        "scores": scores_of(view),
        "judge_scores": judge_scores(view),
    }


def fact(view: View, query: PageQuery) -> dict[str, Any]:
    """One fact."""
    snapshot, name = view.snapshot, query.path["id"]
    if name not in snapshot.facts:
        raise PageNotFound(f"{name!r} is not a fact of this corpus")
    report = view.report("salience.json") or {}
    row = next(row for row in fact_rows(view, report) if row["id"] == name)
    own = (report.get("facts") or {}).get(name) or {}
    filters = Filters((("fact", name),))
    mask = mask_of(snapshot, filters, view.labels.documents)
    docs = np.flatnonzero(mask)
    detectors = view.detectors
    wordings = [w for w in detectors.facts.wordings if w.fact == name] if detectors else []
    judged = np.bincount(snapshot.column(f"judge:{name}"), minlength=len(VERDICTS)).tolist()
    return {
        **row,
        "wordings": [{"text": w.text, "verdict": w.verdict, "detector": w.detector} for w in wordings],
        "detectors": own.get("detectors") or {},
        "examples": own.get("examples") or [],
        "unassigned": own.get("unassigned"),
        "missed": own.get("missed"),
        "verdicts": [(verdict, n) for verdict, n in zip(VERDICTS, judged, strict=True) if verdict and n],
        "together": _together(view, name, int(mask.sum())),
        "types": _types(view, mask),
        "rows": document_rows(view, snapshot, docs[:8].tolist(), filters),  # a screen; the list has the rest
        "scores": scores_of(view),
        "judge_scores": judge_scores(view),
    }


def _together(view: View, name: str, whole: int) -> list[dict[str, Any]]:
    snapshot = view.snapshot
    codes = {other: code for code, other in enumerate(snapshot.terms["fact"])}
    if name not in codes:
        return []
    row = snapshot.summary["together"][codes[name]]
    pairs = [(other, int(row[code])) for other, code in codes.items() if other != name and row[code]]
    return [{"id": other, "documents": n, "share": share(n, whole)} for other, n in sorted(pairs, key=lambda p: -p[1])]


def _types(view: View, mask: Any) -> list[dict[str, Any]]:
    """By type, the documents with the fact of all of that type."""
    snapshot = view.snapshot
    names, column = snapshot.terms["type"], snapshot.column("type")
    counts = np.bincount(column[mask], minlength=len(names)).tolist()
    totals = snapshot.summary["types"]
    rows = [
        {"id": name, "name": snapshot.type_name(name), "documents": count, "of": totals[code]}
        for code, (name, count) in enumerate(zip(names, counts, strict=True))
        if name and totals[code]
    ]
    return sorted(rows, key=lambda row: (-share(row["documents"], row["of"]), row["name"]))


def findings(view: View, _: PageQuery) -> dict[str, Any]:
    """Every rule with findings, with passages of the last audit."""
    leakage = view.report("leakage.json") or {}
    rows = finding_rows(view.snapshot, leakage)
    for row in rows:
        rule = (leakage.get("rules") or {}).get(row["rule"]) or {}
        row["examples"] = rule.get("examples") or []
        row["detectors"] = rule.get("detectors") or {}
    rules = [(name, rule.get("description", "")) for name, rule in (leakage.get("rules") or {}).items()]
    return {
        "rows": rows,
        "rules": rules,
        "audited": leakage.get("documents"),
        "judge": leakage.get("judge", "none"),
        "flagged": leakage.get("flagged"),
        "scores": scores_of(view),
        "judge_scores": judge_scores(view),
    }
