"""Attempts that were not accepted: by reason, each with the decisive passage, and its prompt."""

from collections.abc import Mapping
from typing import Any

from docgen.explorer.highlighting import MAX_SCANNED_CHARS, Span
from docgen.explorer.index.entries import DAMAGED
from docgen.explorer.pages.documents.document import attempts_of, differing, read_text, slot_number
from docgen.explorer.pages.documents.documents import title_of
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.view import View
from docgen.text import find_normalised

__all__ = ["attempt", "duplicates", "find_attempt", "rejected"]

PAGE_ROWS = 40
"""Attempts on a page. Chosen: each is read from the disk, and has some lines of reasons."""


def rejected(view: View, query: PageQuery) -> dict[str, Any]:
    """The reasons with their counts, and the attempts of one of them, page by page."""
    from docgen.stages.check import REASONS  # which loads every detector

    snapshot = view.snapshot
    verdicts = snapshot.summary.get("verdicts", {})
    code, subject, after = query.get("code"), query.get("subject"), query.number("after")
    start = -1 if after is None else after
    if code:
        named = " AND subject = ?" if subject else ""
        ids = snapshot.rows(
            f"SELECT DISTINCT attempt FROM reason WHERE code = ? AND attempt > ?{named} ORDER BY attempt LIMIT ?",
            *(value for value in (code, start, subject) if value != ""), PAGE_ROWS + 1,
        )  # fmt: skip
    else:
        sql = "SELECT id FROM attempt WHERE id > ? AND verdict != ? ORDER BY id LIMIT ?"
        ids = snapshot.rows(sql, start, DAMAGED, PAGE_ROWS + 1)
    sql = "SELECT id, slot, number, verdict, at, size FROM attempt WHERE id = ?"
    rows = [snapshot.rows(sql, id_)[0] for (id_,) in ids]
    return {
        "codes": [
            {"code": name, "meaning": REASONS.get(name, ""), "attempts": count}
            for name, count in sorted(snapshot.summary.get("reasons", []), key=lambda pair: -pair[1])
        ],
        "subjects": snapshot.summary.get("subjects", {}).get(code, []),
        "code": code,
        "subject": subject,
        "total": sum(count for verdict, count in verdicts.items() if verdict != DAMAGED),
        "damaged": verdicts.get(DAMAGED, 0),
        "rows": [_row(snapshot, *row) for row in rows[:PAGE_ROWS]],
        "after": rows[PAGE_ROWS - 1][0] if len(rows) > PAGE_ROWS else None,
    }


def _row(snapshot: Snapshot, _: int, slot: int, number: int, verdict: str, at: int, size: int) -> dict[str, Any]:
    record = snapshot.attempt(at, size)
    reasons = record.get("reasons") or []
    return {
        "slot": slot,
        "number": number,
        "verdict": verdict,
        "title": title_of(str(record["text"])),
        "words": record.get("words", 0),
        "type_name": snapshot.type_name(str(record.get("doc_type", ""))),
        "reasons": [
            {key: str(reason.get(key, "")) for key in ("code", "subject", "detail", "evidence")} for reason in reasons
        ],
    }


def find_attempt(snapshot: Snapshot, slot: int, number: int) -> dict[str, Any] | None:
    """One attempt of a slot, accepted or not."""
    rows = snapshot.rows("SELECT at, size FROM attempt WHERE slot = ? AND number = ?", slot, number)
    if rows:
        return snapshot.attempt(*rows[0])
    doc = snapshot.in_slot(slot)
    return snapshot.record(doc) if doc is not None and int(snapshot.column("number")[doc]) == number else None


