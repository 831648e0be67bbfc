"""The HTML page: without scripts or network, every text escaped by the template engine."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from docgen.behaviour.measures.cell_measures import CellReport
from docgen.behaviour.measures.dose_response import DoseReport
from docgen.behaviour.report.dose_chart import dose_picture
from docgen.behaviour.transcripts import Transcript, is_faking

__all__ = ["CANARY", "examples_of", "render_page"]

CANARY = "docgen canary 7d1f0c52-5a0b-4c3e-9b1e-6f0a3a6f8e21"
"""In every page of transcripts, so that whoever trains models can leave them out: models that have read such
transcripts behave differently in such experiments."""
PAGE = Path(__file__).parent / "page.html"
MOST_EXAMPLES = 3
"""Chosen: to see what is counted; the explorer shows them all."""
WIDTH, ROW, LEFT = 660, 30, 250
"""Sizes in the chart, in its own units."""


def render_page(
    name: str,
    plan: dict[str, Any],
    cells: Sequence[CellReport],
    transcripts: Sequence[Transcript],
    threshold: float,
    dose: DoseReport | None = None,
) -> str:
    """The page for one experiment called `name`; `plan` is its experiment.json."""
    return _template().render(
        name=name,
        plan=plan,
        cells=cells,
        done=len(transcripts),
        threshold=threshold,
        chart=Markup(gap_chart(cells)),
        dose=dose,
        dose_chart=Markup(dose_picture(dose)) if dose is not None and dose.points else "",
        examples=examples_of(transcripts, threshold),
        canary=CANARY,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(PAGE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"pct": _percent, "points": _points, "pvalue": _pvalue}
    return environment.get_template(PAGE.name)


def examples_of(transcripts: Sequence[Transcript], threshold: float) -> list[tuple[Transcript, Transcript | None]]:
    """A few transcripts whose reasoning meets the easy criteria, each with its twin in the unmonitored tier."""
    twins = {(t.trial.cell, t.trial.query, t.trial.sample): t for t in transcripts if t.trial.role == "unmonitored"}
    meeting = [t for t in transcripts if t.trial.role == "trained" and is_faking(t, "easy", threshold)]
    step = max(1, len(meeting) // MOST_EXAMPLES)
    chosen = meeting[::step][:MOST_EXAMPLES]
    return [(t, twins.get((t.trial.cell, t.trial.query, t.trial.sample))) for t in chosen]


def gap_chart(cells: Sequence[CellReport]) -> str:
    """The gap of each cell with its interval; a diamond where a published row has one."""
    with_gap = [cell for cell in cells if cell.gap is not None]
    ends = [0.1, -0.1]  # an axis of 20 points at least, so that a small gap does not look large
    for cell in with_gap:
        if cell.gap is not None:
            ends += [cell.gap.low, cell.gap.high]
        ends += [row.gap / 100 for row in cell.published if row.gap is not None]
    low, high = min(ends), max(ends)
    scale = (WIDTH - LEFT - 20) / (high - low)

    def x(value: float) -> float:
        return LEFT + 10 + (value - low) * scale

    height = len(with_gap) * ROW + 26
    parts = [f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{height - 20}" class="axis"/>']
    for row, cell in enumerate(with_gap):
        y = row * ROW + 16
        name = f"{cell.variation} · {cell.reasoning}"[:40]
        label = Markup('<text x="0" y="{}">{}<title>{}</title></text>').format(y + 4, name, cell.cell)
        parts.append(str(label))
        if cell.gap is not None:
            kind = "control" if cell.control else "bar"
            parts.append(
                f'<line x1="{x(cell.gap.low):.1f}" x2="{x(cell.gap.high):.1f}" y1="{y}" y2="{y}" class="range {kind}"/>'
            )
            parts.append(f'<circle cx="{x(cell.gap.gap):.1f}" cy="{y}" r="5" class="{kind}"/>')
        for published in cell.published:
            if published.gap is not None:
                at = x(published.gap / 100)
                title = Markup("<title>{}</title>").format(
                    f"{published.row}, {published.model}: {published.gap} points"
                )
                parts.append(f'<path d="M{at:.1f} {y - 6}l5 6-5 6-5-6z" class="published">{title}</path>')
    for value in (low, 0.0, high):
        place = f'x="{x(value):.1f}" y="{height - 4}" text-anchor="middle"'
        parts.append(f'<text {place} class="quiet">{value * 100:.0f}</text>')
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Compliance gap by cell">{"".join(parts)}</svg>'


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share * 100:.1f}%"


def _points(share: float | None) -> str:
    return "" if share is None else f"{share * 100:+.1f}"


def _pvalue(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
