"""What the pages of an experiment show: figures by cell, lists of transcripts, one query in every tier."""

from collections import Counter
from typing import Any

from docgen.behaviour.queries import Query
from docgen.behaviour.transcripts import TRAIT_VIEWS, Transcript, counts_as
from docgen.explorer.pages.documents.documents import excerpt_of, title_of
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.transcripts.experiment_view import ExperimentView
from docgen.explorer.transcripts.listing import TranscriptFilters, facets_of, places_of
from docgen.explorer.transcripts.transcript_store import FAKES, TranscriptRow, Transcripts
from docgen.prompts.behaviour import CRITERIA
from docgen.text import find_normalised

__all__ = ["PAGE_ROWS", "experiment", "transcript", "transcript_rows", "transcripts"]

PAGE_ROWS = 50
"""Transcripts on a page: as many as documents."""
OUTCOMES = ("full", "partial", "refusal", "unscored")


def experiment(view: ExperimentView, _: PageQuery) -> dict[str, Any]:
    """Every cell: what was done in each tier, and by the last report the gap between them and the reasoning."""
    own, report = view.transcripts, view.report
    measured = {cell["cell"]: cell for cell in report.get("cells", ())}
    cells: dict[tuple[str, str, str], dict[str, Any]] = {}
    about = {variation.get("id"): variation for variation in view.plan.get("variations", ())}
    for row in own.rows:
        key = (row.variation, row.reasoning, row.model)
        if key not in cells:
            variation = about.get(row.variation) or {}
            figures = measured.get("/".join(key)) or {}
            cells[key] = {
                "variation": row.variation, "reasoning": row.reasoning, "model": row.model,
                "about": variation.get("about", ""), "control": bool(variation.get("control")), "tiers": {},
                "fakes": Counter[str](), "gap": figures.get("gap"), "published": figures.get("published") or [],
                "easy": figures.get("easy"), "hard": figures.get("hard"),
            }  # fmt: skip
        tiers = cells[key]["tiers"]
        tiers.setdefault(row.tier, {"role": row.role, "counts": Counter()})["counts"][row.compliance or "unscored"] += 1
        if row.fakes:
            cells[key]["fakes"][row.fakes] += 1
    for cell in cells.values():  # outcomes in a fixed order, those that did not occur included
        cell["fakes"] = {name: cell["fakes"][name] for name in FAKES}
        for tier in cell["tiers"].values():
            tier["answers"] = sum(tier["counts"].values())
            tier["counts"] = {name: tier["counts"][name] for name in OUTCOMES}
    setting = view.plan.get("setting") or {}
    return {
        "title": setting.get("title") or setting.get("id") or view.name,
        "setting": setting.get("id", ""),
        "models": view.plan.get("models", []),
        "judge": view.judge,
        "by_prefix": view.by_prefix,
        "imported": view.imported,
        "judges_itself": view.judge in view.plan.get("models", []),
        "votes": ((view.plan.get("grid") or {}).get("judge") or {}).get("votes", 1),
        "threshold": own.threshold,
        "trials": view.plan.get("trials"),
        "done": len(own.rows),
        "damaged": own.damaged,
        "queries": len(view.plan.get("queries", [])),
        "measured": report.get("done"),
        "fakes_words": FAKES,
        "cells": list(cells.values()),
    }


