"""The screen of one attempt: its slot, its text with the facts highlighted, and why it was rejected."""

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.cli.shared.console import PAGE_WIDTH
from docgen.records import EMBEDDED_NOTICE, IMPORTED_ENGINE, Attempt, document_id, is_embedded
from docgen.universe import UniverseContext

__all__ = ["show_attempt"]

FACT_STYLES = ("black on bright_cyan", "black on bright_yellow", "black on bright_green", "black on bright_magenta")
FINDING_STYLE = "bold white on red"


def show_attempt(console: Console, context: UniverseContext, attempt: Attempt) -> None:
    """Print it in a frame."""
    style = {fact.fact: FACT_STYLES[i % len(FACT_STYLES)] for i, fact in enumerate(attempt.facts)}
    title = f"{document_id(attempt.slot)} - attempt {attempt.number} - {attempt.verdict}"
    colour = "green" if attempt.verdict == "accepted" else "red"
    parts = [_slot(attempt, style), Text(), _text(context, attempt, style), *_problems(attempt)]
    width = min(console.width, PAGE_WIDTH)
    console.print(Panel(Group(*parts), title=title, title_align="left", border_style=colour, width=width))


def _slot(attempt: Attempt, style: dict[str, str]) -> Text:
    if attempt.engine == IMPORTED_ENGINE:
        kind = f"{attempt.doc_type} | " if attempt.doc_type else ""
        return Text(f"{kind}{attempt.words} words\n  from elsewhere: no plan is known", style="dim")
    line = Text(f"{attempt.doc_type} | idea {attempt.idea} | {attempt.words} words | {attempt.model}", style="dim")
    if is_embedded(attempt.engine, attempt.model):
        line.append(f"\n  {EMBEDDED_NOTICE}", style="yellow")
    for fact in attempt.facts:
        line.append(f"\n  {fact.fact}", style=style[fact.fact])
        line.append(f" {fact.directness}, {fact.prominence}", style="dim")
    if not attempt.facts:
        line.append("\n  no fact assigned (background)", style="dim")
    return line


def _text(context: UniverseContext, attempt: Attempt, style: dict[str, str]) -> Text:
    text = Text(attempt.text)
    for sighting in FactDetector(context).detect(attempt.text, attempt.quotes):
        text.stylize(style.get(sighting.fact, FINDING_STYLE), sighting.start, sighting.end)
    for finding in attempt.findings:
        text.stylize(FINDING_STYLE, finding.start, finding.end)
    return text


def _problems(attempt: Attempt) -> list[Text]:
    lines = [Text(f"rejected: {r.code} {r.subject} - {r.detail}", style="red") for r in attempt.reasons]
    lines += [
        Text(f"{f.severity}: {f.rule} - {f.explanation}: {f.evidence!r}", style="yellow") for f in attempt.findings
    ]
    return [Text(), *lines] if lines else []
