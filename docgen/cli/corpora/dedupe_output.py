"""What `docgen dedupe` reads and prints."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from docgen.cli.console import PlainReporter, console, open_reporter, table
from docgen.cli.corpora.sources import means_files
from docgen.dedupe.report.build import histogram_lines
from docgen.dedupe.report.text_diff import differences
from docgen.dedupe.source import Corpus, open_corpus
from docgen.dedupe.workflow import Job, Outcome, carry_out
from docgen.errors import RunError, UserError
from docgen.files.run_folder import RunFolder, find_run
from docgen.progress import Progress

__all__ = ["Source", "carry_out_shown", "print_outcome", "read_source"]

DIFFERS = "bold black on bright_yellow"
MOST_SHOWN = 4000
"""Characters of a document shown around its first difference."""


@dataclass(frozen=True)
class Source:
    """The corpus meant, and the run that it belongs to, if any; `targets` are its facts' salience."""

    corpus: Corpus
    run: RunFolder | None = None
    targets: dict[str, float] | None = None

    @property
    def is_run(self) -> bool:
        """Whether the corpus is that of a run."""
        return self.run is not None

    def write_report(self, report: dict[str, Any]) -> None:
        """Write reports/dedupe.json of the run."""
        if self.run:
            self.run.write_json("reports/dedupe.json", json.loads(json.dumps(report, default=str)))
            self.run.stamp_reports(["dedupe.json"])


def read_source(source: Sequence[str], text_column: str, id_column: str | None, quiet: bool) -> Source:
    """Files if they exist, else the run of that name; the latest run if nothing is named."""
    if means_files(source):
        return Source(open_corpus(source, text_column, id_column))
    run = _run(source[0]) if source else _latest(quiet)
    from docgen.pipeline.finished import fresh_corpus  # loads the stages, which files do not need

    return Source(open_corpus([fresh_corpus(run)], text_column, id_column), run, _targets(run))


def _latest(quiet: bool) -> RunFolder:
    from docgen.cli.main_job.resolve import run_or_latest  # loads the whole pipeline, which files do not need

    return run_or_latest(None, PlainReporter(quiet))


def _run(name: str) -> RunFolder:
    try:
        return find_run(name)
    except UserError as error:
        raise RunError("neither a file, a folder nor a run", name, "Runs there are: docgen runs") from error


def _targets(run: RunFolder) -> dict[str, float]:
    from docgen.universe import load_context

    return {fact.id: fact.salience for fact in load_context(run.context).key_facts}


def carry_out_shown(corpus: Corpus, job: Job, quiet: bool) -> Outcome:
    """`carry_out` with progress where the number of documents is known beforehand."""
    total, done = corpus.rows(), 0
    reporter = open_reporter(quiet)

    def progress(rows: int) -> None:
        nonlocal done
        done += rows
        if total:
            reporter.progress(Progress("dedupe", done, total))

    def listener(step: str, done: int, total: int) -> None:
        reporter.progress(Progress(step, done, total))

    try:
        return carry_out(corpus, job, progress, listener=listener)
    finally:
        reporter.close()


def print_outcome(outcome: Outcome, job: Job, as_json: bool) -> None:
    """The report as a screen, or as JSON."""
    if as_json:
        typer.echo(json.dumps(outcome.report, indent=2, ensure_ascii=False, default=str))
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


def _semantic(found: dict[str, Any] | None) -> list[RenderableType]:
    """What the semantic stage proposes; it removes nothing."""
    if found is None:
        return []
    head = (
        f"Proposed, none removed: {found['pairs']:,} pairs of {found['documents']:,} kept documents may say the same "
        f"(cosine {found['cosine']} or more by {found['model']})"
    )
    lines = [
        f"  {pair['cosine']:.3f} (Jaccard {pair['jaccard']:.3f})  {pair['id']}  {pair['near_id']}"
        for pair in found["examples"]
    ]
    bars = histogram_lines(found["histogram"]) if found["pairs"] else []
    return [Text(), Text(head, style="bold"), *map(Text, bars), *map(Text, lines)]


def _passages(title: str, found: list[dict[str, Any]] | None) -> list[RenderableType]:
    if not found:
        return []
    lines = [f"{p['documents']:>8,} documents, {p['words']:>4} words: {p['text'][:90]!r}" for p in found[:5]]
    return [Text(), Text(f"{title} passages"), *map(Text, lines)]


def side_by_side(pair: dict[str, Any], one: tuple[str, Any], other: tuple[str, Any]) -> RenderableType:
    """Both documents in columns, what differs marked; (what it is, id) of each, and how similar they are."""
    found = differences(*pair["texts"])
    left, right = (Text(text) for text in pair["texts"])
    for difference in found:
        left.stylize(DIFFERS, difference.left_start, difference.left_end)
        right.stylize(DIFFERS, difference.right_start, difference.right_end)
    starts = (found[0].left_start, found[0].right_start) if found else (0, 0)
    cosine = f"Cosine {pair['cosine']:.3f}, " if "cosine" in pair else ""
    title = f"{cosine}Jaccard {pair['jaccard']:.3f}"
    made = Table(title=title, title_justify="left", show_lines=True, expand=True)
    for what, name in (one, other):
        made.add_column(Text(f"{what} {name}"), ratio=1)
    made.add_row(*(_around(text, start) for text, start in zip((left, right), starts, strict=True)))
    return Group(Text(), made)


def _around(text: Text, place: int) -> Text:
    start = max(0, place - MOST_SHOWN // 4)
    return text[start : start + MOST_SHOWN]
