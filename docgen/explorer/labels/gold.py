"""Labels as a gold file: the completely labelled documents, in the form that `docgen audit calibrate` reads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from docgen.explorer.labels.store import Label, LabelStore

__all__ = ["GoldDocument", "complete_documents", "gold_lines"]

WEIGHT = {"absent": 0, "implied": 1, "stated": 2, "contradicted": 3}
"""What a document says about a fact is the strongest verdict that was marked in it; a denial outweighs all, as in
audits."""


@dataclass(frozen=True)
class GoldDocument:
    """One completely labelled document. What is not named is absent, or clean."""

    id: str
    text: str
    doc_type: str
    facts: Mapping[str, str]
    leaks: Sequence[tuple[str, str]]
    draw: int | None = None


def complete_documents(store: LabelStore) -> list[GoldDocument]:
    """The documents marked complete, with the text that they had then; the oldest first."""
    by_text: dict[tuple[str, str], list[Label]] = {}
    for label in store.all():
        by_text.setdefault((label.document, label.digest), []).append(label)
    documents = []
    for (name, key), labels in by_text.items():
        whole = [label for label in labels if label.kind == "whole"]
        text, doc_type = store.text(key)
        if not whole or not text:
            continue
        facts: dict[str, str] = {}
        for label in labels:
            if label.kind == "fact" and WEIGHT[label.verdict] >= WEIGHT[facts.get(label.subject, "absent")]:
                facts[label.subject] = label.verdict
        leaks = [(label.subject, label.quote) for label in labels if label.kind == "rule" and label.verdict == "broken"]
        draw = next((label.draw for label in whole if label.draw is not None), None)
        documents.append(GoldDocument(name, text, doc_type, facts, leaks, draw))
    return documents


def gold_lines(documents: Iterable[GoldDocument], facts: Sequence[str]) -> list[str]:
    """One JSON object for each document; `facts` are those that each of them is labelled for."""
    return [
        json.dumps(
            {
                "id": document.id,
                "doc_type": document.doc_type,
                "text": document.text,
                "facts": {**dict.fromkeys(facts, "absent"), **document.facts},
                "leaks": [{"rule": rule, "evidence": quote} for rule, quote in document.leaks],
            },
            ensure_ascii=False,
        )
        for document in documents
    ]
