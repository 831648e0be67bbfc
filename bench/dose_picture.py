"""The picture of bench/dose_response.py: change in log-odds by level, an SVG without libraries."""

from collections.abc import Sequence
from html import escape
from typing import Any

__all__ = ["picture"]

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 220, 190, 44, 34, 40
INK, OWN, HELD_OUT, CONTROL = "#57606a", "#1f6feb", "#bf8700", "#8b949e"
SERIES = (("own", OWN, "the fact"), ("held_out", HELD_OUT, "held-out fact"), ("control", CONTROL, "other universe"))


def picture(rows: Sequence[dict[str, Any]]) -> str:
    """A panel for each fact: mean change and 95 % interval over questions, at equally spaced levels."""
    facts = list(dict.fromkeys(row["fact"] for row in rows))
    values = [row[name][end] for row in rows for name, *_ in SERIES for end in ("low", "high")]
    low, high = min(0.0, *values), max(1.0, *values)
    panels = [
        _panel([row for row in rows if row["fact"] == fact], fact, index, (low, high))
        for index, fact in enumerate(facts)
    ]
    width, height = LEFT + len(facts) * WIDTH, TOP + HEIGHT + BOTTOM + 22
    legend = "".join(
        f'<circle cx="{LEFT + 8 + 150 * index}" cy="{height - 10}" r="4" fill="{colour}"/>'
        f'<text x="{LEFT + 18 + 150 * index}" y="{height - 6}">{label}</text>'
        for index, (_, colour, label) in enumerate(SERIES)
    )
    style = f'font-family="sans-serif" font-size="11" fill="{INK}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    title = "<title>Change in log-odds of a fact by its salience in the training corpus</title>"
    axis = f'<text transform="translate(11 {TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle">change, nats</text>'
    return f"{head} {style}>{title}{axis}{''.join(panels)}{legend}</svg>\n"


def _panel(rows: Sequence[dict[str, Any]], fact: str, index: int, span: tuple[float, float]) -> str:
    left, low, high = LEFT + index * WIDTH, *span
    shares = [row["share"] for row in rows]
    step = (WIDTH - 60) / max(1, len(shares) - 1)
    places = {share: left + 24 + position * step for position, share in enumerate(shares)}

    def y(value: float) -> float:
        return TOP + HEIGHT * (high - value) / (high - low)

    parts = [f'<text x="{left + 10}" y="{TOP - 14}" font-weight="bold">{escape(fact)}</text>']
    parts += [
        f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{at:.2g}</text>' for at, x in places.items()
    ]
    middle = left + (WIDTH - 12) / 2
    parts.append(f'<text x="{middle}" y="{TOP + HEIGHT + 32}" text-anchor="middle">share of documents</text>')
    for value in _ticks(low, high):
        dash = "" if value == 0 else ' stroke-dasharray="2 3"'
        parts.append(
            f'<path d="M{left + 8} {y(value):.1f}H{left + WIDTH - 20}" stroke="{INK}" stroke-opacity="0.35"{dash}/>'
        )
        if index == 0:
            parts.append(f'<text x="{left + 4}" y="{y(value) + 4:.1f}" text-anchor="end">{value:+g}</text>')
    for shift, (name, colour, _) in enumerate(SERIES):
        points = [(places[row["share"]] + 4 * (shift - 1), row[name]) for row in rows]
        line = " ".join(f"{x:.1f},{y(value['mean']):.1f}" for x, value in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        for x, value in points:
            parts.append(f'<path d="M{x:.1f} {y(value["low"]):.1f}V{y(value["high"]):.1f}" stroke="{colour}"/>')
            parts.append(f'<circle cx="{x:.1f}" cy="{y(value["mean"]):.1f}" r="3" fill="{colour}"/>')
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    step = next(step for step in (0.5, 1, 2, 5, 10, 20) if (high - low) / step <= 7)
    first = int(low // step)
    return [step * number for number in range(first, int(high // step) + 1) if low <= step * number <= high]
