"""Reports of the last audit, as they lie on disk."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

__all__ = ["saved_report"]


class _Settings(BaseModel):
    threshold: float
    ngram: int


class _Duplicates(BaseModel):
    """What the pages need of the report of `docgen dedupe`."""

    documents: int
    removed: int
    exact: int
    near: int
    settings: _Settings


def saved_report(file: Path) -> dict[str, Any] | None:
    """A report as it was written; None if it is missing, damaged or from another version of docgen."""
    try:
        value = from_json(file.read_bytes())
        _shape(file.name).model_validate(value)
    except (OSError, ValueError):
        return None
    return dict(value)


def _shape(name: str) -> type[BaseModel]:
    from docgen.audit.measure.findings_by_rule import LeakageReport
    from docgen.audit.measure.salience.report import SalienceReport

    shapes: dict[str, type[BaseModel]] = {
        "salience.json": SalienceReport,
        "leakage.json": LeakageReport,
        "dedupe.json": _Duplicates,
    }
    return shapes[name]
