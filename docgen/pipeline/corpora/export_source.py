"""What is exported: a run's corpus or any files, and what its manifest says about its origin."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from docgen.corpus import corpus_files, read_corpus
from docgen.corpus.readers import parquet_rows
from docgen.errors import InputError
from docgen.exporting.dataset.arrangement import Layout, arrange_examples
from docgen.exporting.dataset.documents import Documents, TextStore, read_documents
from docgen.exporting.dataset.mix import corpus_index, draw, open_candidates, parse_mix
from docgen.exporting.dataset.split import near_clusters, validation_size
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.table import find_format
from docgen.exporting.job import canary_of, sha256_of
from docgen.exporting.tokens.counter import Estimate, TokenCounter, Tokenizer, open_tokenizer
from docgen.files.digests import file_digest
from docgen.files.run_folder.run_folder import RunFolder
from docgen.options.run import RunConfig
from docgen.pipeline.audit.runs.run_reports import read_report
from docgen.pipeline.corpora.select import facts_of
from docgen.pipeline.execution.freshness_check import check_finished, fresh_corpus
from docgen.pipeline.inputs.setup import read_recorded
from docgen.records import embedded_notice
from docgen.text import slug

__all__ = [
    "OpenedSource",
    "Source",
    "canary",
    "facts_on_record",
    "open_layouts",
    "provenance",
    "reports_of",
    "seen_from",
    "source_of_files",
    "source_of_run",
]

TEXTS_PER_BATCH = 1024
"""Texts of the corpus read at a time, to know them again in what is mixed in (chosen): some megabytes in memory."""
Say = Callable[[str], None]
"""Called with a line on what is being done."""


@dataclass(frozen=True)
class Source:
    """A corpus to export: its files, and its run if it has one. `name` is for files and titles."""

    paths: tuple[Path, ...]
    name: str
    run: RunFolder | None = None

    @property
    def corpus(self) -> Path | None:
        """A run's corpus.parquet."""
        return self.run.corpus if self.run else None


@dataclass(frozen=True)
class OpenedSource:
    """A source as read, with a layout for each ratio of the mix, or one."""

    source: Source
    tokenizer: Tokenizer | None
    layouts: tuple[tuple[float | None, Layout], ...]


def source_of_run(run: RunFolder, accept_unfinished: bool) -> Source:
    """A run's corpus; raises `RunError` without one, and unless `accept_unfinished` for one that is not finished."""
    meta = read_recorded(run)
    fresh_corpus(run)
    if not accept_unfinished:
        check_finished(run, parquet_rows(run.corpus), meta["config"].get("n"))
    return Source((run.corpus,), run.name, run)


def source_of_files(paths: Sequence[str | Path]) -> Source:
    """Any files, folders or globs, which are resolved when they are read."""
    names = tuple(Path(path) for path in paths)
    return Source(names, slug(names[0].name.split(".")[0]) if len(names) == 1 else "corpus")


@contextmanager
def open_layouts(
    source: Source, options: ExportOptions, folder: Path, say: Say = lambda _: None
) -> Iterator[OpenedSource]:
    """Read a source and lay it out for every ratio of a mix; within the block, texts are in unnamed files in `folder`.

    `say` reports what is being done, a line for each thing that can take a while.
    """
    specs = [parse_mix(text) for text in options.mix]
    facts, holds = facts_on_record(source)
    tokenizer = open_tokenizer(options.tokenizer) if options.tokenizer else None
    counter: TokenCounter = tokenizer or Estimate(find_format(options.form).token_family(options))
    with ExitStack() as stack:
        store = stack.enter_context(TextStore(folder))
        ending = f"\n\n{canary(source)}" if options.canary_in_texts else ""
        say(f"reading {source.name}")
        documents = read_documents(
            source.paths, store, counter, facts, holds, of_a_run=source.run is not None, ending=ending,
            progress=lambda count: say(f"reading {source.name}: {count:,} documents"),
        )  # fmt: skip
        clusters = None
        if validation_size(options.validation, len(documents)):
            say("comparing all documents, so that no near-duplicates are split up")
            clusters = near_clusters(source.paths)
        candidates = []
        for spec in specs:
            say(f"reading {spec.path.name}, which is mixed in")
            starts, numbers = range(0, len(documents), TEXTS_PER_BATCH), range(len(documents))
            index = corpus_index(documents.store.read(numbers[start : start + TEXTS_PER_BATCH]) for start in starts)
            mixed = stack.enter_context(TextStore(folder))
            candidates.append(open_candidates(spec, mixed, index, counter, options.seed))
        ratios = options.mix_ratios or (None,)
        layouts = []
        for ratio in ratios:
            at_ratio = [spec if ratio is None else replace(spec, ratio=ratio) for spec in specs]
            drawn = [
                (each, draw(each, spec, options.mix_by, documents.amount(options.mix_by)))
                for each, spec in zip(candidates, at_ratio, strict=True)
            ]
            layouts.append((ratio, arrange_examples(documents, drawn, options, clusters)))
        yield OpenedSource(source, tokenizer, tuple(layouts))


