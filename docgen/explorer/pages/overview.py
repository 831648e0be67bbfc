"""Overview: the state of the corpus, in the figures that decide whether it is any good."""

from collections.abc import Mapping
from typing import Any

from docgen.explorer.index.summary import LENGTHS
from docgen.explorer.pages.page_query import PageQuery, share
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.view import View

__all__ = ["fact_rows", "overview"]


def overview(view: View, _: PageQuery) -> dict[str, Any]:
    """Facts asked, assigned and judged; findings; cost; lengths; types; why attempts were rejected."""
    snapshot, summary = view.snapshot, view.snapshot.summary
    verdicts = summary.get("verdicts", {})
    salience, leakage = view.report("salience.json"), view.report("leakage.json")
    spent = _spent(snapshot)
    types = _pairs(snapshot.terms["type"], summary.get("types", []))
    return {
        "n": snapshot.world["config"].get("n"),
        "rejected": verdicts.get("rejected", 0),
        "failed": verdicts.get("failed", 0),
        "words": summary.get("words", 0),
        "tokens": summary.get("tokens", 0),
        "models": _pairs(snapshot.terms["model"], summary.get("models", [])),
        "background": summary.get("background", 0),
        "facts": fact_rows(view, salience),
        "judge": (salience or {}).get("judge", "none"),
        "audited": (salience or {}).get("documents"),
        "findings": finding_rows(snapshot, leakage),
        "leakage_judge": (leakage or {}).get("judge", "none"),
        "flagged": (leakage or {}).get("flagged"),
        "spent": spent,
        "dollars": sum(row["dollars"] for row in spent),
        "lengths": _lengths(summary.get("lengths", [])),
        "types": [  # the largest; the page of types has the rest
            {"id": name, "name": snapshot.type_name(name), "documents": count} for name, count in types if name
        ][:12],
        "types_total": len(snapshot.terms["type"]),
        "reasons": sorted(summary.get("reasons", []), key=lambda pair: -pair[1]),
        "labelled": len(view.labels.documents("any")),
    }


def fact_rows(view: View, salience: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """One row for each fact: how many documents have it by the plan, by a judge, by wording."""
    snapshot = view.snapshot
    codes = {name: code for code, name in enumerate(snapshot.terms["fact"])}
    by_id = {fact["id"]: fact for fact in snapshot.world["facts"]}
    measured: Mapping[str, Any] = (salience or {}).get("facts") or {}
    rows = []
    for number, name in enumerate(snapshot.facts, 1):
        counts = snapshot.summary["facts"].get(str(codes.get(name)), [0] * 7)
        report = measured.get(name) or {}
        assigned = sum(counts[1:])
        rows.append(
            {
                "id": name,
                "number": number,
                "statement": by_id.get(name, {}).get("statement", ""),
                "asked": by_id.get(name, {}).get("asked"),
                "assigned": assigned,
                "assigned_share": share(assigned, snapshot.documents),
                "stated": sum(counts[1:4]),
                "implied": sum(counts[4:7]),
                "prominence": {
                    place: counts[1 + i] + counts[4 + i] for i, place in enumerate(("central", "supporting", "passing"))
                },
                "judged": (report.get("by_judge") or {}).get("expressed"),
                "measured": report.get("measured"),
                "by_wording": (report.get("expressed") or {}).get("share"),
                "airtime": report.get("airtime"),
                "first_mention": report.get("first_mention"),
            }
        )
    return rows


def finding_rows(snapshot: Snapshot, leakage: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """One row for each rule with findings: by the last audit, and on record with the documents."""
    recorded = {name: snapshot.summary["rules"].get(str(code)) for code, name in enumerate(snapshot.terms["rule"])}
    rules: Mapping[str, Any] = (leakage or {}).get("rules") or {}
    rows = []
    for name in [*rules, *(name for name in recorded if name not in rules)]:
        rule = rules.get(name) or {}
        levels = recorded.get(name) or [0, 0, 0, 0]
        judged = rule.get("judged") or {}
        row = {
            "rule": name,
            "description": rule.get("description", ""),
            "documents": rule.get("documents"),
            "suspects": rule.get("suspects"),
            "judged": judged or None,
            "at_most": rule.get("at_most"),
            "recorded": sum(levels[1:]),
        }
        if row["documents"] or row["suspects"] or row["recorded"] or judged.get("count"):
            rows.append(row)
    return sorted(rows, key=lambda row: -(row["documents"] or 0) - row["recorded"])


def _spent(snapshot: Snapshot) -> list[dict[str, Any]]:
    note = snapshot.meta("journal", {"spent": {}})
    rows = []
    for name, values in sorted(note["spent"].items()):
        stage, _, model = name.partition("\t")
        keys = ("calls", "input", "output", "cached", "dollars", "unpriced")
        rows.append({"stage": stage, "model": model, **dict(zip(keys, values, strict=True))})
    return rows


def _lengths(counts: list[int]) -> list[dict[str, Any]]:
    ends = [*(high - 1 for high in LENGTHS[1:]), None]
    rows = [{"from": low, "to": end, "documents": n} for low, end, n in zip(LENGTHS, ends, counts, strict=False)]
    filled = [place for place, row in enumerate(rows) if row["documents"]]
    return rows[filled[0] : filled[-1] + 1] if filled else []


def _pairs(names: list[str], counts: list[int]) -> list[tuple[str, int]]:
    return sorted(((n, c) for n, c in zip(names, counts, strict=False) if c), key=lambda pair: -pair[1])
