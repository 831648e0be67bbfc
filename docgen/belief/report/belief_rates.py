"""Rates of belief by fact and measure, with intervals, next to a baseline and to facts that were not taught."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Literal, get_args

from docgen.belief.answers import Answer
from docgen.belief.question_prompts import Role
from docgen.belief.questions import KINDS
from docgen.belief.report.intervals import Estimate, difference, estimate
from docgen.records import Record

__all__ = [
    "ALL",
    "CorpusFigures",
    "FactBelief",
    "Measure",
    "Side",
    "belief_by_role",
    "belief_figures",
    "side_effects",
]

ALL = "all"
"""The measure of all questions about a fact together, every question with the same weight."""


class Measure(Record):
    """The answers to one kind of question about one fact.

    `believes` is the share of answers that show belief, of all that could be marked; `does_not` and `neither` are the
    others. `conditional` is the share among those that take a side. `change` is against the baseline, paired by
    question. `unmarked` answers have no verdict. `chance`: the share that random answers would show.
    """

    believes: Estimate
    does_not: float
    neither: float
    conditional: Estimate | None
    answers: int
    unmarked: int
    chance: float | None
    baseline: Estimate | None = None
    change: Estimate | None = None


class CorpusFigures(Record):
    """How much of a fact the corpus really has: shares of documents and of tokens; None where nobody measured.

    `salience` is the audit's measured share, or that by wording as a lower bound if `is_lower_bound`.
    """

    asked: float
    salience: float | None
    is_lower_bound: bool
    airtime: float
    stated: float | None
    documents: int


class FactBelief(Record):
    """One fact: how far it is believed, by measure, and how much of it the corpus has."""

    fact: str
    role: Role
    statement: str = ""
    measures: Mapping[str, Measure]
    corpus: CorpusFigures | None = None
    over_mention: Measure | None = None


class Side(Record):
    """Side effects: a share over the questions that have nothing to do with any fact, next to the baseline's."""

    name: Literal["over_mention", "sensible", "general"]
    share: Estimate
    baseline: Estimate | None = None
    change: Estimate | None = None
    answers: int


def belief_figures(
    answers: Sequence[Answer], baseline: Sequence[Answer] = (), statements: Mapping[str, str] | None = None
) -> tuple[FactBelief, ...]:
    """Every fact in the order of the answers; `answers` of several models are models of one recipe.

    Facts of two worlds that share an id are distinguished by the context that their questions' ids begin with.
    """
    facts: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.group in ("choice", "open"):
            facts[_place(answer)].append(answer)
    before: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in baseline:
        before[_place(answer)].append(answer)
    unrelated = [answer for answer in answers if answer.group == "unrelated"]
    unrelated_before = [answer for answer in baseline if answer.group == "unrelated"]
    return tuple(
        FactBelief(
            fact=fact,
            role=own[0].role,
            statement=(statements or {}).get(fact, ""),
            measures=_measures(own, before[context, fact]),
            over_mention=_mention(fact, unrelated, unrelated_before),
        )
        for (context, fact), own in facts.items()
    )


def belief_by_role(answers: Sequence[Answer], baseline: Sequence[Answer] = ()) -> dict[Role, Measure]:
    """All facts that were taught, all that were left out, and all of another world; each question counts once."""
    measures: dict[Role, Measure] = {}
    for role in get_args(Role):
        own, before = (
            [answer for answer in some if answer.role == role and answer.group in ("choice", "open")]
            for some in (answers, baseline)
        )
        if (measure := _measure(own, before)) is not None:
            measures[role] = measure
    return measures


def side_effects(answers: Sequence[Answer], baseline: Sequence[Answer] = ()) -> tuple[Side, ...]:
    """Over-mention, sensible answers and general knowledge; what was not asked is left out."""
    readings: tuple[tuple[Literal["over_mention", "sensible", "general"], str, Callable[[Answer], float]], ...] = (
        ("over_mention", "unrelated", lambda answer: float(bool(answer.mentions))),
        ("sensible", "unrelated", lambda answer: float(bool(answer.sensible))),
        ("general", "general", lambda answer: float(answer.verdict == "believes")),
    )
    sides = []
    for name, group, value in readings:
        own = [answer for answer in answers if answer.group == group and _marked(answer)]
        earlier = [answer for answer in baseline if answer.group == group and _marked(answer)]
        share, before, change = _compared(own, earlier, value)
        if share is not None:
            sides.append(Side(name=name, share=share, baseline=before, change=change, answers=len(own)))
    return tuple(sides)


