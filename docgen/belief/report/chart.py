"""The report as a picture: SVG that is as clear without colour and in print, by shape, fill and words."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from statistics import fmean

from docgen.belief.report.belief_rates import ALL, FactBelief
from docgen.belief.report.report import Arm, BeliefReport, Curve

__all__ = ["belief_picture"]

WIDTH, ROW, LEFT, RIGHT, TOP, MARGIN = 820, 36, 230, 210, 58, 12
"""Pixels: the picture fits a page's column, a row two lines of text, the sides ids of facts and three shares."""
PLOT = WIDTH - LEFT - RIGHT - 2 * MARGIN
"""Width of 100%."""
CURVE_HEIGHT = 300
"""Height of 100% in the panel of curves."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4")
INK, SOFT, PALE = "#1b1b1b", "#6a6a6a", "#d9d9d9"
ROLES = {"taught": "", "held_out": " (held out)", "control": " (control)"}


def belief_picture(report: BeliefReport) -> str:
    """One panel for each arm, and one for the curves across arms, if there are any."""
    panels = [_arm_panel(arm) for arm in report.arms]
    if report.curves and report.dose:
        panels.append(_curve_panel(report.curves, report.dose))
    parts, y = [], MARGIN
    for height, panel in panels:
        parts += [f'<g transform="translate({MARGIN} {y})">', *panel, "</g>"]
        y += height + 20
    style = f"text{{font:12px system-ui,sans-serif;fill:{INK}}} .q{{fill:{SOFT}}} .h{{font-weight:600;font-size:14px}}"
    label = "Share of answers that show belief in each fact, with 95% intervals"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">'
    white = f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>'
    return "\n".join([head, f"<title>{label}</title><style>{style}</style>", white, *parts, "</svg>"]) + "\n"


def _arm_panel(arm: Arm) -> tuple[int, list[str]]:
    facts = [fact for fact in arm.facts if ALL in fact.measures]
    height = TOP + ROW * len(facts) + 26
    what = f"filled: {arm.models[0]}" + (f" and {len(arm.models) - 1} more" if len(arm.models) > 1 else "")
    if arm.baseline:
        what += f", hollow: {arm.baseline}"
    parts = [_text(0, 18, arm.name, css="h"), _text(0, 36, f"Answers that show belief. {what}", css="q")]
    bottom = TOP + ROW * len(facts)
    for tick in (0, 25, 50, 75, 100):
        x = LEFT + PLOT * tick / 100
        parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{bottom}" stroke="{PALE}"/>')
        parts.append(_text(x, bottom + 16, f"{tick}%", "middle", "q"))
    for row, fact in enumerate(facts):
        parts += _fact_row(fact, TOP + ROW * row + ROW // 2)
    return height, parts


def _fact_row(fact: FactBelief, y: int) -> list[str]:
    measure, corpus, under = fact.measures[ALL], fact.corpus, ""
    if corpus is not None:
        salience = "unknown" if corpus.salience is None else f"{corpus.salience:.1%}"
        under = f"salience {salience}, airtime {corpus.airtime:.1%}"
    parts = [_text(0, y, fact.fact + ROLES[fact.role]), _text(0, y + 13, under, css="q")]
    if measure.baseline is not None:
        parts += _mark(measure.baseline.low, measure.baseline.value, measure.baseline.high, y + 7, fact.role, False)
    believes = measure.believes
    parts += _mark(believes.low, believes.value, believes.high, y - 3, fact.role, True)
    numbers = f"{believes.value:.0%} [{believes.low:.0%}, {believes.high:.0%}]"
    if measure.change is not None:
        numbers += f" {measure.change.value:+.0%}"
    return [*parts, _text(LEFT + PLOT + 12, y + 3, numbers)]


def _mark(low: float, value: float, high: float, y: int, role: str, filled: bool) -> list[str]:
    x = LEFT + PLOT * value
    fill = INK if filled else "#fff"
    line = f'<line x1="{LEFT + PLOT * low:.1f}" x2="{LEFT + PLOT * high:.1f}" y1="{y}" y2="{y}" stroke="{INK}"'
    style = f'fill="{fill}" stroke="{INK}" stroke-width="1.5"'
    shapes = {
        "taught": f'<circle cx="{x:.1f}" cy="{y}" r="4.5" {style}/>',
        "control": f'<rect x="{x - 4:.1f}" y="{y - 4}" width="8" height="8" {style}/>',
        "held_out": f'<path d="M{x:.1f} {y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z" {style}/>',
    }
    return [line + (' stroke-width="2"/>' if filled else ' stroke-dasharray="3 2"/>'), shapes[role]]


def _curve_panel(curves: Sequence[Curve], dose: str) -> tuple[int, list[str]]:
    bottom = 50 + CURVE_HEIGHT
    most = max(point.dose for curve in curves for point in curve.points) or 1.0
    parts = [
        _text(0, 18, f"Belief by {dose}", css="h"),
        _text(
            0,
            36,
            "each line is a fact; bars: 95% intervals; dotted: facts that all corpora have equally often",
            css="q",
        ),
    ]
    for tick in (0, 25, 50, 75, 100):
        y = bottom - CURVE_HEIGHT * tick / 100
        parts.append(f'<line x1="60" x2="{LEFT + PLOT}" y1="{y}" y2="{y}" stroke="{PALE}"/>')
        parts.append(_text(52, y + 4, f"{tick}%", "end", "q"))
    for part in range(5):
        x, level = 60 + (LEFT + PLOT - 60) * part / 4, most * part / 4
        shown = f"{level:.0%}" if dose in ("salience", "airtime") else f"{level:,.0f}"
        parts.append(_text(x, bottom + 18, shown, "middle", "q"))
    ends: list[tuple[float, str, str]] = []
    for number, curve in enumerate(sorted(curves, key=lambda curve: not curve.varies)):
        points = [(60 + (LEFT + PLOT - 60) * p.dose / most, p.belief) for p in curve.points]
        path = " ".join(f"{x:.1f},{bottom - CURVE_HEIGHT * belief.value:.1f}" for x, belief in points)
        dash = DASHES[number % len(DASHES)] if curve.varies else "1 3"
        parts.append(f'<polyline points="{path}" fill="none" stroke="{INK if curve.varies else SOFT}"')
        parts[-1] += f' stroke-width="{2 if curve.varies else 1}" stroke-dasharray="{dash}"/>'
        for x, belief in points if curve.varies else ():
            y, high, low = (bottom - CURVE_HEIGHT * value for value in (belief.value, belief.high, belief.low))
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{INK}"/>')
            shape = _mark(0, 0, 0, 0, curve.role, curve.role == "taught")[1]
            parts.append(f'<g transform="translate({x - LEFT:.1f} {y:.1f})">{shape}</g>')
        if curve.varies:
            ends.append((bottom - CURVE_HEIGHT * points[-1][1].value, curve.fact + ROLES.get(curve.role, ""), ""))
    placed = _apart([*ends, *_beside(curves, bottom)])
    parts += [_text(LEFT + PLOT + 12, y + 4, name, css=css) for y, name, css in placed]
    return max(bottom + 30, int(max((y for y, _, _ in placed), default=0.0)) + 16), parts


def _beside(curves: Sequence[Curve], bottom: int) -> Iterator[tuple[float, str, str]]:
    """One label for all unvaried facts of a role, at the mean height of their ends."""
    for role, name in (("taught", "other taught facts"), ("held_out", "held-out facts"), ("control", "control facts")):
        ends = [curve.points[-1].belief.value for curve in curves if curve.role == role and not curve.varies]
        if ends:
            yield bottom - CURVE_HEIGHT * fmean(ends), f"{name} ({len(ends)})", "q"


def _apart(labels: Iterable[tuple[float, str, str]], least: float = 14) -> list[tuple[float, str, str]]:
    """Labels from top to bottom, moved down as far as they would overlap."""
    placed: list[tuple[float, str, str]] = []
    for y, name, css in sorted(labels):
        placed.append((max(y, placed[-1][0] + least) if placed else y, name, css))
    return placed


def _text(x: float, y: float, text: str, anchor: str = "start", css: str = "") -> str:
    kind = f' class="{css}"' if css else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(text)}</text>' if text else ""
