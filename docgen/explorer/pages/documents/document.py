"""One document: its text with everything known about its passages, its slot, its attempts, its neighbours."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from docgen.explorer.highlighting import MAX_SCANNED_CHARS, Span
from docgen.explorer.labels.store import Label
from docgen.explorer.pages.documents.documents import document_rows, title_of
from docgen.explorer.pages.page_query import PageNotFound, PageQuery, fact_numbers
from docgen.explorer.read.filters import Filters
from docgen.explorer.read.listing import neighbours_in
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.read.verdicts import judge_verdicts
from docgen.explorer.view import View
from docgen.records import slot_of
from docgen.text.word_definition import split_words

__all__ = ["PAGE_CHARS", "document", "spans_of"]

PAGE_CHARS = 60_000
"""Characters of a text on one page; a longer text continues on the next."""
MAX_NEIGHBOURS = 8
"""Neighbours and near-duplicates shown."""
SEVERITY = {"error": "breaks", "warning": "may break", "info": "note on"}


def document(view: View, query: PageQuery) -> dict[str, Any]:
    """Everything about one document."""
    snapshot, name = view.snapshot, query.path["id"]
    doc = snapshot.find(name)
    if doc is None:
        raise PageNotFound(f"{name!r} is not among the accepted documents")
    record = snapshot.record(doc)
    text, identifier = str(record["text"]), snapshot.id_of(doc)
    kind, idea = snapshot.terms["type"][int(snapshot.column("type")[doc])], snapshot.idea_id(doc)
    reading = read_text(view, record, snapshot.type_name(kind), snapshot.idea_text(idea))
    labels = view.labels.of(identifier)
    before, after, place, total = neighbours_in(snapshot, query.filters, view.labels.documents, doc)
    slot = int(snapshot.column("slot")[doc])
    pattern = query.filters.query.pattern
    hits = islice(pattern.finditer(text), 500) if pattern else ()  # more would be a page of nothing but marks
    return {
        "id": identifier,
        "slot": slot,
        "title": title_of(text),
        "text": text,
        "type": kind,
        "type_name": snapshot.type_name(kind),
        "idea": idea,
        "idea_text": snapshot.idea_text(idea),
        "words": int(snapshot.column("words")[doc]),
        "tokens": int(snapshot.column("tokens")[doc]),
        "model": str(record.get("model", "")) or snapshot.terms["model"][int(snapshot.column("model")[doc])],
        "facts": _facts(snapshot, record, reading["sightings"]),
        **reading,
        "verdicts": judge_verdicts(view, record),
        "plan": snapshot.slot(slot) if view.run else None,
        "attempts": attempts_of(snapshot, slot, doc) if view.run else [],
        "twins": side_by_side(text, twins_of(snapshot, slot)) if view.run else [],
        "by_idea": _neighbours(view, snapshot, doc, kind),
        "labels": [label.as_json() for label in labels],
        "filters": {"address": query.filters.address(), "place": place, "total": total},
        "before": None if before is None else snapshot.id_of(before),
        "after": None if after is None else snapshot.id_of(after),
        "hits": [hit.span() for hit in hits],
        "span": query.get("span"),
        "part": query.number("part"),
    }


def read_text(view: View, record: Mapping[str, Any], kind: str, idea: str) -> dict[str, Any]:
    """Passages by wording and findings: those on record, and those of the scan tier as it is now."""
    text = str(record["text"])
    recorded = [dict(finding) for finding in record.get("findings") or ()]
    detectors = view.detectors
    if detectors is None:
        return {"sightings": [], "findings": recorded, "unscanned": len(text) > MAX_SCANNED_CHARS}
    assigned = {str(fact["fact"]) for fact in record.get("facts") or ()}
    sightings = detectors.sightings(text, record.get("quotes") or ())
    places = {(finding["rule"], finding.get("start")) for finding in recorded}
    findings = detectors.findings(text, assigned if view.run else None, sightings, kind, idea)
    extra = [finding.model_dump() for finding in findings if (finding.rule, finding.start) not in places]
    rows = [
        {"fact": s.fact, "verdict": s.verdict, "detector": s.detector, "start": s.start, "end": s.end}
        for s in sightings
    ]
    return {"sightings": rows, "findings": recorded + extra, "unscanned": len(text) > MAX_SCANNED_CHARS}


def _facts(
    snapshot: Snapshot, record: Mapping[str, Any], sightings: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The facts that the document is to express, and others that it was seen to express."""
    numbers, statements = fact_numbers(snapshot), {f["id"]: f["statement"] for f in snapshot.world["facts"]}
    assigned = {str(fact["fact"]): fact for fact in record.get("facts") or ()}
    names = [*assigned, *dict.fromkeys(s["fact"] for s in sightings if s["fact"] not in assigned)]
    return [
        {
            "id": name,
            "number": numbers.get(name, 0),
            "statement": statements.get(name, ""),
            "assigned": name in assigned,
            "directness": assigned.get(name, {}).get("directness", ""),
            "prominence": assigned.get(name, {}).get("prominence", ""),
            "seen": [s for s in sightings if s["fact"] == name],
        }
        for name in sorted(names, key=lambda name: numbers.get(name, 0))
    ]


