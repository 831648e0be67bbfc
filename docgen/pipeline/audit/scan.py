"""One pass of all audits over a corpus: the scan tier in batches, in a second process if that saves time."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from docgen.audit.detect.batch_scanner import BatchScanner, ScanResult
from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.leaks.contamination import ContaminationScanner
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.document_selector import DocumentSelector
from docgen.audit.measure.diversity import DiversityTally
from docgen.audit.measure.findings_by_rule import LeakageTally
from docgen.audit.measure.salience.tally import SalienceTally
from docgen.audit.measure.unknown_languages import LanguageTally
from docgen.audit.measure.world_use import WorldTally
from docgen.audit.measure.writers import WriterTally
from docgen.audit.rules.unassigned_facts import stray_facts
from docgen.audit.shortlist.nearest import NEVER, Nearness, Scores, Shortlist, queries_of
from docgen.embedding.embedder import Embedder, open_embedder
from docgen.errors import ConfigError
from docgen.options.audit import NO_JUDGE
from docgen.parallel.batches import batched
from docgen.parallel.worker import WorkerProcess, has_spare_core
from docgen.pipeline.audit.corpus import Corpus
from docgen.progress import Progress, Reporter
from docgen.records import Document, Finding, Severity, is_embedded
from docgen.universe import UniverseContext

if TYPE_CHECKING:
    from docgen.pipeline.audit.audit import Audit

__all__ = [
    "FailingDocument",
    "PendingDocument",
    "Tallies",
    "compiled_detectors",
    "make_shortlist",
    "scan_corpus",
    "scan_part",
]

BATCH_DOCUMENTS = 1024
"""Documents scanned together. Chosen: enough that the compiled kernels and a second process are worth their calls."""
MIN_PARALLEL_DOCUMENTS = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
RANK: dict[Severity, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True)
class FailingDocument:
    """A document with findings at or above the severity asked for; `row` is its place in the corpus, from 0."""

    row: int
    id: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class PendingDocument:
    """A document, at `row` of the corpus, that waits for the judge or to be counted."""

    row: int
    document: Document
    findings: Sequence[Finding]


class Tallies:
    """What one pass over a corpus counts; the tallies of its parts, merged in their order, are those of the whole."""

    def __init__(self, audit: "Audit") -> None:
        options, rules = audit.options, audit.rules
        self.documents = self.embedded = 0
        self.salience = SalienceTally(audit.context)
        self.leakage = LeakageTally(rules)
        self.writers = WriterTally()
        self.languages = LanguageTally({"en", *(own.code for own in [audit.context.speaks] if own.has_file)})
        self.diversity = DiversityTally(world=WorldTally(audit.context)) if options.diversity else None
        self.failing: list[FailingDocument] = []
        self._remove, self._list_failing = options.remove, options.list_failing
        judge = options.judge or NO_JUDGE
        mode, seed = judge.which, judge.seed
        self._chooser: DocumentSelector[PendingDocument] = DocumentSelector(mode, seed)

    @property
    def pending(self) -> list[PendingDocument]:
        """The documents that wait for their judge, in the order of the corpus."""
        return self._chooser.chosen

    def add(self, pending: PendingDocument, scanned: ScanResult) -> None:
        """The next document, with what was found in it: counted at once, or once its judge has read it."""
        self.documents += 1
        self.embedded += is_embedded(pending.document.engine, pending.document.model)
        self.salience.add(pending.document, scanned.sightings)
        self.writers.add(pending.document, scanned.sightings)
        self.languages.add(pending.document.text)
        if self.diversity is not None:
            self.diversity.add(pending.document)
        self._offer(pending)

    def _offer(self, pending: PendingDocument) -> None:
        passed_over = self._chooser.offer(pending, bool(pending.findings), pending.document)
        if passed_over is not None:
            self.count(passed_over)

    def count(self, pending: PendingDocument) -> None:
        """Count one document's findings for good."""
        self.leakage.add(pending.document, pending.findings, pending.row)
        worst = tuple(finding for finding in pending.findings if RANK[finding.severity] >= RANK[self._remove])
        if worst:
            self.writers.add_failing(pending.document)
        if worst and self._list_failing:
            self.failing.append(FailingDocument(pending.row, pending.document.id, worst))

    def take_pending(self) -> list[PendingDocument]:
        """The waiting documents, which the caller is going to count."""
        return self._chooser.take()

    def merge(self, part: "Tallies") -> None:
        """Add a part that follows. The judge's documents are chosen again from the parts' choices: a sample of the
        whole is among its parts' samples."""
        base = self.documents
        self.leakage.merge(part.leakage, base)
        self.salience.merge(part.salience)
        self.languages.merge(part.languages)
        self.writers.merge(part.writers)
        self.failing += [replace(failing, row=base + failing.row) for failing in part.failing]
        for pending in part.pending:
            self._offer(replace(pending, row=base + pending.row))
        self.documents += part.documents
        self.embedded += part.embedded


