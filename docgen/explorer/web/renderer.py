"""Renders pages as HTML: the templates, and the few texts that they compose."""

import dataclasses
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docgen.explorer.highlighting import Span, mark_text, plain
from docgen.explorer.labels.store import Label
from docgen.explorer.pages.documents.document import PAGE_CHARS, label_spans, link_span, spans_of
from docgen.explorer.pages.documents.rejected import evidence_spans
from docgen.explorer.pages.labels import rules_of
from docgen.explorer.read.filters import Filters
from docgen.explorer.transcripts.listing import TranscriptFilters
from docgen.explorer.viewable import Page, Viewable
from docgen.text.output.plurals_and_money import money, percent, plural

__all__ = ["ASSETS", "as_json", "html_page", "render"]

ASSETS = Path(__file__).parents[1] / "assets"
LEVEL = re.compile(r"(?P<fact>.+)-(?P<knob>salience|stated)-(?P<level>\d+(\.\d+)?)")
"""The name of a sweep's run, as `docgen.pipeline.families` gives it."""
REASONING = {"scratchpad": "scratchpad", "own": "its own reasoning", "none": "no reasoning"}
"""How a model reasons in an experiment, in the words of pages."""


def render(template: str, **values: Any) -> str:
    """A page as HTML; everything in it is escaped unless `marks` made it."""
    return _environment().get_template(template).render(**values)


def html_page(
    view: Viewable, page: Page, data: Mapping[str, Any], links: Any, head: Mapping[str, Any], **more: Any
) -> str:
    """One page of a corpus or an experiment as HTML, with `Links`; `more` is what else its template needs."""
    return render(
        f"{page.name}.html",
        page=data,
        head=head,
        here=page,
        menu=[other for other in view.pages if other.menu and (links.is_live or other.published)],
        u=links,
        numbers=view.numbers(),
        view=view,
        **more,
    )


def as_json(value: Any) -> str:
    """A page's data for its twin; sets become lists, records objects."""
    return json.dumps(value, ensure_ascii=True, indent=1, default=_plain_value)


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} in a page")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ASSETS / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "n": lambda value: "–" if value is None else f"{value:,}",
        "pct": percent,
        "money": money,
        "spaced": lambda name: str(name).replace("_", " ").replace("-", " "),
        "level": level_name,
        "reasoning_mode": lambda mode: REASONING.get(mode, mode),
        "plural": plural,
    }
    environment.globals |= {"Filters": Filters, "marked_part": marked_part, "mark_text": mark_text}
    environment.globals |= {"TranscriptFilters": TranscriptFilters, "filters_address": filters_address}
    environment.globals |= {"reasoning_html": reasoning_html, "answer_html": answer_html}
    environment.globals |= {"attempt_part": attempt_part, "plain_spans": plain_spans, "rules_of": rules_of}
    return environment


def _shown(value: Any) -> Any:
    """What an expression evaluates to on a page: hidden characters spelled out, unless it is HTML already."""
    return plain(value) if type(value) is str else value


def marked_part(
    page: dict[str, Any], numbers: dict[str, int], blind: bool = False, whole: bool = False
) -> dict[str, Any]:
    """The part of a text that is on this page: its HTML, its number from 1, and how many parts there are.

    `blind`: without what detectors say; `whole`: all of it is one part.
    """
    size = max(PAGE_CHARS, len(page["text"])) if whole else PAGE_CHARS
    parts = max(1, -(-len(page["text"]) // size))
    linked = link_span(page["span"])
    number = page["part"] or (linked.start // size + 1 if linked else 1)
    number = min(max(1, number), parts)
    if blind:  # what the reader marked, and where the address points
        spans = [*label_spans([Label(**label) for label in page["labels"]]), *([linked] if linked else [])]
    else:
        spans = spans_of(page, numbers)
    html = mark_text(page["text"], spans, (number - 1) * size, number * size)
    return {"html": html, "number": number, "parts": parts}


def attempt_part(page: dict[str, Any], numbers: dict[str, int]) -> Any:
    """The beginning of an attempt's text with what decided against it, and where it differs from what it repeats."""
    twin = page["twin"]
    differs = plain_spans(twin["here"]) if twin else []
    return mark_text(page["text"], [*spans_of(page, numbers), *evidence_spans(page), *differs], 0, PAGE_CHARS)


def plain_spans(places: list[tuple[int, int]]) -> list[Span]:
    """Passages in which two texts differ."""
    return [Span(start, end, "twin", title="differs") for start, end in places]


def level_name(name: str) -> str:
    """A corpus of a sweep by its level, "opus release, stated, 20%"; any other by its name."""
    match = LEVEL.fullmatch(name)
    if match is None:
        return name
    how = ", stated" if match["knob"] == "stated" else ""
    return f"{match['fact'].replace('_', ' ')}{how}, {100 * float(match['level']):g}%"


def filters_address(filters: dict[str, Any]) -> str:
    """The query string of a list of transcripts."""
    return TranscriptFilters.of([*filters["chosen"], ("q", filters["q"]), ("sort", filters["sort"])]).address()


def reasoning_html(side: dict[str, Any], criteria: list[dict[str, Any]]) -> Any:
    """A transcript's reasoning with the passages that judges quoted, each by the number of its criterion."""
    by_id = {criterion["id"]: criterion for criterion in criteria}
    spans = []
    for passage in side["passages"]:
        for name in passage["criteria"]:
            number = by_id[name]["number"] if name in by_id else 0
            title = f"{name}: {by_id[name]['meaning']}" if name in by_id else name
            spans.append(Span(passage["start"], passage["end"], "fact", name, str(number), title, f"f{number % 8}"))
    return mark_text(side["shown_reasoning"], spans, 0, PAGE_CHARS, anchors=False)


def answer_html(side: dict[str, Any]) -> Any:
    """A transcript's answer with the words that the judge of compliance quoted."""
    spans = []
    if side["quoted"]:
        start, end = side["quoted"]
        spans = [Span(start, end, "judge", "compliance", "J", f"judge: {side['compliance']}")]
    return mark_text(side["answer"], spans, 0, PAGE_CHARS, anchors=False)
