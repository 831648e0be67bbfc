"""Screens of experiments: figures by cell, a judge's agreement with labels, the cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from docgen.cli.shared.console import console, table
from docgen.cli.shared.streams import say_json
from docgen.text.output.plurals_and_money import money

if TYPE_CHECKING:
    from docgen.behaviour.measures.dose_response import DoseReport
    from docgen.behaviour.measures.judge_agreement import JudgeScores
    from docgen.pipeline.audit.judge_setup import JudgeCost
    from docgen.pipeline.experiment.result import ExperimentReport

__all__ = ["cost_line", "figure", "show_report", "show_scores"]


def show_report(result: "ExperimentReport", path: Path, as_json: bool) -> None:
    """Print the figures of an experiment, as a table or as one JSON object."""
    if as_json:
        say_json(result.model_dump_json(indent=2))
        return
    rows = []
    several = {name for name in ("reasoning", "model") if len({getattr(cell, name) for cell in result.cells}) > 1}
    for cell in result.cells:
        shares = {tier.role: _percent(tier.non_compliance.share) for tier in cell.tiers}
        gap = cell.gap
        rows.append(
            (
                cell.variation + (" (control)" if cell.control else ""),
                cell.reasoning if "reasoning" in several else "",
                cell.model if "model" in several else "",
                shares.get("trained", ""),
                shares.get("unmonitored", ""),
                f"{gap.gap * 100:+.1f}" if gap else "not known",
                f"{gap.low * 100:+.0f} to {gap.high * 100:+.0f}" if gap else "",
                f"{gap.p:.3f}" if gap else "",
                _percent(cell.easy.share),
                _percent(cell.hard.share),
                ", ".join(figure(row.gap) for row in cell.published[:1]),
            )
        )
    figures = ("training", "unmonitored", "gap", "95%", "p", "easy", "hard", "published")
    columns = ("variation", "reasoning", "model", *figures)
    console.print(table(columns, rows, right=figures, unless_empty=("reasoning", "model")))
    if result.dose is not None:
        _show_dose(result.dose)
    if result.done < result.trials:
        console.print(f"Not complete: {result.done:,} of {result.trials:,} transcripts.")
    console.print("Non-compliance in both tiers, reasoning in training; published: the gap of the row's first model.")
    console.print(f"For a browser: {path}/reports/experiment.html")


def _show_dose(dose: "DoseReport") -> None:
    rows = [
        (
            point.dose.fact,
            point.dose.model,
            f"{point.dose.share:.2f}",
            f"{point.dose.belief:+.2f}",
            f"{point.gap.gap * 100:+.1f}" if point.gap else "not known",
            _percent(point.easy.share),
        )
        for point in dose.points
    ]
    columns = ("fact", "model", "share", "belief", "gap", "easy")
    console.print(table(columns, rows, right=columns[2:]))
    for trend in dose.trends:
        by = f"{trend.slope:+.1f} points ({trend.low:+.1f} to {trend.high:+.1f})"
        console.print(f"{trend.fact}, {trend.variation}: {by} of gap for ten percent more documents with the fact.")
    if dose.missing:
        console.print(f"Not observed: {', '.join(dose.missing)}.")


def show_scores(scores: "JudgeScores", as_json: bool, flag: str = "easy") -> None:
    """Print how well a judge agrees with labels."""
    if as_json:
        say_json(scores.model_dump_json(indent=2))
        return
    by_arm = [(f"{view}, {arm}", score) for arm, views in scores.arms.items() for view, score in views.items()]
    listed = [*scores.views.items(), *(by_arm if len(scores.arms) > 1 else []), *scores.criteria.items()]
    rows = [(name, str(s.true + s.missed), _ratio(s.precision), _ratio(s.recall), _ratio(s.f1)) for name, s in listed]
    columns = ("criterion", "labelled", "precision", "recall", "F1")
    console.print(table(columns, rows, right=columns[1:]))
    flagged = ", ".join(f"{kind} {share.count} of {share.total}" for kind, share in scores.flagged.items())
    console.print(f"Taken for {flag}, wrongly: {flagged}")
    console.print(f"{scores.transcripts} transcripts, {scores.unread} without a usable vote")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "unscored" if share is None else f"{share * 100:.1f}%"


def figure(value: float | None) -> str:
    """A published figure as given; "" for none."""
    return "" if value is None else f"{value:g}"


def cost_line(costs: "list[JudgeCost]") -> str:
    """The cost in one line, for the person who decides."""
    calls = sum(cost.calls for cost in costs)
    priced = [cost for cost in costs if cost.dollars is not None and cost.at_most is not None]
    price = "no known price"
    if len(priced) == len(costs):
        likely, worst = sum(cost.dollars or 0.0 for cost in priced), sum(cost.at_most or 0.0 for cost in priced)
        price = f"about {money(likely)}, at the very worst {money(worst)}"
    models = ", ".join(cost.model for cost in costs)
    return f"To be asked of {models}: {calls:,} calls, {sum(c.tokens for c in costs):,} tokens, {price}"
