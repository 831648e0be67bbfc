"""Writes the pages of a corpus as files: a sample or all of it, each text under an address made from its contents."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from docgen.explorer.index.column_segments import Array
from docgen.explorer.pages.documents.document import document
from docgen.explorer.pages.documents.documents import document_rows
from docgen.explorer.pages.facts import fact, facts, findings
from docgen.explorer.pages.overview import overview
from docgen.explorer.pages.page_query import PageQuery, run_word
from docgen.explorer.pages.page_registry import PAGES
from docgen.explorer.pages.types_and_ideas import type_, types
from docgen.explorer.publish.folder import MAX_DOCUMENTS, SiteOptions, clear_folder, finish_folder
from docgen.explorer.publish.links import SiteLinks, thing_file
from docgen.explorer.publish.search import SearchFiles
from docgen.explorer.read.facets import facets_under
from docgen.explorer.read.listing import PAGE_ROWS
from docgen.explorer.view import View
from docgen.explorer.viewable import Viewable
from docgen.explorer.web.renderer import html_page
from docgen.progress import Progress, Reporter, SilentReporter
from docgen.text import digest

__all__ = ["MAX_DOCUMENTS", "SiteOptions", "export_site"]

NO_SCORES = {"scores": None, "judge_scores": None}
NAMESPACE = uuid.UUID("6f1de4f0-7f0a-5c0e-9d0c-0d0c9e000001")
"""Of canaries, and arbitrary: a corpus that is published again keeps its own."""


def export_site(view: Viewable, out: Path, options: SiteOptions | None = None, reporter: Reporter | None = None) -> int:
    """Write the site to a new or earlier site's folder; returns the number of documents or transcripts in it.

    Raises `ConfigError` for a folder with anything else in it.
    """
    if not isinstance(view, View):
        from docgen.explorer.publish.experiment import export_experiment
        from docgen.explorer.transcripts.experiment_view import ExperimentView

        assert isinstance(view, ExperimentView)  # the only other thing that can be shown
        return export_experiment(view, out, options or SiteOptions(), reporter or SilentReporter())
    return view.whole(lambda: _Site(view, out, options or SiteOptions(), reporter or SilentReporter()).write())


class _Site:
    def __init__(self, view: View, out: Path, options: SiteOptions, reporter: Reporter) -> None:
        self.view, self.out, self.options, self.reporter = view, out, options, reporter
        self.snapshot = view.snapshot
        documents = self.snapshot.documents
        self.docs: Array = np.arange(documents)
        if options.documents is not None and documents > options.documents:
            drawn = np.random.default_rng(options.seed).choice(documents, options.documents, replace=False)
            self.docs = np.sort(drawn)  # in the order of the corpus
        self.files: dict[str, str] = {}
        self.lists: dict[int | None, str] = {None: "documents.html"}
        self.search = SearchFiles()
        self.head = run_word(view) | {"problem": "", "indexing": False}
        canary = options.canary or str(uuid.uuid5(NAMESPACE, f"{self.snapshot.world['id']} {view.name}"))
        self.site = {
            "licence": options.licence,
            "canary": canary,
            "shown": len(self.docs),
            "models": [name for name in self.snapshot.terms["model"] if name],
            "notice": "",
        }

    def write(self) -> int:
        clear_folder(self.out)
        ids = [self.snapshot.id_of(int(doc)) for doc in self.docs]
        for doc, name in zip(self.docs, ids, strict=True):
            self.files[name] = f"document/{digest(str(self.snapshot.record(int(doc))['text']), size=8)}.html"
        for number, first in enumerate(range(PAGE_ROWS, len(self.docs), PAGE_ROWS), 2):
            self.lists[int(self.docs[first - 1])] = f"documents-{number}.html"
        self._documents(ids)
        self._lists()
        self._overviews()
        self.search.write(self.out / "search")
        finish_folder(self.out, self.options.licence, str(self.site["canary"]))
        return len(self.docs)

    def _documents(self, ids: Sequence[str]) -> None:
        for place, (doc, name) in enumerate(zip(self.docs, ids, strict=True)):
            # Without what is not published.
            data = document(self.view, PageQuery({"id": name}))
            data |= {"attempts": [], "verdicts": [], "labels": [], "twins": []}
            data["by_idea"] = [row for row in data["by_idea"] if row["id"] in self.files]
            data["before"], data["after"] = (
                ids[near] if 0 <= near < len(ids) else None for near in (place - 1, place + 1)
            )
            data["filters"] = {"address": "", "place": place, "total": len(ids)}
            self._page("document", self.files[name], data)
            row = document_rows(self.view, self.snapshot, [int(doc)])[0]
            entry = {  # what the search in the browser knows about it
                "u": self.files[row["id"]],
                "t": row["title"],
                "x": row["excerpt"][0][0],
                "y": row["type"],
                "n": row["type_name"],
                "f": [[fact["number"], fact["id"]] for fact in row["facts"]],
                "r": row["findings"],
                "w": row["words"],
            }
            self.search.add(entry, data["text"])
            self.reporter.progress(Progress("pages", place + 1, len(ids)))

    def _lists(self) -> None:
        mask = np.zeros(self.snapshot.documents, bool)
        mask[self.docs] = True
        facets = [f for f in facets_under(self.snapshot, mask) if f.field in ("fact", "type", "finding", "words")]
        starts: list[int | None] = list(self.lists)
        for number, start in enumerate(starts):
            docs = self.docs[number * PAGE_ROWS : (number + 1) * PAGE_ROWS].tolist()
            data = {
                "filters": {"chosen": [], "q": "", "sort": ""},
                "total": len(self.docs),
                "first": number * PAGE_ROWS,
                "before": starts[number - 1] if number else None,
                "after": docs[-1] if number + 1 < len(starts) else None,
                "has_before": number > 0,
                "note": "",
                "rows": document_rows(self.view, self.snapshot, docs),
                "facets": [replace(facet, values=facet.values[:200]) for facet in facets],
                "labels": {"any": 0},
                "levels": [],
            }
            self._page("documents", self.lists[start], data)

    def _overviews(self) -> None:
        nothing = PageQuery()
        self._page("overview", "index.html", overview(self.view, nothing) | {"spent": [], "labelled": 0})
        self._page("facts", "facts.html", facts(self.view, nothing) | NO_SCORES)
        self._page("findings", "findings.html", findings(self.view, nothing) | NO_SCORES)
        self._page("types", "types.html", types(self.view, nothing))
        for name in self.snapshot.facts:
            self._page("fact", thing_file("fact", name), self._shown(fact(self.view, PageQuery({"id": name}))))
        kinds = dict.fromkeys([*self.snapshot.kinds, *(name for name in self.snapshot.terms["type"] if name)])
        for name in kinds:
            self._page("type", thing_file("type", name), self._shown(type_(self.view, PageQuery({"id": name}))))

    def _shown(self, data: dict[str, Any]) -> dict[str, Any]:
        """The page without links to documents that are not published, and without scores against labels."""
        rows = [row for row in data["rows"] if row["id"] in self.files]
        return data | {"rows": rows, **(NO_SCORES if "scores" in data else {})}

    def _page(self, name: str, file: str, data: Mapping[str, Any]) -> None:
        target = self.out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        links = SiteLinks(file.count("/"), self.files, self.lists)
        page = next(page for page in PAGES if page.name == name)
        html = html_page(self.view, page, data, links, self.head, token="", site=self.site)
        target.write_text(html, "utf-8")
