"""Labels: what was labelled so far, how detectors compare with it, and blind draws."""

import json
from typing import Any

from docgen.explorer.labels.gold import GoldDocument, complete_documents
from docgen.explorer.labels.scores import judge_scores, scores_of
from docgen.explorer.labels.stratified_draws import estimate
from docgen.explorer.pages.documents.document import document
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.view import View

__all__ = ["blind", "blind_document", "labels", "rules_of"]


def labels(view: View, _: PageQuery) -> dict[str, Any]:
    """The newest labels, counts of each kind, and the scores of the detectors."""
    every = view.labels.all()
    counts: dict[str, int] = {}
    for label in every:
        word = label.verdict if label.kind in ("document", "whole") else f"{label.kind} {label.verdict}"
        counts[word] = counts.get(word, 0) + 1
    shown = [label for label in every if label.kind != "read"]
    return {
        "counts": counts,
        "documents": len({label.document for label in shown}),
        "complete": len(complete_documents(view.labels)),
        "rows": [label.as_json() for label in reversed(shown[-200:])],  # gold.jsonl has them all
        "total": len(shown),
        "scores": scores_of(view),
        "judge_scores": judge_scores(view),
        "why_not": view.labels.why_not,
        "who": view.who,
    }


def rules_of(view: View) -> list[tuple[str, str]]:
    """Rules that a label can name, with what they forbid."""
    if view.detectors is not None:
        return [(rule.id, rule.description) for rule in view.detectors.leaks.rules]
    return [(name, "") for name in view.snapshot.terms["rule"]]


def blind(view: View, _: PageQuery) -> dict[str, Any]:
    """The draws so far with their progress and estimates, and what a new one can be about."""
    documents = complete_documents(view.labels)
    return {
        "draws": [_draw(view, row, documents) for row in view.labels.draws()],
        "facts": view.snapshot.facts,
        "rules": [name for name, _ in rules_of(view)],
        "why_not": view.labels.why_not,
    }


def _draw(view: View, row: dict[str, Any], documents: list[GoldDocument]) -> dict[str, Any]:
    sizes: dict[str, int] = json.loads(row["strata"])
    drawn = view.labels.drawn(row["id"])
    done = {gold.id: gold for gold in documents}
    by_stratum: dict[str, list[bool]] = {}
    for name, stratum in drawn:
        if name in done:
            by_stratum.setdefault(stratum, []).append(_is_true(done[name], row["subject"]))
    return row | {
        "strata": [
            {"name": name, "documents": size, "drawn": sum(s == name for _, s in drawn),
             "labelled": len(by_stratum.get(name, ())), "true": sum(by_stratum.get(name, ()))}
            for name, size in sizes.items()
        ],
        "drawn": len(drawn),
        "labelled": sum(name in done for name, _ in drawn),
        "estimate": estimate(sizes, by_stratum).as_json(),
    }  # fmt: skip


def _is_true(gold: GoldDocument, subject: str) -> bool:
    """Whether a document has the subject of a draw: it expresses the fact, or breaks the rule (any rule for "")."""
    kind, _, name = subject.partition(":")
    if kind == "fact":
        return gold.facts.get(name, "absent") in ("stated", "implied")
    return any(not name or rule == name for rule, _ in gold.leaks)


def blind_document(view: View, query: PageQuery) -> dict[str, Any]:
    """The next document of a draw, without anything that detectors or judges say about it."""
    if not query.path["id"].isdecimal():
        raise PageNotFound("no such draw")
    draw = int(query.path["id"])
    drawn = view.labels.drawn(draw)
    if not drawn:
        raise PageNotFound(f"no draw {draw}")
    done = view.labels.documents("complete")
    place = query.number("at")
    if place is None or place >= len(drawn):
        place = next((i for i, (name, _) in enumerate(drawn) if name not in done), None)
    subject = next((str(row["subject"]) for row in view.labels.draws() if row["id"] == draw), "")
    about = {"subject": subject, "question": _question(view, subject)}
    page: dict[str, Any] = about | {
        "draw": draw,
        "drawn": len(drawn),
        "labelled": sum(name in done for name, _ in drawn),
    }
    if place is None:
        return page | {"place": None}
    whole = document(view, PageQuery({"id": drawn[place][0]}, query.items))
    # Named one by one, so that nothing that is added to the page of a document makes this one less blind.
    keys = ("id", "title", "text", "type", "type_name", "words", "labels", "span", "part")
    return page | {"place": place, **{key: whole[key] for key in keys}}


def _question(view: View, subject: str) -> str:
    """What a draw asks about each document, in words."""
    kind, _, name = subject.partition(":")
    if kind == "fact":
        statements = {fact["id"]: str(fact["statement"]) for fact in view.snapshot.world["facts"]}
        return f"Does it state, imply or deny this? {statements.get(name, name)}"
    return (
        f"Does it break the rule {name.replace('_', ' ')}? {dict(rules_of(view)).get(name, '')}"
        if name
        else "Does it break any rule?"
    )
