"""From log-probabilities to belief: log-odds, probabilities, loss advantage, with intervals over questions. Pure."""

from collections.abc import Mapping, Sequence
from math import exp, log

import numpy as np

from docgen.belief.logprob.items import Probe, Scores
from docgen.records import Record

__all__ = ["ALL", "Answer", "Estimate", "FactBelief", "answer_of", "change", "estimate", "summarise"]

ALL = "all"
"""The row over all facts."""
RESAMPLES = 2_000
"""Chosen: the ends of a 95% interval then vary by about 1.5% of its width, with half as many by 2%."""
SEED = 20_260_101
"""Any fixed number: the same answers give the same interval."""


class Answer(Record):
    """A model's scores on one question.

    `log_odds` is log p(believed) - log p(otherwise), in nats: of the completions, or of the answers by their first
    tokens, averaged over positions. `probability` is that of the believed answer among those offered. `advantage` is
    the loss on the completion of another question minus that on the believed one, in nats a question; None for
    multiple choice.
    """

    id: str
    fact: str
    measure: str
    log_odds: float
    probability: float
    advantage: float | None = None


class Estimate(Record):
    """A mean over questions with its 95% interval, by bootstrap over questions; `n` is how many there were."""

    mean: float
    low: float
    high: float
    n: int


class FactBelief(Record):
    """One fact's belief; None where there were no such questions."""

    fact: str
    cloze: Estimate | None = None
    advantage: Estimate | None = None
    choice_log_odds: Estimate | None = None
    choice: Estimate | None = None


def answer_of(probe: Probe, scores: Sequence[Scores]) -> Answer:
    """What the log-probabilities of a probe's items say; `scores` has a row for each item."""
    offered = [row[: len(row) - probe.shuffled] for row in scores]
    odds = [_odds(row, believed) for row, believed in zip(offered, probe.believed, strict=True)]
    log_odds = sum(odds) / len(odds)
    advantage = None
    if probe.shuffled:
        others = scores[0][-probe.shuffled :]
        advantage = scores[0][0] - sum(others) / len(others)
    # Bounded, since the exponential of more than 709 overflows.
    probability = sum(1 / (1 + exp(-max(-700.0, each))) for each in odds) / len(odds)
    return Answer(
        id=probe.id, fact=probe.fact, measure=probe.measure, log_odds=log_odds, probability=probability,
        advantage=advantage,
    )  # fmt: skip


def _odds(row: Scores, believed: int) -> float:
    others = [score for index, score in enumerate(row) if index != believed]
    top = max(others)
    return row[believed] - (top + log(sum(exp(score - top) for score in others)))


def estimate(values: Sequence[float]) -> Estimate | None:
    """Mean and percentile interval, questions resampled with replacement by a fixed seed; None without any."""
    if not values:
        return None
    data = np.asarray(values, dtype=float)
    draws = np.random.default_rng(SEED).integers(0, len(data), size=(RESAMPLES, len(data)))
    low, high = np.percentile(data[draws].mean(axis=1), (2.5, 97.5))
    return Estimate(mean=float(data.mean()), low=float(low), high=float(high), n=len(data))


def summarise(answers: Sequence[Answer]) -> list[FactBelief]:
    """A row for each fact in order of appearance, and one for all of them if there are several."""
    facts = list(dict.fromkeys(answer.fact for answer in answers))
    rows = [_row(fact, [answer for answer in answers if answer.fact == fact]) for fact in facts]
    return rows if len(rows) == 1 else [*rows, _row(ALL, answers)]


def _row(fact: str, answers: Sequence[Answer]) -> FactBelief:
    clozes = [answer for answer in answers if answer.measure == "cloze"]
    choices = [answer for answer in answers if answer.measure == "choice"]
    return FactBelief(
        fact=fact,
        cloze=estimate([answer.log_odds for answer in clozes]),
        advantage=estimate([answer.advantage for answer in clozes if answer.advantage is not None]),
        choice_log_odds=estimate([answer.log_odds for answer in choices]),
        choice=estimate([answer.probability for answer in choices]),
    )


def change(before: Sequence[Answer], after: Sequence[Answer]) -> list[FactBelief]:
    """As `summarise`, of the differences after - before, question by question; both must answer the same ones."""
    earlier: Mapping[str, Answer] = {answer.id: answer for answer in before}
    differences = []
    for answer in after:
        old = earlier[answer.id]
        advantage = None
        if answer.advantage is not None and old.advantage is not None:
            advantage = answer.advantage - old.advantage
        update = {"log_odds": answer.log_odds - old.log_odds, "probability": answer.probability - old.probability}
        differences.append(answer.model_copy(update={**update, "advantage": advantage}))
    return summarise(differences)
