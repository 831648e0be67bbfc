"""Which of several duplicates stays: an order of all documents, those to be kept rather first.

Every rule is a total order that depends on the documents only, ties broken by id, so the kept set is the same however
the rows are arranged. The exception says so in its name: "file-order".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.errors import ConfigError, InputError

__all__ = ["RULES", "Keep", "fact_names", "in_precedence"]

Rule = Literal["first", "longest", "best", "salience", "file-order"]
RULES: tuple[str, ...] = get_args(Rule)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Keep:
    """A keep rule.

    first: the lowest id. longest: the most words. best: the highest value in `column` (the lowest if it starts with
    "-", for instance "-findings"). salience: the document whose scarcest fact is scarcest, measured against `targets`
    (fact: share of documents; without targets, plain rarity), so that the duplicate whose facts are in surplus goes.
    file-order: whatever comes first in the files.
    """

    rule: Rule = "first"
    column: str | None = None
    targets: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ConfigError(f"no keep rule {self.rule!r}", "--keep", f"Choose from {', '.join(RULES)}")
        if (self.rule == "best") != (self.column is not None):
            raise ConfigError("keep rule 'best' and a column to judge by go together", "--best-by")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule reads."""
        if self.rule == "best" and self.column:
            return (self.column.removeprefix("-"),)
        return ("facts",) if self.rule == "salience" else ()


def in_precedence(keep: Keep, ids: pl.Series, sizes: Ints, table: pl.DataFrame) -> Ints:
    """All rows, those to be kept rather first. `sizes` are in words; `table` holds the rule's columns."""
    rows = np.arange(len(sizes))
    if keep.rule == "file-order":
        return rows
    by_id = ids.rank("ordinal").to_numpy().astype(np.int64) if len(ids) else rows
    scores = _scores(keep, sizes, table)
    return np.lexsort((by_id,) if scores is None else (by_id, scores)).astype(np.int64)


def _scores(keep: Keep, sizes: Ints, table: pl.DataFrame) -> Floats | None:
    """Lower is kept rather."""
    if keep.rule == "longest":
        return -sizes.astype(np.float64)
    if keep.rule == "best":
        return _by_column(table[keep.columns[0]], lowest=str(keep.column).startswith("-"))
    return _surplus(table["facts"], keep.targets) if keep.rule == "salience" else None


def _by_column(values: pl.Series, lowest: bool) -> Floats:
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        raise InputError(f"column {values.name!r} holds {values.dtype}, no numbers to judge by", "--best-by")
    numbers = values.cast(pl.Float64).fill_nan(None)
    return (numbers if lowest else -numbers).fill_null(np.inf).to_numpy()


def fact_names(facts: pl.Series) -> pl.Series:
    """Each row's list of fact ids, from lists of records with a field `fact`, lists of ids, or one id."""
    kind = facts.dtype
    if isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
        if "fact" not in [field.name for field in kind.inner.fields]:
            raise InputError("the records of column 'facts' have no field 'fact'")
        return facts.list.eval(pl.element().struct.field("fact"))
    if isinstance(kind, pl.List) and kind.inner in (pl.String, pl.Null):
        return facts.cast(pl.List(pl.String))
    if kind in (pl.String, pl.Null):
        return facts.cast(pl.String).to_frame().select(pl.concat_list(facts.name).list.drop_nulls()).to_series()
    raise InputError(f"column 'facts' holds {kind}", fix="Facts are a list of ids or of records with a field 'fact'")


def _surplus(facts: pl.Series, targets: Mapping[str, float] | None) -> Floats:
    """For each row the smallest count / target of its facts; infinite where it has none: such a document goes first."""
    pairs = pl.DataFrame({"row": np.arange(len(facts)), "fact": fact_names(facts)}).explode("fact").drop_nulls()
    counts = pairs.group_by("fact").agg(pl.len().alias("count"))
    wanted = pl.Series([(targets or {}).get(name, 1.0 if targets is None else 0.0) for name in counts["fact"]])
    ratios = counts.with_columns(ratio=pl.col("count") / wanted.cast(pl.Float64))
    lowest = pairs.join(ratios, on="fact").group_by("row").agg(pl.col("ratio").min())
    scores = np.full(len(facts), np.inf)
    scores[lowest["row"].to_numpy()] = lowest["ratio"].to_numpy()
    return scores
