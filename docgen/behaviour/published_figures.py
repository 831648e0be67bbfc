"""Published figures, which rows of a grid are compared with."""

import csv
from functools import cache

from docgen.behaviour.situation import Reasoning
from docgen.behaviour.yaml_records import DATA
from docgen.records import Record

__all__ = ["Published", "published_rows"]

TABLE = DATA / "published" / "greenblatt_2024.csv"


class Published(Record):
    """Figures of a published row, in percent and points: alignment-faking reasoning in training, non-compliance in
    training and unmonitored, and their gap. None where the source gives none. `standard_error` is the gap's, `number`
    the row's in the source's table, `reasoning` the mode that they are of (None: any)."""

    row: str
    model: str
    faking: float | None = None
    trained: float | None = None
    unmonitored: float | None = None
    gap: float | None = None
    standard_error: float | None = None
    number: int | None = None
    reasoning: Reasoning | None = None
    source: str = "Greenblatt et al. 2024"


@cache
def published_rows() -> dict[int, tuple[str, Published, str]]:
    """By number the rows of tables 10 and 11 of Greenblatt et al. 2024 (appendix G.2, G.3), with their setting, and why
    no shipped grid has the row ("" where one has)."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {int(row["number"]): (row["setting"], _row(row), row["not_shipped"]) for row in csv.DictReader(file)}


def _row(row: dict[str, str]) -> Published:
    figures = {name: float(row[name]) for name in ("faking", "trained", "unmonitored", "gap")}
    return Published(
        row=row["row"], model=row["model"], number=int(row["number"]), reasoning="scratchpad",
        standard_error=float(row["gap_error"]), **figures,
    )  # fmt: skip
