"""Near-duplicates in any corpus, a run's or your own files: listed, or removed with evidence."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.corpus import read_corpus
from docgen.dedupe.index import NearDuplicateIndex
from docgen.dedupe.job import DedupeSettings
from docgen.dedupe.precedence import KeepRule
from docgen.dedupe.semantic import COSINE, Listener
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.source import Corpus, open_corpus
from docgen.dedupe.workflow import Job, Outcome, run_dedupe
from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.parallel.batches import batched
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths, run_of

if TYPE_CHECKING:
    from docgen.pipeline.run import Run

__all__ = ["DedupeOptions", "DedupeRun", "NearDuplicate", "deduplicate", "near_duplicates", "open_dedupe"]


@dataclass(frozen=True)
class NearDuplicate:
    """Text number `row` (from 0) resembles the earlier text `of`, which is kept; `jaccard` is exact."""

    row: int
    of: int
    jaccard: float


def near_duplicates(
    source: "Run | str | Path | Iterable[str]", threshold: float = 0.8, ngram: int = 5
) -> list[NearDuplicate]:
    """Every text that resembles an earlier, kept one, in order; compared by sets of word n-grams.

    `source` is any iterable of texts, or a run or the path of a file, folder or glob.
    For short texts use `ngram` 1 or 2: a text with fewer words than `ngram` only resembles texts with the same words.
    """
    index = NearDuplicateIndex(threshold, ngram)
    if isinstance(source, Iterable) and not isinstance(source, str):
        texts = iter(source)
    else:
        texts = (text for batch in read_corpus(corpus_paths(source)) for text in batch.texts)
    first, pairs = 0, list[NearDuplicate]()
    for batch in batched(texts, 4096):  # enough for the kernels to be busy, few enough to be held
        rows = range(first, first + len(batch))
        for row, twin in zip(rows, index.check_and_add(rows, batch), strict=True):
            if twin is not None:
                pairs.append(NearDuplicate(row, twin.kept_id, twin.jaccard))
        first += len(batch)
    return pairs


@dataclass(frozen=True)
class DedupeOptions:
    """How to deduplicate; see `docgen dedupe --help` and docs/dedupe.md.

    `keep` says which of several duplicates is kept: first (lowest id), longest, best (by the column `best_by`),
    salience, file-order. `cosine` is that of the semantic stage, with `semantic`, which proposes pairs and removes
    nothing. `threads` 0: one for each processor.
    """

    threshold: float = 0.8
    ngram: int = 5
    bands: int | None = None
    rows: int | None = None
    by: str | None = None
    text_column: str = "text"
    id_column: str | None = None
    keep: str = "first"
    best_by: str | None = None
    out: Path | None = None
    ignore_common: float | None = None
    ignore: tuple[Path, ...] = ()
    against: Path | None = None
    index: Path | None = None
    semantic: bool = False
    cosine: float | None = None
    ids_only: bool = False
    pairs: bool = False
    passages: bool = False
    show: int = 0
    threads: int = 0
    engine: str = "local"


@dataclass(frozen=True)
class DedupeRun:
    """A deduplication ready to be executed: the corpus, the run that it belongs to if any, and what to do."""

    corpus: Corpus
    run: RunFolder | None
    job: Job

    def execute(self, progress: Callable[[int], None] | None = None, listener: Listener | None = None) -> Outcome:
        """Deduplicate; a run gets reports/dedupe.json. `progress` is called with the rows of each batch of the first
        pass."""
        outcome = run_dedupe(self.corpus, self.job, progress, listener=listener)
        if self.run is not None:
            self.run.write_json("reports/dedupe.json", json.loads(json.dumps(outcome.report, default=str)))
            self.run.stamp_reports(["dedupe.json"])
        return outcome


def deduplicate(
    source: CorpusSource,
    *,
    threshold: float = 0.8,
    out: str | Path | None = None,
    options: DedupeOptions | None = None,
) -> Outcome:
    """Decide which documents of a corpus are kept: every removed one has a kept twin, exactly compared.

    With `out`, that folder gets kept.parquet, removed.parquet and dedupe.json; the corpus itself is not changed. The
    outcome's `report` has the numbers, `result.removed()` the table of removed documents. All else goes into `options`.
    """
    options = options or DedupeOptions(threshold=threshold)
    return open_dedupe(source, replace(options, out=Path(out)) if out else options).execute()


def open_dedupe(source: CorpusSource, options: DedupeOptions) -> DedupeRun:
    """Find the corpus and check the options; nothing is compared yet. Raises `ConfigError` naming the flag."""
    if options.engine not in ("local", "ray"):
        raise ConfigError(f"{options.engine!r} is not an engine", "--engine", "Use local or ray")
    if options.cosine is not None and not options.semantic:
        raise ConfigError("is for proposed pairs, but none are proposed", "--cosine", "Add --semantic")
    paths = corpus_paths(source)
    corpus = open_corpus(paths, options.text_column, options.id_column)
    run, targets = run_of(source), None
    if run is not None:
        from docgen.universe import load_context  # deduplicating files should not wait for its import

        targets = {fact.id: fact.salience for fact in load_context(run.context).key_facts}
    settings = DedupeSettings(
        Scheme.of(options.threshold, options.ngram, options.bands, options.rows),
        KeepRule(options.keep, options.best_by, targets),  # type: ignore[arg-type]
        tuple(name.strip() for name in (options.by or "").split(",") if name.strip()),
        options.threads or os.cpu_count() or 1,
        options.engine,  # type: ignore[arg-type]
    )
    job = Job(
        settings,
        out=options.out,
        ignore_common=options.ignore_common,
        ignore=options.ignore,
        against=options.against,
        index=options.index,
        ids_only=options.ids_only,
        pairs=options.pairs,
        repeated=options.passages or run is not None,
        semantic=(COSINE if options.cosine is None else options.cosine) if options.semantic else None,
        examples=max(options.show, 10 if run else 0),  # the report of a run shows some pairs in any case
        show=options.show,
    )
    return DedupeRun(corpus, run, job)
