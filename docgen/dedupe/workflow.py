"""A complete deduplication job, for the command line and other programs: ignore, decide, write, report."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from docgen.corpus.paths import corpus_files
from docgen.dedupe.job import DedupeResult, DedupeSettings, dedupe, index_additions
from docgen.dedupe.persistent_index import DiskIndex, create_index, open_index
from docgen.dedupe.report.kept_and_removed import write_frame, write_kept
from docgen.dedupe.report.summary import REPORT_COLUMNS, examples, summarise, texts_of
from docgen.dedupe.semantic import Listener, nearest, propose
from docgen.dedupe.sketch.boilerplate import (
    Common,
    common_shingles,
    ignore_table,
    passages,
    template_shingles,
)
from docgen.dedupe.sketch.signatures import NO_HASHES, Hashes, Sketcher
from docgen.dedupe.source import Corpus
from docgen.embedding.embedder import Embedder, open_embedder
from docgen.errors import ConfigError, InputError
from docgen.files.atomic import write_atomically
from docgen.files.overwrite_guard import refuse_overwriting
from docgen.text import digest

__all__ = ["Job", "Outcome", "run_dedupe"]

PASSAGE_TEXTS = 60
"""Documents read to show the most repeated passages. Chosen: three for each of the twenty passages shown."""
REPEATED_SHARE = 0.005
"""Share of documents that a passage must be in to be reported as repeated. Chosen: 10 of 2,000."""
OUTPUTS = ("kept.parquet", "removed.parquet", "pairs.parquet", "semantic.parquet", "dedupe.json")
SEMANTIC_EXAMPLES = 10
"""Pairs of the semantic stage in the report, at least."""


@dataclass(frozen=True)
class Job:
    """What to do besides deciding which documents to keep.

    `ignore_common`: ignore shingles in at least this many documents, or below 1 this share of them. `ignore`: template
    files whose shingles are ignored. `against`: an index to compare with. `index`: an index to compare with and add the
    kept documents to, created if it does not exist. `out`: folder for kept.parquet, removed.parquet and dedupe.json;
    with `ids_only` kept.parquet has ids instead of whole documents, with `pairs` all similar pairs go to pairs.parquet.
    `repeated`: report the most repeated passages. `semantic`: the cosine from which pairs of kept documents are
    proposed as saying the same (None: do not); with `out` they go to semantic.parquet. `examples` pairs go into the
    report.
    """

    settings: DedupeSettings
    out: Path | None = None
    ignore_common: float | None = None
    ignore: tuple[Path, ...] = ()
    against: Path | None = None
    index: Path | None = None
    ids_only: bool = False
    pairs: bool = False
    repeated: bool = False
    semantic: float | None = None
    examples: int = 0
    show: int = 0


@dataclass(frozen=True)
class Outcome:
    """`report` is plain data; `shown` are example pairs with their texts, `proposed` pairs of the semantic stage."""

    result: DedupeResult
    report: dict[str, Any]
    shown: list[dict[str, Any]]
    proposed: list[dict[str, Any]] = field(default_factory=list)


def run_dedupe(
    corpus: Corpus,
    job: Job,
    progress: Callable[[int], None] | None = None,
    *,
    embedder: Embedder | None = None,
    listener: Listener | None = None,
) -> Outcome:
    """Deduplicate and write the files that `job` asks for.

    The semantic stage uses `embedder`, or else the installed model, and reports its progress to `listener`. Raises
    `InputError` for unusable files and `ConfigError` for settings that exclude each other.
    """
    if job.out:
        refuse_overwriting([*corpus_files(corpus.paths), *job.ignore], [job.out / name for name in OUTPUTS])
    if job.semantic is not None and embedder is None:
        embedder = open_embedder()  # before any work, so that a missing extra is reported at once
    ignored, ignored_report = _ignored(corpus, job)
    table = ignore_table(ignored)
    index = _open_or_create_index(job, digest(ignored.tobytes()) if len(ignored) else "")
    result = dedupe(
        corpus, job.settings, also=REPORT_COLUMNS, ignored=table, against=index, pairs=job.pairs, progress=progress
    )
    shown = examples(result, corpus, job.examples)
    report = {**summarise(result, job.settings), **ignored_report, "examples": [_without_texts(pair) for pair in shown]}
    if job.repeated:
        sketcher, minimum = Sketcher(job.settings.scheme), max(3, int(len(result.ids) * REPEATED_SHARE))
        common = common_shingles(corpus.pieces, sketcher, minimum, job.settings.threads)
        report["repeated_passages"] = _passages(corpus, common, sketcher)
    proposed = _proposed(corpus, result, job, report, embedder, listener)
    if job.out:
        _write(corpus, result, job, job.out, report)
    if job.index and index:
        index.added(index_additions(corpus, result, job.settings, table))
    return Outcome(result, report, shown, proposed)


def _proposed(
    corpus: Corpus,
    result: DedupeResult,
    job: Job,
    report: dict[str, Any],
    embedder: Embedder | None,
    listener: Listener | None,
) -> list[dict[str, Any]]:
    """The semantic stage: adds itself to `report`, writes its file and returns pairs to read."""
    if job.semantic is None or embedder is None:
        return []
    proposals = propose(corpus, result, embedder, job.semantic, job.settings.scheme, listener)
    pairs = nearest(corpus, proposals, max(job.examples, SEMANTIC_EXAMPLES))
    report["semantic"] = {**proposals.summary(), "examples": [_without_texts(pair) for pair in pairs]}
    if job.out:
        job.out.mkdir(parents=True, exist_ok=True)
        write_frame(proposals.table(), job.out / "semantic.parquet")
    return pairs


def _without_texts(pair: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in pair.items() if name != "texts"}


def _write(corpus: Corpus, result: DedupeResult, job: Job, out: Path, report: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_frame(result.removed(), out / "removed.parquet")
    if job.ids_only:
        write_frame(result.ids.filter(result.decision.kept).to_frame(), out / "kept.parquet")
    else:
        write_kept(corpus, result.decision.kept, out / "kept.parquet")
    if job.pairs:
        write_frame(result.similar_pairs(), out / "pairs.parquet")
    lines = json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n"
    write_atomically(out / "dedupe.json", [lines.encode()])


def _ignored(corpus: Corpus, job: Job) -> tuple[Hashes, dict[str, Any]]:
    """Shingles to ignore, and the part of the report about them."""
    if job.ignore_common is None and not job.ignore:
        return NO_HASHES, {}
    sketcher, report = Sketcher(job.settings.scheme), {}
    hashes = template_shingles(job.ignore, sketcher)
    if job.ignore:
        report["templates"] = {"files": [str(file) for file in job.ignore], "shingles": len(hashes)}
    if job.ignore_common is not None:
        minimum = _minimum(corpus, job.ignore_common)
        common = common_shingles(corpus.pieces, sketcher, minimum, job.settings.threads)
        hashes = np.unique(np.concatenate([hashes, common.hashes]))
        passages_shown = _passages(corpus, common, sketcher)
        report["common"] = {"documents": minimum, "shingles": len(common.hashes), "passages": passages_shown}
    return hashes, {"ignored": report}


def _minimum(corpus: Corpus, common: float) -> int:
    """The number of documents that `ignore_common` means."""
    if common <= 0:
        raise ConfigError(
            f"{common} is not positive", "--ignore-common", "Give a number of documents, or a share such as 0.05"
        )
    if common >= 1:
        return int(common)
    return max(2, int(np.ceil(common * sum(len(batch) for batch in corpus.batches()))))


def _passages(corpus: Corpus, common: Common, sketcher: Sketcher) -> list[dict[str, Any]]:
    """The most repeated passages, from the texts of rows with the most common shingles."""
    by_count = np.argsort(-common.counts, kind="stable")
    rows, firsts = np.unique(common.rows[by_count], return_index=True)
    examples = rows[np.argsort(firsts)][:PASSAGE_TEXTS].tolist()
    return [asdict(passage) for passage in passages(common, texts_of(corpus, examples), sketcher)]


def _open_or_create_index(job: Job, ignored: str) -> DiskIndex | None:
    if job.against and job.index:
        raise ConfigError(
            "--against and --index exclude each other", fix="Use --index alone: it also compares with the index"
        )
    path = job.against or job.index
    if path is None:
        return None
    if job.index and not (path / "index.json").exists():
        return create_index(path, job.settings.scheme, ignored)
    index = open_index(path)
    if index.scheme != job.settings.scheme:
        what = f"made with {asdict(index.scheme)}, not {asdict(job.settings.scheme)}"
        raise InputError(what, str(path), "Use the same settings, or another index")
    if index.ignored != ignored:
        raise InputError("made with different ignored passages", str(path), "Use the same --ignore, or another index")
    return index
