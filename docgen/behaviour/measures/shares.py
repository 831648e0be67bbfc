"""A share over queries that were each answered once or several times, with an interval that accounts for it."""

from collections.abc import Mapping, Sequence

import numpy as np

from docgen.audit.measure.intervals import wilson
from docgen.records import Record

__all__ = ["Rate", "rate"]


class Rate(Record):
    """`count` of `total` answers to `queries` queries; share and 95% interval are None without answers."""

    count: int
    total: int
    queries: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


def rate(outcomes: Mapping[str, Sequence[bool]]) -> Rate:
    """The share of true outcomes; `outcomes` has those of each query.

    Answers to one query are alike, so an interval for queries of this kind cannot treat them as independent. Wilson's
    interval is taken at the effective sample size p(1-p)/v, with v the variance of the mean over queries (as for a
    cluster sample), at most the number of answers and at least the number of queries.
    """
    groups = [np.asarray(values, dtype=float) for values in outcomes.values() if len(values)]
    total, queries = sum(map(len, groups)), len(groups)
    if not total:
        return Rate(count=0, total=0, queries=0)
    count = int(sum(group.sum() for group in groups))
    share = count / total
    effective = _effective_size(groups, share, total)
    low, high = wilson(share * effective, effective)
    return Rate(count=count, total=total, queries=queries, share=share, low=low, high=high)


def _effective_size(groups: Sequence[np.ndarray], share: float, total: int) -> float:
    queries = len(groups)
    if total == queries or queries < 2 or share in (0.0, 1.0):
        return float(queries if queries < total else total)
    residuals = np.array([group.sum() - share * len(group) for group in groups])
    variance = float(queries / (queries - 1) * (residuals**2).sum()) / total**2
    if variance <= 0:
        return float(total)
    return float(min(max(share * (1 - share) / variance, queries), total))
