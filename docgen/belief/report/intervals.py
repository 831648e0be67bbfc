"""Intervals for shares of answers, where the questions are the sample and the answers to one question go together.

Questions are drawn with all their answers (the cluster bootstrap: Davison & Hinkley 1997, section 3.8); if there are
several models of one recipe, they are drawn too, independently of the questions, since both are samples: of the
outcomes of a recipe, and of ways to ask. A bootstrap of few answers that nearly all agree gives an interval of hardly
any width. So the interval reaches at least as far as Wilson's (1927) for as many independent answers as have the
bootstrap's variance; for a change, as far as Newcombe's (1998, method 10) from the two, with the correlation by
question. How often these intervals contain the truth is measured by `bench/belief_coverage.py`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from docgen.records import Record

__all__ = ["DRAWS", "Estimate", "difference", "estimate"]

DRAWS = 2_000
"""Chosen: the ends of the interval then vary by about 1.5% of its width from seed to seed, with half as many by 2%."""
LEVEL = (2.5, 97.5)
"""Percentiles of the draws that bound the interval: 95%."""

Table = NDArray[np.float64]
"""Means of the answers, of shape (models, questions); nan where a model has no answer to a question."""


class Estimate(Record):
    """A mean with its 95% interval. `questions` were drawn from, `models` likewise if there are several."""

    value: float
    low: float
    high: float
    questions: int
    models: int = 1


def estimate(rows: Sequence[Sequence[float]], answers: int | None = None, seed: int = 0) -> Estimate | None:
    """The mean over questions of shares, one row for each model; None if there was no answer.

    `answers` is how many there are in all, one to each question if left out.
    """
    table = _known(rows)
    if table is None:
        return None
    from scipy.stats import t  # slow to import

    draws = _draws(table, seed)
    value, (low, high) = _mean(table), np.percentile(draws, LEVEL)
    # Student's t rather than the normal: the variance is itself estimated from the questions.
    quantile = float(t.ppf(LEVEL[1] / 100, max(2, table.shape[1] - 1)))
    score_low, score_high = _wilson(value, _effective(value, draws, table, answers or table.size), quantile)
    return _estimate(table, value, min(low, score_low), max(high, score_high), (0.0, 1.0))


def difference(
    after: Sequence[Sequence[float]],
    before: Sequence[Sequence[float]],
    answers: tuple[int | None, int | None] = (None, None),
    seed: int = 0,
) -> Estimate | None:
    """How much the mean rose, paired by question: columns are the same questions in both, rows are models.

    The rows of `before` are averaged: a baseline is one model, however often it was asked.
    """
    earlier = np.asarray(before, dtype=float)
    if earlier.size == 0:
        return None
    base = _means(earlier, axis=0)
    rises = np.asarray(after, dtype=float) - base
    table = _known(rises)
    if table is None:
        return None
    both = np.isfinite(rises).any(axis=0)
    first, second = _means(np.asarray(after, dtype=float), axis=0)[both], base[both]
    after_share = estimate(np.asarray(after, dtype=float)[:, both].tolist(), answers[0], seed)
    before_share = estimate([second.tolist()], answers[1], seed)
    value, (low, high) = _mean(table), np.percentile(_draws(table, seed), LEVEL)
    if after_share is not None and before_share is not None:
        tie = _correlation(first, second)
        low = min(low, value - _reach(after_share.value - after_share.low, before_share.high - before_share.value, tie))
        high = max(
            high, value + _reach(after_share.high - after_share.value, before_share.value - before_share.low, tie)
        )
    return _estimate(table, value, low, high, (-1.0, 1.0))


def _estimate(table: Table, value: float, low: float, high: float, bounds: tuple[float, float]) -> Estimate:
    models, questions = table.shape
    return Estimate(
        value=value,
        low=float(max(bounds[0], min(low, value))),
        high=float(min(bounds[1], max(high, value))),
        questions=questions,
        models=models,
    )


def _known(rows: object) -> Table | None:
    """The table without models and questions that have no answer."""
    table = np.asarray(rows, dtype=float)
    if table.ndim != 2 or not np.isfinite(table).any():
        return None
    answered: Table = table[np.isfinite(table).any(axis=1)][:, np.isfinite(table).any(axis=0)]
    return answered


def _draws(table: Table, seed: int) -> Table:
    """Means of tables whose questions, and models, are drawn with replacement."""
    models, questions = table.shape
    random = np.random.default_rng(seed)
    columns = random.integers(questions, size=(DRAWS, questions))
    if models == 1 or not np.isfinite(table).all():
        # A draw of models with gaps could be empty; then only questions are drawn.
        return _means(_means(table, axis=0)[columns], axis=1)
    weights = np.stack([np.bincount(column, minlength=questions) for column in columns]) / questions
    chosen = random.integers(models, size=(DRAWS, models))
    shares = np.stack([np.bincount(row, minlength=models) for row in chosen]) / models
    drawn: Table = np.einsum("dm,mq,dq->d", shares, table, weights)
    return drawn


def _effective(value: float, draws: Table, table: Table, answers: int) -> float:
    """How many independent answers would have the bootstrap's variance: at most as many as there are.

    If all agree, there is no variance to estimate from, so each question counts as one answer.
    """
    variance = float(np.var(draws))
    questions = table.shape[1]
    if variance <= 0:
        return float(questions)
    return float(min(answers, max(1.0, value * (1 - value) / variance)))


def _wilson(share: float, total: float, z: float) -> tuple[float, float]:
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5
    return middle - half, middle + half


def _reach(mine: float, other: float, tie: float) -> float:
    return float(max(0.0, mine * mine - 2 * tie * mine * other + other * other) ** 0.5)


def _correlation(first: Table, second: Table) -> float:
    """Correlation of the two by question; only a positive one, which makes the interval narrower, and 0 if one is
    constant."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(max(0.0, np.corrcoef(first, second)[0, 1]))


def _mean(table: Table) -> float:
    return float(_means(_means(table, axis=0)))


def _means(values: Table, axis: int | None = None) -> Table:
    """Means that ignore nan; nan if there is nothing else."""
    is_finite = np.isfinite(values)
    counts = is_finite.sum(axis=axis)
    sums = np.where(is_finite, values, 0.0).sum(axis=axis)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