def spans_of(page: Mapping[str, Any], numbers: Mapping[str, int]) -> list[Span]:
    """What to mark in the text of a page."""
    spans = []
    for sighting in page["sightings"]:
        number = numbers.get(sighting["fact"], 0)
        # The style has eight colours; facts beyond that share them.
        style = f"f{number % 8}" + (" denied" if sighting["verdict"] == "contradicted" else "")
        title = f"{sighting['fact']}: {sighting['verdict']} (seen by {sighting['detector'].replace('_', ' ')})"
        spans.append(Span(sighting["start"], sighting["end"], "fact", sighting["fact"], str(number), title, style))
    for finding in page["findings"]:
        word = SEVERITY.get(finding.get("severity", ""), "breaks")
        title = f"{word} {finding['rule']}: {finding.get('explanation') or finding.get('detector', '')}"
        spans.append(Span(finding.get("start", 0), finding.get("end", 0), "rule", finding["rule"], "!", title))
    for verdict in page["verdicts"]:
        title = f"judge: {verdict['subject']} {verdict['verdict']}. {verdict['reason']}"
        spans.append(Span(verdict["start"], verdict["end"], "judge", verdict["subject"], "J", title))
    for label in page["labels"]:
        title = f"{label['who']}: {label['subject']} {label['verdict']}. {label['note']}"
        spans.append(Span(label["start"], label["end"], "label", label["subject"], "✎", title))
    spans += [Span(start, end, "hit") for start, end in page.get("hits", ())]
    return spans + [span for span in [link_span(page["span"])] if span]


def link_span(text: str) -> Span | None:
    """The passage that an address points at: "START-END"."""
    start, _, end = text.partition("-")
    if start.isdecimal() and end.isdecimal() and len(text) < 20 and int(start) < int(end):
        return Span(int(start), int(end), "link", title="the passage that the address points at")
    return None


def attempts_of(snapshot: Snapshot, slot: int, doc: int | None) -> list[dict[str, Any]]:
    """Every attempt of a slot with its reasons, in order."""
    rows = snapshot.rows("SELECT number, verdict, at, size FROM attempt WHERE slot = ? ORDER BY number, id", slot)
    listed = []
    for number, verdict, at, size in rows:
        listed.append(_attempt_row(snapshot.attempt(at, size), number, verdict))
    if doc is not None:
        record = snapshot.record(doc)
        listed.append(_attempt_row(record, int(record["number"]), "accepted"))
    return sorted(listed, key=lambda attempt: int(attempt["number"]))


def _attempt_row(record: Mapping[str, Any], number: int, verdict: str) -> dict[str, Any]:
    copied = {key: record.get(key, "") for key in ("key", "words", "idea")}
    return {"number": number, "verdict": verdict, **copied, "reasons": record.get("reasons") or []}


