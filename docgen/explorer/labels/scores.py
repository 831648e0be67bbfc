"""Precision and recall of the detectors by wording, against what people have labelled so far."""

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.explorer.labels.gold import complete_documents, gold_lines

if TYPE_CHECKING:
    from docgen.explorer.view import View

__all__ = ["scores_of"]


def scores_of(view: "View") -> dict[str, Any] | None:
    """What `docgen audit calibrate` says of the labels, by the same code; None without a document labelled whole."""
    if view.context_file is None:
        return None
    documents = complete_documents(view.labels)
    if not documents:
        return None
    lines = "\n".join(gold_lines(documents, view.snapshot.facts)) + "\n"
    return _scored(str(view.context_file), lines)


@lru_cache(maxsize=4)
def _scored(context_file: str, lines: str) -> dict[str, Any] | None:
    from docgen.audit.measure.calibration import read_gold
    from docgen.pipeline.audit.calibrate import GoldSet
    from docgen.universe.context_files import load_context

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "labels.jsonl"
        file.write_text(lines, "utf-8")
        calibration = GoldSet(file, read_gold(file), load_context(Path(context_file))).calibration()
    if calibration is None:
        return None
    scores: dict[str, Any] = calibration.model_dump(mode="json")
    return scores | {
        "by_fact": {score["subject"]: score for score in scores["facts"]},
        "by_rule": {score["subject"]: score for score in scores["rules"]},
    }
