"""Precision and recall of detection by wording, and of the judge, against what people have labelled so far."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.explorer.labels.gold import GoldDocument, complete_documents, gold_lines

if TYPE_CHECKING:
    from docgen.audit.judge.verdicts import Verdicts
    from docgen.explorer.view import View
    from docgen.pipeline.audit.calibration import GoldSet

__all__ = ["judge_scores", "scores_of"]


def scores_of(view: "View") -> dict[str, Any] | None:
    """What `docgen audit calibrate` says about the labels, by the same code; None without a completely labelled
    document."""
    documents = complete_documents(view.labels)
    if view.context_file is None or not documents:
        return None
    return _scored(str(view.context_file), _lines(view, documents))


def judge_scores(view: "View") -> dict[str, Any] | None:
    """The same for the judge, on the labelled documents that it had read; None if there are none."""
    from docgen.pipeline.audit.calibration import JudgedGold

    documents, judges = complete_documents(view.labels), view.judges
    if view.context_file is None or judges is None or not documents:
        return None
    verdicts = [_said(view, document) for document in documents]
    if not any(verdicts):
        return None
    with _gold_set(str(view.context_file), _lines(view, documents)) as gold:
        calibration = gold.calibration(JudgedGold(judges.panel, tuple(verdicts)))
    return None if calibration is None else _as_page(calibration.model_dump(mode="json"))


def _said(view: "View", document: GoldDocument) -> "Verdicts | None":
    """The judge's verdicts on a document, if its text is still the one that was labelled."""
    snapshot = view.snapshot
    doc = snapshot.find(document.id)
    record = None if doc is None else snapshot.record(doc)
    same = record is not None and record["text"] == document.text
    return view.judges.read(snapshot, record) if same and record is not None and view.judges else None


def _lines(view: "View", documents: Sequence[GoldDocument]) -> str:
    return "\n".join(gold_lines(documents, view.snapshot.facts)) + "\n"


@contextmanager
def _gold_set(context_file: str, lines: str) -> "Iterator[GoldSet]":
    from docgen.audit.measure.calibration import read_gold
    from docgen.pipeline.audit.calibration import GoldSet
    from docgen.universe.context_files import load_context

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "labels.jsonl"
        file.write_text(lines, "utf-8")
        yield GoldSet(file, read_gold(file), load_context(Path(context_file)))


@lru_cache(maxsize=4)
def _scored(context_file: str, lines: str) -> dict[str, Any] | None:
    with _gold_set(context_file, lines) as gold:
        calibration = gold.calibration()
    return None if calibration is None else _as_page(calibration.model_dump(mode="json"))


def _as_page(scores: dict[str, Any]) -> dict[str, Any]:
    by = {f"by_{kind}": {score["subject"]: score for score in scores[f"{kind}s"]} for kind in ("fact", "rule")}
    return scores | by