def attempt(view: View, query: PageQuery) -> dict[str, Any]:
    """One attempt with its reasons; a near-duplicate next to the document that it repeats."""
    snapshot = view.snapshot
    name = query.path["id"]
    first, _, second = name.partition("-")
    if not (first.isdecimal() and second.isdecimal() and len(name) < 30):
        raise PageNotFound(f"no attempt {name!r}; addresses are SLOT-NUMBER")
    slot, number = int(first), int(second)
    record = find_attempt(snapshot, slot, number)
    if record is None:
        raise PageNotFound(f"no attempt {number} of slot {slot}")
    text, kind = str(record["text"]), str(record.get("doc_type", ""))
    reading = read_text(view, record, snapshot.type_name(kind), snapshot.idea_text(str(record.get("idea", ""))))
    return {
        "slot": slot,
        "number": number,
        "verdict": record["verdict"],
        "title": title_of(text),
        "text": text,
        "type": kind,
        "type_name": snapshot.type_name(kind),
        "idea_text": snapshot.idea_text(str(record.get("idea", ""))),
        "facts": record.get("facts") or [],
        "reasons": record.get("reasons") or [],
        "draft": record.get("draft") or "",
        "stop_reason": record.get("stop_reason", ""),
        "model": record.get("model", ""),
        "words": record.get("words", 0),
        **reading,
        "verdicts": [],
        "labels": [],
        "span": query.get("span"),
        "part": query.number("part"),
        "attempts": attempts_of(snapshot, slot, snapshot.in_slot(slot)),
        "twin": _twin(snapshot, record, text),
    }


def evidence_spans(page: Mapping[str, Any]) -> list[Span]:
    """The passages that decided against an attempt."""
    spans = []
    for reason in page["reasons"]:
        text, evidence = page["text"], str(reason.get("evidence") or "")
        place = find_normalised(text, evidence) if len(text) < MAX_SCANNED_CHARS else None
        if place:
            title = f"{reason.get('code')}: {reason.get('detail')}"
            spans.append(Span(*place, "rule", str(reason.get("code")), "!", title))
    return spans


def _twin(snapshot: Snapshot, record: Mapping[str, Any], text: str) -> dict[str, Any] | None:
    """The accepted document that an attempt repeats, and the passages in which the two differ."""
    for reason in record.get("reasons") or ():
        slot = slot_number(str(reason.get("subject", ""))) if reason.get("code") == "near_duplicate" else None
        doc = snapshot.in_slot(slot) if slot is not None else None
        if doc is not None:
            other = str(snapshot.record(doc)["text"])
            here, there = differing(text, other, 200_000)
            return {"id": snapshot.id_of(doc), "text": other, "here": here, "there": there}
    return None


def duplicates(view: View, query: PageQuery) -> dict[str, Any]:
    """Near-duplicates: attempts rejected for that reason with what they repeat, and what dedupe last measured."""
    snapshot, after = view.snapshot, query.number("after")
    rows = snapshot.rows(
        "SELECT a.id, a.slot, a.number, a.verdict, a.at, a.size FROM reason r JOIN attempt a ON a.id = r.attempt"
        " WHERE r.code = 'near_duplicate' AND a.id > ? ORDER BY a.id LIMIT ?",
        -1 if after is None else after, PAGE_ROWS + 1,
    )  # fmt: skip
    listed = []
    for row in rows[:PAGE_ROWS]:
        entry = _row(snapshot, *row)
        subject = next((r["subject"] for r in entry["reasons"] if r["code"] == "near_duplicate"), "")
        doc = snapshot.in_slot(int(subject)) if subject.isdecimal() else snapshot.find(subject)
        entry["of"] = (
            None if doc is None else {"id": snapshot.id_of(doc), "title": title_of(str(snapshot.record(doc)["text"]))}
        )
        listed.append(entry)
    counts = dict(snapshot.summary.get("reasons", []))
    report = view.report("dedupe.json") or {}
    keys = ("documents", "kept", "removed", "exact", "near", "settings", "jaccard_histogram", "cluster_sizes")
    return {
        "rows": listed,
        "after": rows[PAGE_ROWS - 1][0] if len(rows) > PAGE_ROWS else None,
        "turned_away": counts.get("near_duplicate", 0),
        "report": {key: report[key] for key in keys if key in report} or None,
    }
