"""Writes an experiment as static pages: `setting/variation/tier/id`, and lists in the grid's order and a random one."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docgen.behaviour.report import CANARY
from docgen.explorer.pages.page_query import PageQuery
from docgen.explorer.publish.folder import SiteOptions, clear_folder, finish_folder
from docgen.explorer.publish.search import SearchFiles
from docgen.explorer.read.filters import Filters
from docgen.explorer.transcripts.experiment_view import ExperimentView
from docgen.explorer.transcripts.listing import FACETS, TranscriptFilters, facets_of, places_of
from docgen.explorer.transcripts.pages import PAGE_ROWS, experiment, transcript, transcript_rows
from docgen.explorer.transcripts.transcript_store import address_part
from docgen.explorer.web.renderer import html_page
from docgen.progress import Progress, Reporter

__all__ = ["export_experiment"]


class TranscriptLinks:
    """Links on a page that is `depth` folders below the top; `listed` are the files of the lists that exist."""

    is_live = False

    def __init__(self, depth: int, published: frozenset[str], listed: Mapping[TranscriptFilters, str]) -> None:
        self._up, self._published, self._listed = "../" * depth, published, listed

    def page(self, name: str = "", query: str = "") -> str:
        """See `Links`."""
        return f"{self._up}{name or 'index'}.html{query if '?from' not in query else ''}"

    def transcript(self, path: str, _query: str = "") -> str:
        """See `Links`; the list for a transcript that is not published."""
        return f"{self._up}{path}.html" if path in self._published else self.page("transcripts")

    def listing(self, filters: Filters, **more: object) -> str:
        """See `Links`; a list that is not a file is made in the browser."""
        file = self._listed.get(filters) if isinstance(filters, TranscriptFilters) else None
        if file is None:
            return self.page("transcripts", filters.address())
        number = int(str(more.get("from", 0))) // PAGE_ROWS
        return self._up + _numbered(file, number)

    def asset(self, name: str) -> str:
        """See `Links`."""
        return f"{self._up}static/{name}"


def export_experiment(view: ExperimentView, out: Path, options: SiteOptions, reporter: Reporter) -> int:
    """Write the site; returns the number of transcripts in it. If not all fit, twins are drawn together."""
    return _Site(view, out, options, reporter).write()


class _Site:
    def __init__(self, view: ExperimentView, out: Path, options: SiteOptions, reporter: Reporter) -> None:
        self.view, self.out, self.options, self.reporter = view, out, options, reporter
        self.own = view.transcripts
        self.chosen = _drawn(view, options)
        self.published = frozenset(self.own.rows[place].path for place in self.chosen)
        # Filters of the lists that are written as files, each with its folder.
        groups: dict[tuple[tuple[str, str], ...], str] = {(): ""}
        for place in self.chosen:
            row = self.own.rows[place]
            folder = f"{address_part(row.setting)}/{address_part(row.variation)}/"
            groups[(("variation", row.variation),)] = folder
            groups[(("variation", row.variation), ("tier", row.tier))] = f"{folder}{address_part(row.tier)}/"
        self.lists = {
            TranscriptFilters(chosen, "", sort): f"{folder}{sort or ('index' if folder else 'transcripts')}.html"
            for chosen, folder in groups.items()
            for sort in ("", "random")
        }
        self.head = view.head()
        canary = options.canary or CANARY
        models = ", ".join(view.plan.get("models", []))
        notice = f"Language models, {models}, were put into an invented situation. "
        notice = f"Transcripts of {models} that others released. " if view.imported else notice
        left_out = len(self.own.rows) - len(self.chosen)
        notice += f"{len(self.chosen):,} of {len(self.own.rows):,} transcripts are shown here." if left_out else ""
        self.site = {"licence": options.licence, "canary": canary, "notice": notice}

    def write(self) -> int:
        clear_folder(self.out)
        self._page("experiment", "index.html", experiment(self.view, PageQuery()))
        for filters, file in self.lists.items():
            self._list(filters, file)
        search = SearchFiles("transcript", "transcripts.html")
        for number, place in enumerate(self.chosen, 1):
            path = self.own.rows[place].path
            data = transcript(self.view, PageQuery({"path": path}))
            # Without links to transcripts that are not published.
            data |= {name: None for name in ("before", "after") if data[name] not in self.published}
            data |= {"others": [row for row in data["others"] if row["path"] in self.published]}
            self._page("transcript", f"{path}.html", data)
            record = self.own.read(place)
            search.add(self._row(place), f"{record.text}\n{record.shown_reasoning}\n{record.answer}")
            self.reporter.progress(Progress("pages", number, len(self.chosen)))
        search.write(self.out / "search")
        finish_folder(self.out, self.options.licence, self.site["canary"])
        return len(self.chosen)

    def _row(self, place: int) -> dict[str, Any]:
        """What the search in the browser knows about a transcript."""
        row, (listed,) = self.own.rows[place], transcript_rows(self.own, [place])
        said = [row.tier, row.variation.replace("_", " "), row.model, row.compliance or "unscored"]
        return {
            "u": f"{row.path}.html", "t": listed["title"], "x": listed["excerpt"][0][0], "y": "", "n": ", ".join(said),
            "f": [], "r": [], "w": 0, "k": {name: value_of(row) for name, (_, value_of) in FACETS.items()},
        }  # fmt: skip

    def _list(self, filters: TranscriptFilters, file: str) -> None:
        places = [place for place in places_of(self.own, filters) if self.own.rows[place].path in self.published]
        for first in range(0, max(1, len(places)), PAGE_ROWS):
            data = {
                "filters": {"chosen": list(filters.chosen), "q": "", "sort": filters.sort},
                "seed": filters.seed,
                "total": len(places),
                "first": first,
                "before": first - PAGE_ROWS if first else None,
                "after": first + PAGE_ROWS if first + PAGE_ROWS < len(places) else None,
                "rows": transcript_rows(self.own, places[first : first + PAGE_ROWS]),
                "facets": facets_of(self.own, filters) if len(self.chosen) == len(self.own.rows) else [],
            }
            self._page("transcripts", _numbered(file, first // PAGE_ROWS), data)

    def _page(self, name: str, file: str, data: Mapping[str, Any]) -> None:
        target = self.out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        links = TranscriptLinks(file.count("/"), self.published, self.lists)
        page = next(page for page in self.view.pages if page.name == name)
        html = html_page(self.view, page, data, links, self.head, token="", site=self.site)
        target.write_text(html, "utf-8")


def _numbered(file: str, number: int) -> str:
    """The file of a list's page `number`, from 0."""
    return file.replace(".html", f"-{number + 1}.html") if number else file


def _drawn(view: ExperimentView, options: SiteOptions) -> list[int]:
    """The published transcripts: whole situations, drawn until no more fit."""
    own = view.transcripts
    places = list(range(len(own.rows)))
    if options.documents is None or len(places) <= options.documents:
        return places
    groups = list({id(own.twins(place)): own.twins(place) for place in places}.values())
    random.Random(options.seed).shuffle(groups)
    chosen: list[int] = []
    for group in groups:
        if len(chosen) + len(group) <= options.documents:
            chosen += group
    return sorted(chosen)