def facts_on_record(source: Source) -> tuple[tuple[str, ...], "np.ndarray[Any, np.dtype[np.uint8]]"]:
    """Facts of every document by the column `facts`; none for files without such a column, or with another kind."""
    try:
        recorded = facts_of(source.paths, "facts", "text")
    except InputError:
        rows = sum(len(batch) for batch in read_corpus(source.paths))  # raises what is wrong with the corpus itself
        return (), np.zeros((rows, 0), dtype=np.uint8)
    return recorded.facts, recorded.holds


def canary(source: Source) -> str:
    """The canary of a corpus: a run has one for all its exports, whatever was rejected since; files by their bytes."""
    if source.run is None:
        return canary_of(*map(sha256_of, corpus_files(source.paths)))
    meta = read_recorded(source.run)
    return canary_of(meta["context"]["id"], meta["context"].get("digest", ""), str(meta["config"]["seed"]))


def provenance(source: Source, documents: Documents, folder: Path) -> dict[str, Any]:
    """Where the documents come from: for a run its settings, context and writers, for files their digests."""
    import polars as pl

    from docgen import __version__

    holds = documents.holds.sum(axis=0).tolist()
    counts = dict(zip(documents.facts, map(int, holds), strict=True))
    notice = embedded_notice(sum(documents.embedded), len(documents))
    common: dict[str, Any] = {"name": source.name, **({"writer": notice} if notice else {})}
    if documents.facts:
        common["documents_by_fact"] = counts
    if source.run is None:
        sources = {seen_from(folder, path): sha256_of(path) for path in corpus_files(source.paths)}
        return {**common, "docgen": __version__, "sources": sources}
    run = source.run
    meta = _portable(run, folder)
    audited = run.report_is_current("leakage.json")
    # Engine and model of the documents themselves, whatever the settings say.
    frame = pl.scan_parquet(run.corpus, glob=False).group_by("engine", "model").agg(documents=pl.len())
    return {
        **common,
        "documents_by_fact": counts,
        "writers": frame.sort("engine", "model").collect().to_dicts(),
        "seed": meta["config"]["seed"],
        "config": meta["config"],
        "context": meta["context"],
        "templates": meta["templates"],
        "docgen": meta["docgen"],
        "made_from": {"attempts": file_digest(run.attempts), "audited": audited},
    }


def reports_of(run: RunFolder | None) -> dict[str, Any]:
    """What a run's reports say about the documents as they are now. Raises `RunError` for a damaged one."""
    if run is None:
        return {}
    reports = {name: read_report(run, f"{name}.json") for name in ("salience", "leakage")}
    return {name: report for name, report in reports.items() if report is not None}


def _portable(run: RunFolder, folder: Path) -> dict[str, Any]:
    """What run.json says, with paths relative to `folder`, and the model that really wrote."""
    meta = read_recorded(run)
    config = RunConfig.recorded(meta["config"]).model_dump(mode="json")
    context = dict(meta["context"])
    if context.get("source"):
        context["source"] = seen_from(folder, run.path.resolve() / context["source"])
    if config["prices"]:
        config["prices"] = seen_from(folder, Path(config["prices"]))
    return {**meta, "config": config, "context": context}


def seen_from(folder: Path, file: Path) -> str:
    """The path from `folder` to `file` if they share two folders below the root, else only the file's name.

    A path through the root, or through the folder of all users, would reveal where on whose machine things were.
    """
    here, there = folder.resolve(), file.resolve()
    shared = len(Path(os.path.commonpath([here, there])).parts)
    return Path(os.path.relpath(there, here)).as_posix() if shared >= 3 else there.name