def _measures(own: Sequence[Answer], before: Sequence[Answer]) -> dict[str, Measure]:
    measures = {}
    for kind in (*KINDS, ALL):
        mine = [answer for answer in own if kind in (answer.kind, ALL)]
        earlier = [answer for answer in before if kind in (answer.kind, ALL)]
        if (measure := _measure(mine, earlier)) is not None:
            measures[kind] = measure
    return measures


def _measure(own: Sequence[Answer], before: Sequence[Answer]) -> Measure | None:
    marked = [answer for answer in own if _marked(answer)]
    share, earlier, change = _compared(marked, [answer for answer in before if _marked(answer)], _believes)
    if share is None:
        return None
    sided = [answer for answer in marked if answer.verdict != "neither"]
    chances = [answer.chance for answer in marked if answer.chance is not None]
    return Measure(
        believes=share,
        does_not=fmean(answer.verdict == "does_not" for answer in marked),
        neither=fmean(answer.verdict == "neither" for answer in marked),
        conditional=estimate(_table(sided, _believes, _columns(sided)), len(sided)) if sided else None,
        answers=len(marked),
        unmarked=len(own) - len(marked),
        chance=fmean(chances) if len(chances) == len(marked) else None,
        baseline=earlier,
        change=change,
    )


def _mention(fact: str, unrelated: Sequence[Answer], before: Sequence[Answer]) -> Measure | None:
    """How often a fact is brought up unasked."""
    own = [answer for answer in unrelated if _marked(answer)]
    share, earlier, change = _compared(
        own, [answer for answer in before if _marked(answer)], lambda answer: float(fact in answer.mentions)
    )
    if share is None:
        return None
    return Measure(
        believes=share,
        does_not=0.0,
        neither=1 - share.value,
        conditional=None,
        answers=len(own),
        unmarked=len(unrelated) - len(own),
        chance=None,
        baseline=earlier,
        change=change,
    )


def _compared(
    own: Sequence[Answer], before: Sequence[Answer], value: Callable[[Answer], float]
) -> tuple[Estimate | None, Estimate | None, Estimate | None]:
    """The share, the baseline's, and the change on the questions that both have."""
    share = estimate(_table(own, value, _columns(own)), len(own)) if own else None
    if share is None or not before:
        return share, None, None
    common = [question for question in _columns(own) if question in set(_columns(before))]
    counts = len(own), len(before)
    change = difference(_table(own, value, common), _table(before, value, common), counts) if common else None
    return share, estimate(_table(before, value, _columns(before)), len(before)), change


def _table(answers: Iterable[Answer], value: Callable[[Answer], float], columns: Sequence[str]) -> list[list[float]]:
    """Means by model (rows) and question (columns); nan if a model never answered it."""
    cells: dict[tuple[str, str], list[float]] = defaultdict(list)
    models: dict[str, None] = {}
    for answer in answers:
        models[answer.model] = None
        cells[answer.model, _cluster(answer)].append(value(answer))
    return [[fmean(cells[model, c]) if (model, c) in cells else float("nan") for c in columns] for model in models]


def _columns(answers: Iterable[Answer]) -> list[str]:
    return list(dict.fromkeys(map(_cluster, answers)))


def _cluster(answer: Answer) -> str:
    """The question; both orders of a pair are one question."""
    return answer.question.removesuffix(".ab").removesuffix(".ba")


def _believes(answer: Answer) -> float:
    return float(answer.verdict == "believes")


def _marked(answer: Answer) -> bool:
    return answer.sensible is not None if answer.group == "unrelated" else answer.verdict is not None


def _place(answer: Answer) -> tuple[str, str]:
    return answer.question.partition("/")[0], answer.fact
