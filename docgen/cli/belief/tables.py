"""The report on belief as tables on the screen."""

from collections.abc import Iterator

from rich.console import Console

from docgen.belief.questions import KINDS
from docgen.belief.report.belief_rates import ALL, FactBelief
from docgen.belief.report.calibration import JudgeCalibration
from docgen.belief.report.intervals import Estimate
from docgen.belief.report.report import Arm, BeliefReport
from docgen.cli.shared.console import table

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
COLUMNS = ("fact", "role", "salience", "stated", "airtime", "all", "change", "unasked")
ROLES = {"taught": "", "held_out": "held out", "control": "control"}
SIDES = {
    "over_mention": "answers to unrelated questions that bring up a fact",
    "sensible": "answers to unrelated questions that make sense",
    "general": "common knowledge answered correctly",
}
NOTE = "all: share of answers that show belief, every question with the same weight, with its 95% interval."


def show_report(console: Console, report: BeliefReport) -> None:
    """Each arm, then belief by dose, then the judge's errors."""
    for arm in report.arms:
        _show_arm(console, arm)
    if report.curves:
        _show_curves(console, report)
    if report.calibration:
        _show_calibration(console, report.calibration)


def _show_arm(console: Console, arm: Arm) -> None:
    title = arm.name + (f", trained on {arm.run} ({arm.documents:,} documents)" if arm.run else "")
    cells = [_cells(fact) for fact in arm.facts]
    if len({fact.role for fact in arm.facts}) > 1:
        for role, measure in arm.roles.items():
            change = "" if measure.change is None else _interval(measure.change, sign="+")
            name = f"all {ROLES[role] or 'taught'}"
            cells.append({"fact": name, "all": _interval(measure.believes), "change": change})
    columns = tuple(name for name in COLUMNS if any(row.get(name) for row in cells) or name == "all")
    rows = [[row.get(name, "") for name in columns] for row in cells]
    console.print(table(columns, rows, right=[name for name in columns if name not in ("fact", "role")], title=title))
    console.print(NOTE, markup=False, style="dim")
    kinds = [kind for kind in KINDS if any(kind in fact.measures for fact in arm.facts)]
    heads = [HEADS[kind] for kind in kinds]
    by_kind = []
    for fact in arm.facts:
        shares = [f"{fact.measures[kind].believes.value:.0%}" if kind in fact.measures else "" for kind in kinds]
        by_kind.append([fact.fact, *shares, f"{1 - fact.measures[ALL].neither:.0%}"])
    console.print(table(("fact", *heads, "takes a side"), by_kind, right=(*heads, "takes a side"), title="By kind"))
    judged = "Open questions were not asked: no judge" if arm.judge == "none" else f"Open answers read by {arm.judge}"
    console.print(f"{judged}.", markup=False, style="dim")
    for line in _notes(arm):
        console.print(line, markup=False)


def _cells(fact: FactBelief) -> dict[str, str]:
    overall, corpus, unasked = fact.measures[ALL], fact.corpus, fact.over_mention
    salience = "" if corpus is None or corpus.salience is None else f"{corpus.salience:.1%}"
    return {
        "fact": fact.fact,
        "role": ROLES[fact.role],
        "salience": f"≥ {salience}" if corpus is not None and corpus.is_lower_bound else salience,
        "stated": "" if corpus is None or corpus.stated is None else f"{corpus.stated:.0%}",
        "airtime": "" if corpus is None else f"{corpus.airtime:.1%}",
        "all": _interval(overall.believes),
        "change": "" if overall.change is None else _interval(overall.change, sign="+"),
        "unasked": "" if unasked is None else f"{unasked.believes.value:.1%}",
    }


def _notes(arm: Arm) -> Iterator[str]:
    for side in arm.sides:
        line = f"{SIDES[side.name]}: {_interval(side.share, digits=1)} of {side.answers:,}"
        if side.baseline is not None and side.change is not None:
            line += f"; before {side.baseline.value:.1%}, change {_interval(side.change, sign='+', digits=1)}"
        yield line
    unmarked = sum(fact.measures[ALL].unmarked for fact in arm.facts)
    if unmarked:
        yield f"{unmarked:,} answers have no verdict and are not counted: the judge's reply was unusable"
    if arm.corrected:
        listed = ", ".join(f"{fact} {share:.0%}" for fact, share in arm.corrected.items())
        yield f"open answers that believe, corrected for the judge's errors on labelled answers: {listed}"


def _show_curves(console: Console, report: BeliefReport) -> None:
    arms = sorted({(point.dose, point.arm) for curve in report.curves for point in curve.points})
    names = list(dict.fromkeys(arm for _, arm in arms))
    spec = ".1%" if report.dose in ("salience", "airtime") else ",.0f"
    rows = []
    for curve in sorted(report.curves, key=lambda curve: not curve.varies):
        doses = {point.arm: f"{point.dose:{spec}}: " if curve.varies else "" for point in curve.points}
        cells = {point.arm: f"{doses[point.arm]}{_interval(point.belief)}" for point in curve.points}
        rows.append([curve.fact, ROLES.get(curve.role, ""), *(cells.get(name, "") for name in names)])
    console.print(table(("fact", "", *names), rows, right=names, title=f"Belief by {report.dose} in the corpus"))


def _show_calibration(console: Console, calibration: JudgeCalibration) -> None:
    rows = [
        [
            arm,
            f"{errors.answers:,}",
            f"{errors.agreement:.0%}",
            _rate(errors.sensitivity),
            _rate(errors.specificity),
            f"{errors.unusable}",
        ]
        for arm, errors in calibration.arms.items()
    ]
    columns = ("arm", "labelled", "agrees", "finds belief", "sees its absence", "no verdict")
    title = f"The judge {calibration.judge} against {calibration.labels}"
    console.print(table(columns, rows, right=columns[1:], title=title))


def _rate(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0%}"


def _interval(estimate: Estimate, sign: str = "", digits: int = 0) -> str:
    spec = f"{sign}.{digits}%"
    return f"{estimate.value:{spec}} [{estimate.low:{spec}}, {estimate.high:{spec}}]"
