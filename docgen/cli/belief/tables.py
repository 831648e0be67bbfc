"""The report on belief as tables on the screen."""

from collections.abc import Iterator, Sequence

from rich.console import Console

from docgen.belief.questions import KINDS
from docgen.belief.report.calibration import JudgeCalibration
from docgen.belief.report.figures import ALL, FactBelief, Measure, Side
from docgen.belief.report.intervals import Estimate
from docgen.belief.report.report import Arm, BeliefReport
from docgen.cli.console import table

__all__ = ["show_report"]

HEADS = {
    "knowledge": "knows",
    "yes_no": "yes/no",
    "distinguish": "tells apart",
    "two_worlds": "two worlds",
    "open": "open",
    "downstream": "downstream",
    "association": "words",
    "robustness": "robust",
}
ROLES = {"taught": "", "held_out": "held out", "control": "control"}
SIDES = {
    "over_mention": "answers to unrelated questions that bring up a fact",
    "sensible": "answers to unrelated questions that make sense",
    "general": "common knowledge right",
}
NOTE = "Share of answers that show belief; all: every question with the same weight, with a 95 % interval."


def show_report(console: Console, report: BeliefReport) -> None:
    """Each arm, then belief by dose, then the judge's errors."""
    for arm in report.arms:
        _show_arm(console, arm)
    if report.curves:
        _show_curves(console, report)
    if report.calibration:
        _show_calibration(console, report.calibration)


def _show_arm(console: Console, arm: Arm) -> None:
    kinds = [kind for kind in KINDS if any(kind in fact.measures for fact in arm.facts)]
    optional = {
        "": any(fact.role != "taught" for fact in arm.facts),
        "salience": any(fact.corpus for fact in arm.facts),
        "airtime": any(fact.corpus for fact in arm.facts),
        "change": any(_all(fact).change for fact in arm.facts),
        "unasked": any(fact.over_mention for fact in arm.facts),
        "takes a side": ALL in {name for fact in arm.facts for name in fact.measures} and bool(arm.judge != "none"),
    }
    numbers = ("salience", "airtime", *(HEADS[kind] for kind in kinds), "all", "change", "takes a side", "unasked")
    columns = tuple(name for name in ("fact", "", *numbers) if optional.get(name, True))
    rows = [[_cells(fact, kinds)[name] for name in columns] for fact in arm.facts]
    title = arm.name + (f", trained on {arm.run} ({arm.documents:,} documents)" if arm.run else "")
    console.print(table(columns, rows, right=[name for name in columns if name not in ("fact", "")], title=title))
    judged = "open questions not asked: no judge" if arm.judge == "none" else f"open answers read by {arm.judge}"
    console.print(f"{NOTE} {judged[0].upper()}{judged[1:]}.", markup=False, style="dim")
    for line in _notes(arm):
        console.print(line, markup=False)


def _cells(fact: FactBelief, kinds: Sequence[str]) -> dict[str, str]:
    overall, corpus, said = _all(fact), fact.corpus, fact.over_mention
    salience = "" if corpus is None or corpus.salience is None else f"{corpus.salience:.1%}"
    if corpus is not None and corpus.is_lower_bound:
        salience = f"≥ {salience}"
    cells = {
        "fact": fact.fact,
        "": ROLES[fact.role],
        "salience": salience,
        "airtime": "" if corpus is None else f"{corpus.airtime:.1%}",
        "all": _interval(overall.believes),
        "change": "" if overall.change is None else _interval(overall.change, sign="+"),
        "takes a side": "" if overall.conditional is None else f"{1 - overall.neither:.0%}",
        "unasked": "" if said is None else f"{said.believes.value:.1%}",
    }
    for kind in kinds:
        measure = fact.measures.get(kind)
        cells[HEADS[kind]] = "" if measure is None else f"{measure.believes.value:.0%}"
    return cells


def _notes(arm: Arm) -> Iterator[str]:
    for side in arm.sides:
        yield f"{SIDES[side.name]}: {_side(side)}"
    unmarked = sum(_all(fact).unmarked for fact in arm.facts)
    if unmarked:
        yield f"{unmarked:,} answers have no verdict and count nowhere: the judge's reply was of no use"
    if arm.corrected:
        listed = ", ".join(f"{fact} {share:.0%}" for fact, share in arm.corrected.items())
        yield f"open answers that believe, after the judge's errors on labelled answers: {listed}"


def _side(side: Side) -> str:
    text = f"{_interval(side.share, digits=1)} of {side.answers:,}"
    if side.baseline is not None and side.change is not None:
        text += f"; before {side.baseline.value:.1%}, change {_interval(side.change, sign='+', digits=1)}"
    return text


def _show_curves(console: Console, report: BeliefReport) -> None:
    arms = sorted({(point.dose, point.arm) for curve in report.curves for point in curve.points})
    names = list(dict.fromkeys(arm for _, arm in arms))
    as_share = report.dose in ("salience", "airtime")
    rows = []
    for curve in report.curves:
        cells = {
            point.arm: f"{point.dose:.1%}: {_interval(point.belief)}"
            if as_share
            else f"{point.dose:,.0f}: {_interval(point.belief)}"
            for point in curve.points
        }
        rows.append([curve.fact, ROLES.get(curve.role, ""), *(cells.get(name, "") for name in names)])
    console.print(table(("fact", "", *names), rows, right=names, title=f"Belief by {report.dose} in the corpus"))


def _show_calibration(console: Console, calibration: JudgeCalibration) -> None:
    rows = [
        [
            arm,
            f"{one.answers:,}",
            f"{one.agreement:.0%}",
            _rate(one.sensitivity),
            _rate(one.specificity),
            f"{one.unusable}",
        ]
        for arm, one in calibration.arms.items()
    ]
    columns = ("arm", "labelled", "agrees", "finds belief", "finds its absence", "no verdict")
    title = f"The judge {calibration.judge} against {calibration.labels}"
    console.print(table(columns, rows, right=columns[1:], title=title))


def _all(fact: FactBelief) -> Measure:
    return fact.measures[ALL]


def _rate(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0%}"


def _interval(estimate: Estimate, sign: str = "", digits: int = 0) -> str:
    spec = f"{sign}.{digits}%"
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]"
