"""The report on one or several results: each arm's facts, and across arms what belief depends on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from docgen.belief.question_prompts import Role
from docgen.belief.report.belief_rates import (
    ALL,
    FactBelief,
    Measure,
    Side,
    belief_by_role,
    belief_figures,
    side_effects,
)
from docgen.belief.report.calibration import JudgeCalibration
from docgen.belief.report.intervals import Estimate
from docgen.belief.report.results_folder import EvalRecord, Results
from docgen.errors import InputError
from docgen.records import Record

__all__ = ["Arm", "BeliefReport", "Curve", "Dose", "Point", "belief_report"]

Dose = Literal["salience", "airtime", "documents", "tokens"]
"""What differs between arms: of a fact in its corpus, or the size of the corpus."""


class Arm(Record):
    """One recipe: its models, its facts, and side effects.

    `roles` has all facts of a role together. `corrected` is, by fact, the share of open answers that believe, corrected
    for the judge's errors on this arm's answers.
    """

    name: str
    models: tuple[str, ...]
    baseline: str = ""
    judge: str = "none"
    run: str = ""
    documents: int = 0
    tokens: int = 0
    facts: tuple[FactBelief, ...]
    roles: Mapping[Role, Measure]
    sides: tuple[Side, ...]
    corrected: Mapping[str, float] = {}


class Point(Record):
    """One fact in one arm: how much of it the corpus has, and how much of it is believed."""

    arm: str
    dose: float
    belief: Estimate


class Curve(Record):
    """A fact across arms, by dose. If only one fact varies, its dose is used for all curves."""

    fact: str
    role: str
    varies: bool = True
    points: tuple[Point, ...]


class BeliefReport(Record):
    """The whole report. `curves` is empty with one arm, or if the arms' corpora are not known."""

    contexts: tuple[str, ...]
    arms: tuple[Arm, ...]
    dose: Dose | None = None
    curves: tuple[Curve, ...] = ()
    calibration: JudgeCalibration | None = None


def belief_report(
    results: Sequence[Results], calibration: JudgeCalibration | None = None, dose: Dose | None = None
) -> BeliefReport:
    """Results of the same arm are models of one recipe. `dose`: what to draw belief against; by default what differs.

    Raises `InputError` if the results were asked different questions.
    """
    first = results[0].record
    groups: dict[str, list[Results]] = defaultdict(list)
    for result in results:
        if result.record.questions != first.questions:
            what = f"{result.record.arm} and {first.arm} were asked different questions"
            raise InputError(what, "eval report", "Compare results of the same question files, not edited in between")
        groups[result.record.arm].append(result)
    arms = tuple(_arm(name, group, calibration) for name, group in groups.items())
    chosen = dose or _what_differs(arms)
    return BeliefReport(
        contexts=first.contexts,
        arms=arms,
        dose=chosen,
        curves=_curves(arms, chosen) if chosen else (),
        calibration=calibration,
    )


def _arm(name: str, group: Sequence[Results], calibration: JudgeCalibration | None) -> Arm:
    record = group[0].record
    # Two seeds may share a model's name, which would make them one model of the arm.
    answers = [
        answer.model_copy(update={"model": f"{number}:{answer.model}"})
        for number, result in enumerate(group)
        for answer in result.answers
    ]
    baseline = group[0].baseline
    facts = belief_figures(answers, baseline, record.statements)
    facts = tuple(fact.model_copy(update={"corpus": record.corpus.get(fact.fact)}) for fact in facts)
    return Arm(
        name=name,
        models=tuple(result.record.model for result in group),
        baseline=record.baseline,
        judge=record.judge,
        run=record.run,
        documents=record.documents,
        tokens=record.tokens,
        facts=facts,
        roles=belief_by_role(answers, baseline),
        sides=side_effects(answers, baseline),
        corrected=_corrected(name, record, facts, calibration),
    )


def _corrected(
    name: str, record: EvalRecord, facts: Sequence[FactBelief], calibration: JudgeCalibration | None
) -> dict[str, float]:
    judge_errors = calibration.arms if calibration and calibration.judge == record.judge else {}
    errors = judge_errors.get(name) or judge_errors.get(record.model) or judge_errors.get("all")
    if errors is None:
        return {}
    shares = {fact.fact: fact.measures["open"].believes.value for fact in facts if "open" in fact.measures}
    corrected = {fact: errors.corrected(share) for fact, share in shares.items()}
    return {fact: share for fact, share in corrected.items() if share is not None}


def _what_differs(arms: Sequence[Arm]) -> Dose | None:
    """Salience, if some fact's differs between arms; else the size of the corpus; None where nothing is known."""
    with_corpus = [arm for arm in arms if arm.documents]
    if len(with_corpus) < 2:
        return None
    if _varying(with_corpus, "salience"):
        return "salience"
    return "documents" if len({arm.documents for arm in with_corpus}) > 1 else None


LEAST_STEP = 0.02
"""Shares that differ by less do so by chance, not as levels."""


def _varying(arms: Sequence[Arm], dose: Dose) -> tuple[str, ...]:
    """The facts whose dose differs between arms."""
    varying, least = [], LEAST_STEP if dose == "salience" else 0
    for fact in (fact.fact for fact in arms[0].facts if fact.role != "control"):
        levels = [level for arm in arms if (level := _dose(arm, fact, dose)) is not None]
        if len(levels) > 1 and max(levels) - min(levels) > least:
            varying.append(fact)
    return tuple(varying)


def _curves(arms: Sequence[Arm], dose: Dose) -> tuple[Curve, ...]:
    varying = _varying(arms, dose)
    points: dict[str, list[Point]] = defaultdict(list)
    roles: dict[str, str] = {}
    for arm in arms:
        for fact in arm.facts:
            level = _dose(arm, varying[0] if len(varying) == 1 else fact.fact, dose)
            if level is not None:
                points[fact.fact].append(Point(arm=arm.name, dose=level, belief=fact.measures[ALL].believes))
                roles[fact.fact] = fact.role
    return tuple(
        Curve(
            fact=fact,
            role=roles[fact],
            varies=fact in varying,
            points=tuple(sorted(listed, key=lambda point: point.dose)),
        )
        for fact, listed in points.items()
        if len(listed) > 1 and (fact in varying or len(varying) == 1)
    )


def _dose(arm: Arm, fact: str, dose: Dose) -> float | None:
    if dose == "documents":
        return float(arm.documents) or None
    if dose == "tokens":
        return float(arm.tokens) or None
    figures = next((entry.corpus for entry in arm.facts if entry.fact == fact), None)
    if figures is None:
        return None
    return figures.airtime if dose == "airtime" else figures.salience
