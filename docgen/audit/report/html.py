"""The audit as one self-contained HTML page: without scripts or network, every text escaped by the template engine."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from docgen.audit.measure.diversity import DiversityReport
from docgen.audit.measure.findings_by_rule import LeakageReport
from docgen.audit.measure.salience.tally import SalienceReport
from docgen.audit.report import charts
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE
from docgen.text.output.plurals_and_money import percent
from docgen.universe import UniverseContext

__all__ = ["render_report"]

PAGE = Path(__file__).parent / "report.html"
MOST_TYPES = 24
"""Rows of the chart by document type: the largest types."""


def render_report(
    name: str,
    context: UniverseContext,
    salience: SalienceReport,
    leakage: LeakageReport,
    diversity: DiversityReport,
) -> str:
    """The page for one corpus called `name`."""
    facts = list(salience.facts.values())
    types_total = len({share.doc_type for fact in facts[:1] for share in fact.types})
    return _template().render(
        name=name,
        context=context,
        salience=salience,
        facts=facts,
        leakage=leakage,
        rules=sorted(leakage.rules.values(), key=lambda rule: (-rule.documents, -rule.suspects)),
        diversity=diversity,
        charts={key: Markup(svg) for key, svg in _charts(salience).items()},
        mentions=[
            (fact, Markup(charts.histogram(fact.first_mention, f"First mention of {fact.fact}"))) for fact in facts
        ],
        types_total=types_total,
        types_shown=min(MOST_TYPES, types_total),
        worst=max((abs(fact.measured - fact.asked) for fact in facts if fact.measured is not None), default=None),
        directness=DIRECTNESS,
        prominence=PROMINENCE,
    )


@cache
def _template() -> Template:
    """The page's template; compiling it takes longer than filling it in."""
    environment = Environment(
        loader=FileSystemLoader(PAGE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"pct": percent, "n": lambda value: f"{value:,}"}
    return environment.get_template(PAGE.name)


def _charts(salience: SalienceReport) -> dict[str, str]:
    facts = list(salience.facts.values())
    names = [fact.fact for fact in facts]
    together = [[count / max(1, salience.documents) for count in row] for row in salience.together]
    sizes: dict[str, int] = {share.doc_type: share.expressed.total for share in facts[0].types} if facts else {}
    largest = sorted(sizes, key=lambda kind: (-sizes[kind], kind))[:MOST_TYPES]
    tables = [{share.doc_type: share.expressed.share for share in fact.types} for fact in facts]
    by_type = [[table.get(kind, 0.0) for table in tables] for kind in largest]
    rows = [kind or "no type" for kind in largest]
    return {
        "presence": charts.presence_chart(facts),
        "airtime": charts.airtime_chart(facts),
        "together": charts.matrix(together, names, names, "Share of documents that express both facts"),
        "types": charts.matrix(by_type, rows, names, "Share of documents of a type that express a fact"),
    }