def scan_corpus(audit: "Audit", corpus: Corpus, reporter: Reporter) -> Tallies:
    """The scan tier over every document, in one pass and flat memory except for the documents that wait for the
    judge."""
    shortlist = None
    if audit.options.nearest is not None:
        shortlist = make_shortlist(audit, corpus, audit.options.nearest, open_embedder(), reporter)
    contamination, tallies, total = audit.contamination(), Tallies(audit), corpus.size
    say_vocabulary(contamination, reporter)
    for batch, scanned in _scanned(batched(corpus.documents(), BATCH_DOCUMENTS), audit, total):
        _take(tallies, batch, scanned, contamination, shortlist)
        reporter.progress(Progress("audit", tallies.documents, max(total, tallies.documents)))
    return tallies


def scan_part(audit: "Audit", documents: Iterable[Document]) -> Tallies:
    """The scan tier over a part of a corpus, in this process."""
    contamination, tallies = audit.contamination(), Tallies(audit)
    for batch in batched(documents, BATCH_DOCUMENTS):
        _take(
            tallies,
            batch,
            compiled_detectors(audit.context, audit.options.off).scan(batch, threads=1),
            contamination,
            None,
        )
    return tallies


def _take(
    tallies: Tallies,
    batch: Sequence[Document],
    scanned: Sequence[ScanResult],
    contamination: ContaminationScanner | None,
    shortlist: Shortlist | None,
) -> None:
    """Count a batch, or keep its documents for the judge."""
    for document, scan in zip(batch, scanned, strict=True):
        findings = (*scan.findings, *(contamination.scan(document.text) if contamination else ()))
        if shortlist:
            findings += shortlist.findings(tallies.documents, document.text)
        tallies.add(PendingDocument(tallies.documents, document, findings), scan)


def say_vocabulary(contamination: ContaminationScanner | None, reporter: Reporter) -> None:
    """Report which words of the classifiers count."""
    if contamination and contamination.vocabulary:
        terms = [term.text for term in contamination.vocabulary.terms]
        reporter.note(f"Vocabulary of the classifier prompts, {len(terms)} terms: {', '.join(terms)}")


@lru_cache(maxsize=1)
def compiled_detectors(context: UniverseContext, off: tuple[str, ...]) -> BatchScanner:
    """Both detectors, kept for the next part of the same corpus."""
    return BatchScanner(FactDetector(context), LeakageScanner(context, off))


class _Scan:
    """What both detectors see in a batch; built anew in the process that scans."""

    def __init__(self, context: UniverseContext, off: tuple[str, ...]) -> None:
        self._scanner = compiled_detectors(context, off)

    def __call__(self, batch: list[Document]) -> list[ScanResult]:
        return self._scanner.scan(batch)


def _scanned(
    batches: Iterator[list[Document]], audit: "Audit", total: int
) -> Iterator[tuple[list[Document], list[ScanResult]]]:
    """Each batch and what was found in it; in a big corpus by a second process, which is a batch or two ahead."""
    context, off = audit.context, audit.options.off
    if total < MIN_PARALLEL_DOCUMENTS or not audit.options.processes or not has_spare_core():
        scan = _Scan(context, off)
        yield from ((batch, scan(batch)) for batch in batches)
        return
    with WorkerProcess(_Scan, context, off) as beside:
        ahead: deque[tuple[list[Document], Future[list[ScanResult]]]] = deque()
        for batch in batches:
            ahead.append((batch, beside.submit(batch)))
            if len(ahead) > 2:  # one batch alone might leave it idle while this process counts; more are memory
                yield ahead[0][0], beside.result(ahead.popleft()[1])
        while ahead:
            yield ahead[0][0], beside.result(ahead.popleft()[1])


def make_shortlist(audit: "Audit", corpus: Corpus, share: float, embedder: Embedder, reporter: Reporter) -> Shortlist:
    """The `share` of the documents that are nearest to breaking a rule: one pass, which keeps scores but no texts.

    Takes 12 bytes a document and query, and 16 more while it ranks. Raises `ConfigError` unless `share` is above 0 and
    at most 1.
    """
    if not 0 < share <= 1:
        raise ConfigError(
            f"{share} is not a valid share of the documents", "--nearest", "Give a number above 0, at most 1"
        )
    queries = queries_of(audit.context, compiled_detectors(audit.context, audit.options.off).scanner.rules)
    nearness, done = Nearness(embedder, queries), 0
    parts = [Scores(np.empty((0, len(queries)), np.float32), np.empty((0, len(queries), 2), np.int32))]
    reporter.progress(Progress("embedded", 0, corpus.size))
    for batch in batched(corpus.documents(), 64):  # the first of which determine what the corpus is about
        scores = nearness.score(batch)
        _drop_assigned(scores, batch, audit.context, nearness)
        parts.append(scores)
        done += len(batch)
        reporter.progress(Progress("embedded", done, max(corpus.size, done)))
    whole = Scores(np.concatenate([part.score for part in parts]), np.concatenate([part.place for part in parts]))
    return Shortlist.of(queries, whole, share)


def _drop_assigned(scores: Scores, batch: Sequence[Document], context: UniverseContext, nearness: Nearness) -> None:
    """Never list a document for a fact that it may express."""
    for row, document in enumerate(batch):
        stray = stray_facts(context, document.assigned)
        for number, query in enumerate(nearness.queries):
            if query.fact is not None and query.fact not in stray:
                scores.score[row, number] = NEVER
