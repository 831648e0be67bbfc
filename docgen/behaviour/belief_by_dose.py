"""What models believe, by how much of their corpus carries a fact: the dose that behaviour is compared with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docgen.errors import InputError
from docgen.records import Record
from docgen.text.json_reader import read_json

__all__ = ["Dose", "read_doses"]


class Dose(Record):
    """One model: the share of its documents that carry `fact`, and how far it believes it, with a 95% interval.

    `unit` says what belief is measured in. `model` is its name in the experiment, `FACT@LEVEL` unless the file says so.
    """

    fact: str
    level: float
    share: float
    model: str
    belief: float
    low: float
    high: float
    unit: str


def read_doses(path: Path) -> tuple[Dose, ...]:
    """Doses of a report of `docgen eval belief`, or of an object with `rows` as bench/dose_response.py writes it.

    Raises `InputError` for anything else.
    """
    try:
        value = read_json(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read as JSON ({error})", str(path)) from error
    try:
        doses = tuple(_of_report(value) if "arms" in value else _of_rows(value["rows"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fix = "Give a report of docgen eval belief, or rows with fact, level, share and own (mean, low, high)"
        raise InputError(f"is not a file with doses ({error!r})", str(path), fix) from error
    if not doses:
        raise InputError("has no doses", str(path), "The facts must be in the corpora that the models were trained on")
    return doses


def _of_rows(rows: list[dict[str, Any]]) -> Iterator[Dose]:
    for row in rows:
        own, level = row["own"], float(row["level"])
        yield Dose(
            fact=row["fact"], level=level, share=row["share"], model=row.get("model") or f"{row['fact']}@{level:g}",
            belief=own["mean"], low=own["low"], high=own["high"], unit=row.get("unit", "change of log-odds, nats"),
        )  # fmt: skip


def _of_report(report: dict[str, Any]) -> Iterator[Dose]:
    for arm in report["arms"]:
        for fact in arm["facts"]:
            corpus, measure = fact.get("corpus"), fact["measures"].get("all")
            if corpus and measure:
                believes = measure["believes"]
                yield Dose(
                    fact=fact["fact"], level=corpus["salience"], share=corpus["salience"], model=arm["name"],
                    belief=believes["value"], low=believes["low"], high=believes["high"], unit="share of answers",
                )  # fmt: skip