def twins_of(snapshot: Snapshot, slot: int) -> list[dict[str, Any]]:
    """Attempts that were rejected as near-duplicates of the document in a slot."""
    names = (str(slot), f"d{slot:07d}")
    rows = snapshot.rows(
        "SELECT a.slot, a.number, a.at, a.size FROM reason r JOIN attempt a ON a.id = r.attempt"
        " WHERE r.code = 'near_duplicate' AND r.subject IN (?, ?) ORDER BY a.id LIMIT ?",
        *names, MAX_NEIGHBOURS,
    )  # fmt: skip
    twins = []
    for other, number, at, size in rows:
        record = snapshot.attempt(at, size)
        detail = next((r.get("detail", "") for r in record["reasons"] if r.get("code") == "near_duplicate"), "")
        text = str(record["text"])
        twins.append({"slot": other, "number": number, "detail": detail, "title": title_of(text), "text": text})
    return twins


def side_by_side(text: str, twins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The twins with the passages in which each differs from the text, as far as that is quick to find."""
    for twin in twins:
        twin["here"], twin["there"] = differing(text, twin["text"], 20_000)  # short, since there may be several
    return twins


def differing(left: str, right: str, longest: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The passages in which two texts differ, in each of them; none if either has `longest` characters or more.

    Aligning two texts takes time that grows faster than their length, and somebody waits for the page.
    """
    from docgen.dedupe.report.text_diff import differences

    parts = differences(left, right) if max(len(left), len(right)) < longest else []
    return [(p.left_start, p.left_end) for p in parts], [(p.right_start, p.right_end) for p in parts]


def _neighbours(view: View, snapshot: Snapshot, doc: int, kind: str) -> list[dict[str, Any]]:
    """Documents of the same idea, then of the ideas of this type that share the most words with it."""
    name = snapshot.idea_id(doc)
    if not name:
        return []
    column = snapshot.column("idea")
    near = [int(other) for other in (column == column[doc]).nonzero()[0][: MAX_NEIGHBOURS + 1] if other != doc][
        :MAX_NEIGHBOURS
    ]
    same = len(near)
    for other in _near_ideas(snapshot, name, kind) if same < MAX_NEIGHBOURS else ():
        code = snapshot.code("idea", other)
        if code is not None:
            near += (column == code).nonzero()[0][:2].tolist()
        if len(near) >= MAX_NEIGHBOURS:
            break
    rows = document_rows(view, snapshot, near[:MAX_NEIGHBOURS], Filters())
    for place, row in enumerate(rows):
        row["idea_text"] = "" if place < same else snapshot.idea_text(snapshot.idea_id(near[place]))
    return rows


def _near_ideas(snapshot: Snapshot, name: str, kind: str) -> list[str]:
    """Other ideas of a type, those first that have most words in common with one (Jaccard)."""
    # Runs have some tens of ideas of a type; comparing 2,000 takes 30 ms, measured.
    rows = snapshot.rows("SELECT id, text FROM idea WHERE doc_type = ? LIMIT 2000", kind)
    words = {id_: frozenset(split_words(text.lower())) for id_, text in rows}
    own = words.pop(name, frozenset(split_words(snapshot.idea_text(name).lower())))

    def likeness(other: str) -> float:
        return len(own & words[other]) / (len(own | words[other]) or 1)

    return sorted((other for other in words if likeness(other) > 0), key=likeness, reverse=True)[: 4 * MAX_NEIGHBOURS]


def label_spans(labels: Sequence[Label]) -> list[Span]:
    """Passages that people marked."""
    return [
        Span(label.start, label.end, "label", label.subject, "✎", f"{label.subject} {label.verdict}")
        for label in labels
    ]


def slot_number(name: str) -> int | None:
    """The slot that an id refers to."""
    try:
        return slot_of(name)
    except ValueError:
        return None