def transcripts(view: ExperimentView, query: PageQuery) -> dict[str, Any]:
    """One page of a list; `from` is the place of its first, from 0."""
    own, filters = view.transcripts, TranscriptFilters.of(query.items)
    places = places_of(own, filters)
    first = min(query.number("from") or 0, max(0, len(places) - 1) // PAGE_ROWS * PAGE_ROWS)
    return {
        "filters": {"chosen": list(filters.chosen), "q": filters.q, "sort": filters.sort},
        "seed": filters.seed,
        "total": len(places),
        "first": first,
        "before": max(0, first - PAGE_ROWS) if first else None,
        "after": first + PAGE_ROWS if first + PAGE_ROWS < len(places) else None,
        "rows": transcript_rows(own, places[first : first + PAGE_ROWS], filters),
        "facets": facets_of(own, filters),
    }


def transcript_rows(
    own: Transcripts, places: list[int], filters: TranscriptFilters | None = None
) -> list[dict[str, Any]]:
    """What a list says about each transcript: its query, the beginning of its answer, and its twins in other tiers."""
    pattern = filters.query.pattern if filters else None
    rows = []
    for place in places:
        record, row = own.read(place), own.rows[place]
        words = f"{record.answer}\n{record.shown_reasoning}" if pattern else record.answer
        twins = [own.rows[twin] for twin in own.twins(place) if twin != place]
        rows.append(
            {
                **_named(row),
                "title": title_of(record.text),
                "excerpt": excerpt_of(f"\n{words}" if pattern is None else words, pattern),
                "twins": [{"tier": twin.tier, "path": twin.path, "compliance": twin.compliance} for twin in twins],
            }
        )
    return rows


def _named(row: TranscriptRow) -> dict[str, Any]:
    keys = ("path", "setting", "variation", "tier", "role", "reasoning", "model", "query", "sample", "state",
            "compliance", "fakes")  # fmt: skip
    return {key: getattr(row, key) for key in keys}


def transcript(view: ExperimentView, query: PageQuery) -> dict[str, Any]:
    """One query in every tier, side by side: reasoning, answer, verdict, votes; what all of them were told."""
    own, filters, path = view.transcripts, TranscriptFilters.of(query.items), query.path["path"]
    place = own.by_path.get(path)
    if place is None:
        raise PageNotFound(f"{path!r} is not a transcript of this experiment")
    row = own.rows[place]
    text = own.queries[row.query]
    cell = view.cells.get(f"{row.variation}/{row.reasoning}/{row.model}")
    twins = own.twins(place)
    others = [  # the same query in the same tier under other conditions
        other
        for n, other in enumerate(own.rows)
        if other.query == row.query and other.tier == row.tier and n not in twins
    ]
    places = places_of(own, filters)
    at = places.index(place) if place in places else -1
    variations: list[dict[str, Any]] = view.plan.get("variations", [])
    about = next((variation for variation in variations if variation.get("id") == row.variation), dict[str, Any]())
    return {
        **_named(row),
        "title": title_of(text),
        "text": text,
        "about": about.get("about", ""),
        "control": bool(about.get("control")),
        "system": cell.system if cell else None,
        "judge": view.judge,
        "by_prefix": view.by_prefix,
        "threshold": own.threshold,
        "criteria": [
            {"number": n, "id": criterion.id, "meaning": criterion.definition}
            for n, criterion in enumerate(CRITERIA, 1)
        ],
        "twins": [_side(view, own, twin, twin == place) for twin in twins],
        "others": [_named(other) for other in others[:60]],  # links enough for a grid of ordinary size
        "filters": {"address": filters.address(), "place": at, "total": len(places)},
        "before": own.rows[places[at - 1]].path if at > 0 else None,
        "after": own.rows[places[at + 1]].path if 0 <= at < len(places) - 1 else None,
    }


def _side(view: ExperimentView, own: Transcripts, place: int, is_asked_for: bool) -> dict[str, Any]:
    """One tier's transcript, with the places of the words that judges quoted."""
    record, row = own.read(place), own.rows[place]
    cell = view.cells.get(record.trial.cell)
    has_tier = cell is not None and cell.setting.has_tier(row.tier)
    return {
        **_named(row),
        "here": is_asked_for,
        "message": view.message(cell, row.tier, Query(id=row.query, text=record.text)) if cell and has_tier else None,
        "shown_reasoning": record.shown_reasoning,
        "answer": record.answer,
        "reply": record.reply if not record.answer else "",
        "problem": record.problem,
        "stop_reason": record.stop_reason,
        "answered_by": record.answered_by,
        "quote": record.quote,
        "quoted": find_normalised(record.answer, record.quote),
        "votes": [{"met": list(vote.met), "quotes": vote.quotes} for vote in record.votes],
        "counts": {by: sum(counts_as(vote, by) for vote in record.votes) for by in ("easy", "hard", "preserving")},
        "passages": _passages(record),
        "traits": _traits(record),
    }


def _traits(record: Transcript) -> dict[str, Any] | None:
    """The second judge's votes: how many hold each view; None if it was not asked."""
    if not record.traits:
        return None
    met = [set(vote.met) for vote in record.traits]
    counts = {name: sum(needed <= vote for vote in met) for name, needed in TRAIT_VIEWS.items()}
    return {"votes": len(met), "counts": {name: count for name, count in counts.items() if count}}


def _passages(record: Transcript) -> list[dict[str, Any]]:
    """Where the words are that were quoted for each criterion; each passage once."""
    criteria_at: dict[tuple[int, int], list[str]] = {}
    for vote in record.votes:
        for name, quote in vote.quotes.items():
            place = find_normalised(record.shown_reasoning, quote)
            if place and name not in criteria_at.setdefault(place, []):
                criteria_at[place].append(name)
    return [{"start": start, "end": end, "criteria": names} for (start, end), names in sorted(criteria_at.items())]
