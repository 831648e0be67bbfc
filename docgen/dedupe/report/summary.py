"""The report of a deduplication as data: the counts, histograms and examples of reports/dedupe.json."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from docgen.dedupe.job import DedupeResult, DedupeSettings
from docgen.dedupe.precedence import fact_names
from docgen.dedupe.report.text_diff import differing_passage
from docgen.dedupe.source import Corpus

__all__ = ["MAX_EXAMPLES", "REPORT_COLUMNS", "examples", "histogram_lines", "summarise", "texts_of"]

REPORT_COLUMNS = ("doc_type", "idea", "facts")
MAX_EXAMPLES = 10  # pairs to read; chosen: two screens
BINS = 10  # of the histogram from the threshold to 1: steps of 0.02 at the default threshold
BAR_WIDTH = 40  # characters of the longest bar: with its figures a line of 60
MAX_IDEAS = 50  # document types or ideas listed, those with the most removals; chosen: as many as one reads through


def summarise(result: DedupeResult, settings: DedupeSettings) -> dict[str, Any]:
    """Counts over the whole corpus."""
    decision, scheme = result.decision, settings.scheme
    removed = ~decision.kept
    return {
        "documents": len(removed),
        "kept": int(decision.kept.sum()),
        "removed": int(removed.sum()),
        "exact": int(decision.exact.sum()),
        "near": int(removed.sum() - decision.exact.sum()),
        "compared": decision.compared,
        "settings": {
            "threshold": scheme.threshold,
            "ngram": scheme.ngram,
            "bands": scheme.bands,
            "rows": scheme.rows,
            "recall_at_threshold": round(scheme.candidate_probability(scheme.threshold), 5),
            "keep": settings.keep.rule,
            "by": list(settings.by),
        },
        "cluster_sizes": cluster_sizes(result),
        "jaccard_histogram": histogram(result, scheme.threshold),
        **by_column(result),
    }


def cluster_sizes(result: DedupeResult) -> dict[str, int]:
    """The number of clusters of 2, 3, ... documents: a kept document and its duplicates."""
    kept_row = result.decision.kept_row
    sizes = np.unique(kept_row[kept_row >= 0], return_counts=True)[1] + 1
    return {str(size): count for size, count in sorted(Counter(sizes.tolist()).items())}


def histogram(result: DedupeResult, threshold: float) -> list[dict[str, float]]:
    """Removed documents by their Jaccard similarity with the kept one, in BINS bins from the threshold to 1."""
    values = result.decision.jaccard[~result.decision.kept]
    counts, edges = np.histogram(values, bins=BINS, range=(threshold, 1.0 if threshold < 1 else 1.001))
    return [
        {"from": round(float(low), 4), "to": round(float(high), 4), "documents": int(count)}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def histogram_lines(bins: Sequence[dict[str, float]]) -> list[str]:
    """The histogram as text, one line for each bin."""
    highest = max((b["documents"] for b in bins), default=0) or 1
    bars = ("█" * round(BAR_WIDTH * b["documents"] / highest) for b in bins)
    return [
        f"{b['from']:.2f}-{b['to']:.2f} {bar:<{BAR_WIDTH}} {int(b['documents']):,}"
        for b, bar in zip(bins, bars, strict=True)
    ]


def by_column(result: DedupeResult) -> dict[str, Any]:
    """Removals by document type, idea and fact, for those columns that the corpus has."""
    table = result.table.with_columns(removed=pl.Series(~result.decision.kept))
    counts: dict[str, Any] = {}
    for name, key in (("doc_type", "by_type"), ("idea", "by_idea")):
        if name in table.columns and table[name].dtype != pl.Null:
            counts[key] = _counts(table.select(pl.col(name).alias("value"), "removed"))
    if "facts" in table.columns and table["facts"].dtype != pl.Null:
        facts = pl.DataFrame({"value": fact_names(table["facts"]), "removed": table["removed"]})
        counts["by_fact"] = _salience(_counts(facts.explode("value").drop_nulls("value"), limit=None), table)
    return counts


def _counts(frame: pl.DataFrame, limit: int | None = MAX_IDEAS) -> dict[str, dict[str, Any]]:
    """Documents and removals by value, those with the most removals first; at most `limit` of them."""
    grouped = frame.group_by("value").agg(pl.len().alias("documents"), pl.col("removed").sum())
    ordered = grouped.sort(["removed", "documents", "value"], descending=[True, True, False])
    rows = ordered.head(limit).rows() if limit else ordered.rows()
    return {str(value): {"documents": total, "removed": removed} for value, total, removed in rows}


def _salience(facts: dict[str, dict[str, Any]], table: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Add each fact's share of the documents before and after."""
    total, remaining = table.height, table.height - int(table["removed"].sum())
    for counts in facts.values():
        counts["salience_before"] = counts["documents"] / max(total, 1)
        counts["salience_after"] = (counts["documents"] - counts["removed"]) / max(remaining, 1)
    return facts


def texts_of(corpus: Corpus, rows: Sequence[int]) -> dict[int, str]:
    """The texts of some rows; reads the corpus no further than the last of them."""
    ordered, texts = sorted(set(rows)), {}
    for batch in corpus.batches() if ordered else ():
        inside = [row for row in ordered if batch.first_row <= row < batch.first_row + len(batch)]
        for row in inside:
            texts[row] = str(batch.text[row - batch.first_row])
        if ordered[-1] < batch.first_row + len(batch):
            break
    return texts


def examples(result: DedupeResult, corpus: Corpus, count: int = MAX_EXAMPLES) -> list[dict[str, Any]]:
    """Pairs evenly spaced from the least to the most similar near-duplicates, with the longest passage that differs."""
    decision = result.decision
    near = np.flatnonzero((decision.kept_row >= 0) & ~decision.exact)  # texts of an index are nowhere
    near = near[np.argsort(decision.jaccard[near], kind="stable")]
    chosen = (
        near[np.unique(np.linspace(0, len(near) - 1, min(count, len(near))).astype(np.int64))] if len(near) else near
    )
    pairs = [(int(row), int(decision.kept_row[row])) for row in chosen]
    texts = texts_of(corpus, [row for pair in pairs for row in pair])
    return [
        {
            "id": result.ids[row],
            "kept_id": result.ids[twin],
            "jaccard": float(decision.jaccard[row]),
            "differs": dict(zip(("removed", "kept"), differing_passage(texts[row], texts[twin]), strict=True)),
            "texts": (texts[row], texts[twin]),
        }
        for row, twin in pairs
    ]
