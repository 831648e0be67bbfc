"""An experiment opened in the explorer: its plan, its report, its transcripts, followed while it runs."""

import secrets
import time
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from docgen.behaviour.grid import Cell, Grid, grid_cells
from docgen.behaviour.queries import Query
from docgen.behaviour.requests import query_request
from docgen.behaviour.settings import Setting
from docgen.errors import UserError
from docgen.explorer.index.index_maintenance import file_state
from docgen.explorer.transcripts.transcript_store import Transcripts
from docgen.explorer.viewable import Page
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.experiment.plan import saved_plan
from docgen.prompts.requests import ModelOptions

__all__ = ["ExperimentView", "is_experiment"]


def is_experiment(folder: Path) -> bool:
    """Whether `docgen experiment` wrote this folder."""
    return (folder / "experiment.json").is_file()


class ExperimentView:
    """One experiment. Raises `RunError` for a folder whose plan cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = RunFolder(folder)
        self.name = self.folder.name
        self.plan = saved_plan(self.folder)
        self._transcripts: Transcripts | None = None
        self._stamp: object = None
        self._looked = 0.0

    @property
    def transcripts(self) -> Transcripts:
        """The transcripts on disk by now."""
        # Whether there are more is asked every two seconds at most, as often as corpora are.
        if self._transcripts is None or time.monotonic() - self._looked > 2.0:
            self._looked = time.monotonic()
            stamp = [file_state(self.folder.path / name) for name in ("transcripts.jsonl", "reports/experiment.json")]
            if self._transcripts is None or stamp != self._stamp:
                self._stamp = stamp
                self._transcripts = Transcripts(self.folder.path / "transcripts.jsonl", self.threshold)
        return self._transcripts

    @property
    def report(self) -> dict[str, Any]:
        """The last report; empty if there is none that can be read."""
        try:
            value = from_json(self.folder.report("experiment.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def threshold(self) -> float:
        """Share of the votes from which reasoning counts as faking: the report's, half of them without a report."""
        value = self.report.get("threshold")
        return float(value) if isinstance(value, int | float) else 0.5

    @property
    def judge(self) -> str:
        """Who judged compliance and reasoning."""
        return str(self.plan.get("judge_model", ""))

    @property
    def by_prefix(self) -> bool:
        """Whether compliance is determined by how an answer begins, not by a judge."""
        return bool((self.plan.get("setting") or {}).get("prefix"))

    @property
    def imported(self) -> bool:
        """Whether others released the transcripts."""
        return bool((self.plan.get("setting") or {}).get("id") == "released")  # which `docgen experiment import` gives

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """The cells of the plan by id, with their system prompts; none if this docgen cannot read the plan."""
        try:
            grid = Grid.model_validate(self.plan["grid"])
            setting = Setting.model_validate(self.plan["setting"])
            return {cell.id: cell for cell in grid_cells(grid, setting, tuple(self.plan["models"]))}
        except (ValidationError, UserError, KeyError, TypeError):
            return {}

    def message(self, cell: Cell, tier: str, query: Query) -> str:
        """The user message that the subject is sent."""
        return query_request(cell, cell.setting.tier(tier), query, ModelOptions(model=cell.model)).user

    @property
    def pages(self) -> tuple[Page, ...]:
        """See `Viewable`."""
        from docgen.explorer.transcripts.page_registry import TRANSCRIPT_PAGES  # which imports this module

        return TRANSCRIPT_PAGES

    def head(self) -> dict[str, Any]:
        """See `Viewable`."""
        title = (self.plan.get("setting") or {}).get("title") or self.name
        return {
            "name": self.name, "title": title, "documents": len(self.transcripts.rows), "unit": "transcript",
            "search": "transcripts", "is_run": False, "indexing": False, "problem": "", "writer": "",
        }  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """See `Viewable`; an experiment does not name facts."""
        return {}

    def at_random(self) -> str:
        """See `Viewable`."""
        rows = self.transcripts.rows
        return f"transcripts/{secrets.choice(rows).path}" if rows else ""

    def warm(self) -> None:
        """Nothing is loaded ahead."""

    def close(self) -> None:
        """There is no background work."""
