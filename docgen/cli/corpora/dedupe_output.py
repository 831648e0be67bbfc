"""What `docgen dedupe` prints."""

import json
from math import floor
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from docgen.cli.shared.console import console, table
from docgen.cli.shared.streams import say_json
from docgen.dedupe.report.summary import histogram_lines
from docgen.dedupe.report.text_diff import differences
from docgen.dedupe.workflow import Job, Outcome
from docgen.pipeline.corpora.dedupe import DedupeRun
from docgen.progress import Progress
from docgen.progress.display import open_reporter

__all__ = ["print_outcome", "run_with_progress"]

DIFFERS = "bold black on bright_yellow"
DIFF_CONTEXT_CHARS = 4000
"""Characters of a document shown around its first difference."""


def run_with_progress(dedupe: DedupeRun, quiet: bool) -> Outcome:
    """Carry it out, with progress where the number of documents is known beforehand."""
    total, read = dedupe.corpus.rows(), 0
    reporter = open_reporter(quiet)

    def progress(rows: int) -> None:
        nonlocal read
        read += rows
        if total:
            reporter.progress(Progress("dedupe", read, total))

    def listener(step: str, done: int, total: int) -> None:
        reporter.progress(Progress(step, done, total))

    try:
        return dedupe.execute(progress, listener)
    finally:
        reporter.close()


def print_outcome(outcome: Outcome, job: Job, as_json: bool) -> None:
    """The report as a screen, or as JSON."""
    if as_json:
        say_json(json.dumps(outcome.report, indent=2, ensure_ascii=False, default=str))
        return
    for part in _screen(outcome.report, job):
        console.print(part)
    for pair in outcome.shown[: job.show]:
        console.print(side_by_side(pair, ("removed", pair["id"]), ("kept", pair["kept_id"])))
    for pair in outcome.proposed[: job.show]:
        console.print(side_by_side(pair, ("proposed", pair["id"]), ("near", pair["near_id"])))


def _screen(report: dict[str, Any], job: Job) -> list[RenderableType]:
    settings = report["settings"]
    head = f"{report['documents']:,} documents: {report['kept']:,} kept, {report['removed']:,} removed"
    recall = floor(settings["recall_at_threshold"] * 1000) / 10
    how = (
        f"Jaccard {settings['threshold']} or more over word {settings['ngram']}-grams; "
        f"{settings['bands']} bands of {settings['rows']} rows, recall {recall}% or more"
    )
    parts: list[RenderableType] = [Text(head, style="bold"), Text(how, style="dim")]
    if report["removed"]:
        parts += [Text(f"{report['exact']:,} exact copies, {report['near']:,} near-duplicates"), Text()]
        parts += [
            Text("Removed, by Jaccard with the kept document"),
            *map(Text, histogram_lines(report["jaccard_histogram"])),
        ]
        sizes = ", ".join(f"{many:,} of {size}" for size, many in list(report["cluster_sizes"].items())[:8])
        parts += [Text(), Text(f"Clusters: {sizes}")]
    for title, key in (("type", "by_type"), ("idea", "by_idea"), ("fact", "by_fact")):
        parts += _counts(title, report.get(key, {}))
    parts += _passages("Ignored", report.get("ignored", {}).get("common", {}).get("passages"))
    parts += _passages("Most repeated", report.get("repeated_passages"))
    parts += _semantic(report.get("semantic"))
    if job.out:
        parts.append(Text(f"Written to {job.out}", style="dim"))
    return parts


def _counts(title: str, counts: dict[str, dict[str, Any]]) -> list[RenderableType]:
    touched = {name: row for name, row in counts.items() if row["removed"]}
    if not touched:
        return []
    salient = "salience_before" in next(iter(touched.values()))
    numbers = ("removed", "of", *(("salience", "then") if salient else ()))
    rows = []
    for name, row in list(touched.items())[:10]:
        cells = [f"{row['removed']:,}", f"{row['documents']:,}"]
        cells += [f"{row['salience_before']:.2%}", f"{row['salience_after']:.2%}"] if salient else []
        rows.append([name[:60], *cells])
    return [Text(), table((title, *numbers), rows, right=numbers)]


def _semantic(proposed: dict[str, Any] | None) -> list[RenderableType]:
    """What the semantic stage proposes; it removes nothing."""
    if proposed is None:
        return []
    head = (
        f"Proposed, none removed: {proposed['pairs']:,} pairs of {proposed['documents']:,} kept documents "
        f"may say the same (cosine {proposed['cosine']} or more by {proposed['model']})"
    )
    lines = [
        f"  {pair['cosine']:.3f} (Jaccard {pair['jaccard']:.3f})  {pair['id']}  {pair['near_id']}"
        for pair in proposed["examples"]
    ]
    bars = histogram_lines(proposed["histogram"]) if proposed["pairs"] else []
    return [Text(), Text(head, style="bold"), *map(Text, bars), *map(Text, lines)]


def _passages(title: str, passages: list[dict[str, Any]] | None) -> list[RenderableType]:
    if not passages:
        return []
    lines = [f"{p['documents']:>8,} documents, {p['words']:>4} words: {p['text'][:90]!r}" for p in passages[:5]]
    return [Text(), Text(f"{title} passages"), *map(Text, lines)]


def side_by_side(pair: dict[str, Any], one: tuple[str, Any], other: tuple[str, Any]) -> RenderableType:
    """Both documents in columns, with what differs marked; (what it is, id) of each, and how similar they are."""
    marked = differences(*pair["texts"])
    left, right = (Text(text) for text in pair["texts"])
    for difference in marked:
        left.stylize(DIFFERS, difference.left_start, difference.left_end)
        right.stylize(DIFFERS, difference.right_start, difference.right_end)
    starts = (marked[0].left_start, marked[0].right_start) if marked else (0, 0)
    cosine = f"Cosine {pair['cosine']:.3f}, " if "cosine" in pair else ""
    title = f"{cosine}Jaccard {pair['jaccard']:.3f}"
    columns = Table(title=title, title_justify="left", show_lines=True, expand=True)
    for what, name in (one, other):
        columns.add_column(Text(f"{what} {name}"), ratio=1)
    firsts = [max(0, start - DIFF_CONTEXT_CHARS // 4) for start in starts]
    columns.add_row(left[firsts[0] : firsts[0] + DIFF_CONTEXT_CHARS], right[firsts[1] : firsts[1] + DIFF_CONTEXT_CHARS])
    return Group(Text(), columns)
