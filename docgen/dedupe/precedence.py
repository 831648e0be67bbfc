"""Which of several duplicates is kept: an order of all documents, preferred ones first.

Every rule is a total order that depends only on the documents, ties broken by id, so the kept set does not depend on
the order of rows. The exception is "file-order".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.errors import ConfigError, InputError

__all__ = ["RULES", "KeepRule", "fact_names", "precedence_order"]

Rule = Literal["first", "longest", "best", "salience", "file-order"]
RULES: tuple[str, ...] = get_args(Rule)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KeepRule:
    """A keep rule.

    first: the lowest id. longest: the most words. best: the highest value in `column`, or the lowest if the name starts
    with "-", as in "-findings". salience: the document whose scarcest fact is scarcest relative to `targets` (fact:
    share of documents; without targets, in absolute terms), so the duplicate whose facts are in surplus is removed.
    file-order: the first in the files.
    """

    rule: Rule = "first"
    column: str | None = None
    targets: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ConfigError(f"{self.rule!r} is not a keep rule", "--keep", f"Choose from {', '.join(RULES)}")
        if (self.rule == "best") != (self.column is not None):
            raise ConfigError("the keep rule 'best' needs a column to compare by, and only it takes one", "--best-by")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule reads."""
        if self.rule == "best" and self.column:
            return (self.column.removeprefix("-"),)
        return ("facts",) if self.rule == "salience" else ()


def precedence_order(keep: KeepRule, ids: pl.Series, sizes: Ints, table: pl.DataFrame) -> Ints:
    """All rows (n,), preferred ones first. `sizes` (n,) are in shingles; `table` has the rule's columns."""
    rows = np.arange(len(sizes))
    if keep.rule == "file-order":
        return rows
    by_id = ids.rank("ordinal").to_numpy().astype(np.int64) if len(ids) else rows
    scores = _scores(keep, sizes, table)
    return np.lexsort((by_id,) if scores is None else (by_id, scores)).astype(np.int64)


def _scores(keep: KeepRule, sizes: Ints, table: pl.DataFrame) -> Floats | None:
    """(n,): documents with lower scores are preferred."""
    if keep.rule == "longest":
        return -sizes.astype(np.float64)
    if keep.rule == "best":
        return _by_column(table[keep.columns[0]], lowest=str(keep.column).startswith("-"))
    return _surplus(table["facts"], keep.targets) if keep.rule == "salience" else None


def _by_column(values: pl.Series, lowest: bool) -> Floats:
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        raise InputError(f"column {values.name!r} has type {values.dtype}, not numbers", "--best-by")
    numbers = values.cast(pl.Float64).fill_nan(None)
    return (numbers if lowest else -numbers).fill_null(np.inf).to_numpy()


def fact_names(facts: pl.Series) -> pl.Series:
    """Each row's list of fact ids, from lists of records with a field `fact`, from lists of ids, or from single ids."""
    dtype = facts.dtype
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        if "fact" not in [field.name for field in dtype.inner.fields]:
            raise InputError("the records of column 'facts' have no field 'fact'")
        return facts.list.eval(pl.element().struct.field("fact"))
    if isinstance(dtype, pl.List) and dtype.inner in (pl.String, pl.Null):
        return facts.cast(pl.List(pl.String))
    if dtype in (pl.String, pl.Null):
        return facts.cast(pl.String).to_frame().select(pl.concat_list(facts.name).list.drop_nulls()).to_series()
    raise InputError(f"column 'facts' has type {dtype}", fix="Give a list of ids, or of records with a field 'fact'")


def _surplus(facts: pl.Series, targets: Mapping[str, float] | None) -> Floats:
    """(n,): the smallest ratio of count to target among each row's facts; infinite for rows without facts."""
    pairs = pl.DataFrame({"row": np.arange(len(facts)), "fact": fact_names(facts)}).explode("fact").drop_nulls()
    counts = pairs.group_by("fact").agg(pl.len().alias("count"))
    shares = pl.Series([(targets or {}).get(name, 1.0 if targets is None else 0.0) for name in counts["fact"]])
    ratios = counts.with_columns(ratio=pl.col("count") / shares.cast(pl.Float64))
    lowest = pairs.join(ratios, on="fact").group_by("row").agg(pl.col("ratio").min())
    scores = np.full(len(facts), np.inf)
    scores[lowest["row"].to_numpy()] = lowest["ratio"].to_numpy()
    return scores
