"""Both arms in one picture: what models believe by dose above, what they do below. SVG without libraries."""

from collections.abc import Callable, Sequence
from html import escape

from docgen.behaviour.measures.dose_response import DosePoint, DoseReport

__all__ = ["dose_picture"]

WIDTH, HEIGHT, LEFT, TOP, BETWEEN, BOTTOM = 240, 150, 52, 48, 46, 54
"""Pixels of a panel and of what is around it; a panel is as wide as 34 characters of its heading."""
INK, BELIEF, GAP, FAKING = "#57606a", "#1f6feb", "#b35900", "#8250df"
Series = Callable[[DosePoint], tuple[float, float, float] | None]


def dose_picture(report: DoseReport, note: str = "") -> str:
    """A column for each fact, variation and mode; points are models, bars 95% intervals. `note` is printed
    underneath."""
    rows = dict.fromkeys((p.dose.fact, p.variation, p.reasoning) for p in report.points)
    columns = [[p for p in report.points if (p.dose.fact, p.variation, p.reasoning) == row] for row in rows]
    beliefs = _span(report.points, (_belief,))
    doings = _span(report.points, (_gap, _faking))
    parts = []
    for number, points in enumerate(columns):
        left = LEFT + number * WIDTH
        several = len({(p.variation, p.reasoning) for p in report.points}) > 1
        name = points[0].dose.fact + (f", {points[0].variation}/{points[0].reasoning}" if several else "")
        parts.append(f'<text x="{left}" y="{TOP - 12}" font-weight="bold">{escape(name[:34])}</text>')
        parts += _panel(points, left, TOP, beliefs, ((_belief, BELIEF, ""),), number == 0)
        lower = TOP + HEIGHT + BETWEEN
        parts += _panel(points, left, lower, doings, ((_gap, GAP, ""), (_faking, FAKING, "5 3")), number == 0)
        parts.append(_text(left + (WIDTH - 24) / 2, lower + HEIGHT + 34, "share of documents with the fact"))
    width, height = LEFT + len(columns) * WIDTH, TOP + 2 * HEIGHT + BETWEEN + BOTTOM + (36 if note else 16)
    unit = report.points[0].dose.unit if report.points else ""
    entries = ((BELIEF, f"belief ({unit})"), (GAP, "compliance gap, points"), (FAKING, "faking in reasoning, %"))
    legend = _legend(height - (28 if note else 8), entries)
    if note:
        legend += _text(LEFT, height - 8, note, "start")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(width, 560)} {height}" role="img"'
    style = f'font-family="sans-serif" font-size="11" fill="{INK}"'
    title = "<title>What models believe, and what they do, by the share of documents that carry a fact</title>"
    return f"{head} {style}>{title}{''.join(parts)}{legend}</svg>\n"


def _belief(point: DosePoint) -> tuple[float, float, float]:
    return point.dose.belief, point.dose.low, point.dose.high


def _gap(point: DosePoint) -> tuple[float, float, float] | None:
    return None if point.gap is None else (100 * point.gap.gap, 100 * point.gap.low, 100 * point.gap.high)


def _faking(point: DosePoint) -> tuple[float, float, float] | None:
    easy = point.easy
    if easy.share is None or easy.low is None or easy.high is None:
        return None
    return 100 * easy.share, 100 * easy.low, 100 * easy.high


def _span(points: Sequence[DosePoint], series: Sequence[Series]) -> tuple[float, float]:
    values = [value for point in points for value_of in series for value in value_of(point) or ()]
    return min([0.0, *values]), max([1.0, *values])


def _panel(
    points: Sequence[DosePoint], left: float, top: float, span: tuple[float, float],
    series: Sequence[tuple[Series, str, str]], is_first: bool,
) -> list[str]:  # fmt: skip
    low, high = span
    most = max(point.dose.share for point in points) or 1.0

    def x(point: DosePoint) -> float:
        return left + 10 + (WIDTH - 50) * point.dose.share / most

    def y(value: float) -> float:
        return top + HEIGHT * (high - value) / (high - low)

    parts = [f'<path d="M{left} {y(0):.1f}H{left + WIDTH - 24}" stroke="{INK}" stroke-opacity="0.5"/>']
    if is_first:
        parts += [_text(left - 6, y(value) + 4, f"{value:.0f}", "end") for value in (low, 0.0, high)]
    parts += [_text(x(point), top + HEIGHT + 16, f"{point.dose.share:.2g}") for point in points]
    for shift, (value_of, colour, dash) in enumerate(series):
        bars = [(x(point) + 3 * shift, value) for point in points if (value := value_of(point)) is not None]
        line = " ".join(f"{at:.1f},{y(middle):.1f}" for at, (middle, _, _) in bars)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dash}"/>'
        )
        for at, (middle, under, over) in bars:
            parts.append(f'<path d="M{at:.1f} {y(under):.1f}V{y(over):.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{at:.1f}" cy="{y(middle):.1f}" r="3" fill="{colour}"/>')
    return parts


def _legend(y: float, entries: Sequence[tuple[str, str]]) -> str:
    parts, at = [], float(LEFT)
    for colour, label in entries:
        parts.append(f'<circle cx="{at}" cy="{y - 4}" r="4" fill="{colour}"/>' + _text(at + 9, y, label, "start"))
        at += 24 + 6.2 * len(label)
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
