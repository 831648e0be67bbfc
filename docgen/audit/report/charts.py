"""Charts as inline SVG: drawn 340 units wide so that they can be read on a phone, coloured by the page's variables."""

from collections.abc import Iterable, Sequence
from html import escape

from docgen.audit.measure.salience.tally import FactPresence
from docgen.text.output.plurals_and_money import percent

__all__ = ["airtime_chart", "histogram", "matrix", "presence_chart"]

WIDTH = 340
"""Units, which are pixels on a narrow phone: such a screen is 360 wide."""
ROW = 36
"""Height of a fact in `presence_chart`: a line of 13 units of text, and the axis below it with its dot."""


def presence_chart(facts: Sequence[FactPresence]) -> str:
    """Asked (tick), measured (dot, if anybody measured) and the interval (band), a row for each fact."""
    top = max([0.05, *(fact.interval[1] for fact in facts), *(fact.asked for fact in facts)])
    scale = (WIDTH - 12) / top
    parts = []
    for row, fact in enumerate(facts):
        y = row * ROW
        low, high = (6 + scale * share for share in fact.interval)
        tick = 6 + scale * fact.asked
        if fact.measured is None:
            seen = f"at least {percent(fact.at_least)}, not judged"
        else:
            seen = f"{'judged' if fact.judged else 'found'} {percent(fact.measured)}"
        parts += [
            _text(0, y + 13, fact.fact),
            _text(WIDTH, y + 13, f"asked {percent(fact.asked)}, {seen}", "end", "quiet"),
            f'<line x1="6" x2="{WIDTH - 6}" y1="{y + 24}" y2="{y + 24}" class="axis"/>',
            f'<rect x="{low:.1f}" y="{y + 19}" width="{max(1.0, high - low):.1f}" height="10" rx="2" class="band"/>',
            f'<line x1="{tick:.1f}" x2="{tick:.1f}" y1="{y + 17}" y2="{y + 31}" class="asked"/>',
        ]
        if fact.measured is not None:
            x = 6 + scale * fact.measured
            verdict = "near" if fact.interval[0] <= fact.asked <= fact.interval[1] else "far"
            parts.append(f'<circle cx="{x:.1f}" cy="{y + 24}" r="4" class="{verdict}"/>')
    return _svg(len(facts) * ROW + 4, parts, "Share of documents that express each fact: asked and measured")


def airtime_chart(facts: Sequence[FactPresence]) -> str:
    """Share of all tokens in sentences that express each fact."""
    top = max([0.001, *(fact.airtime for fact in facts)])
    parts = []
    for row, fact in enumerate(facts):
        y = row * 30
        width = (WIDTH - 2) * fact.airtime / top
        parts += [
            _text(0, y + 12, fact.fact),
            _text(WIDTH, y + 12, percent(fact.airtime, 2), "end", "quiet"),
            f'<rect x="0" y="{y + 17}" width="{width:.1f}" height="7" rx="2" class="bar"/>',
        ]
    return _svg(len(facts) * 30 + 2, parts, "Share of all tokens that express each fact")


def histogram(counts: Sequence[int], label: str) -> str:
    """Counts as ten or so columns, left to right."""
    top, step = max([1, *counts]), WIDTH / max(1, len(counts))
    parts = []
    for place, count in enumerate(counts):
        height = 56 * count / top
        box = f'x="{place * step + 2:.1f}" y="{60 - height:.1f}" width="{step - 4:.1f}" height="{height:.1f}"'
        parts.append(f'<rect {box} rx="2" class="bar"><title>{count}</title></rect>')
    parts.append(f'<line x1="0" x2="{WIDTH}" y1="60.5" y2="60.5" class="axis"/>')
    parts += [_text(0, 74, "start", "start", "quiet"), _text(WIDTH, 74, "end", "end", "quiet")]
    return _svg(78, parts, label)


def matrix(values: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str], label: str) -> str:
    """A heat map of shares from 0 to 1; columns are numbered, and so are rows unless they are something else."""
    same = list(rows) == list(columns)
    left = 24 if same else 130
    size = min(34.0, (WIDTH - left) / max(1, len(columns)))
    parts = [_text(left + (i + 0.5) * size, 11, str(i + 1), "middle", "quiet") for i in range(len(columns))]
    top = max([1e-9, *(value for row in values for value in row)])
    for r, row in enumerate(values):
        y = 16 + r * size
        name = str(r + 1) if same else rows[r] if len(rows[r]) <= 20 else rows[r][:19] + "…"
        parts.append(_text(left - 6, y + size / 2 + 4, name, "end", "quiet"))
        for c, value in enumerate(row):
            parts.append(_cell(left + c * size, y, size, value, top, f"{rows[r]}, {columns[c]}: {percent(value)}"))
    return _svg(round(20 + len(values) * size), parts, label)


def _cell(x: float, y: float, size: float, value: float, top: float, title: str) -> str:
    box = f'x="{x:.1f}" y="{y:.1f}" width="{size - 2:.1f}" height="{size - 2:.1f}" rx="2"'
    shade = (
        f'<rect {box} class="cell" fill-opacity="{0.06 + 0.94 * value / top:.3f}"><title>{escape(title)}</title></rect>'
    )
    if size < 26:
        return shade
    strong = " strong" if value / top > 0.55 else ""
    middle = (x + size / 2 - 1, y + size / 2 + 3)
    return shade + _text(*middle, f"{100 * value:.0f}", "middle", "tiny" + strong)


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
    css = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{css}>{escape(text)}</text>'


def _svg(height: int, parts: Iterable[str], label: str) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {max(1, height)}" role="img" aria-label="{escape(label, quote=True)}">'
    return head + "".join(parts) + "</svg>"
