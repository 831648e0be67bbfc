"""One pass of all audits over a corpus: the scan tier in batches, in a second process beside where that saves time."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from docgen.audit.detect.batch_scanner import BatchScanner, Scanned
from docgen.audit.detect.classifier_vocabulary import Vocabulary
from docgen.audit.detect.contamination import ContaminationScanner, read_prompts, read_questions
from docgen.audit.detect.facts import FactDetector
from docgen.audit.detect.leakage_scanner import LeakageScanner
from docgen.audit.judge.panel import Chooser
from docgen.audit.measure.diversity import DiversityTally
from docgen.audit.measure.leakage import LeakageTally
from docgen.audit.measure.salience import SalienceTally
from docgen.audit.rules.rule import Rule
from docgen.audit.rules.shipped import contamination_rule
from docgen.audit.rules.shipped import contamination_rule
from docgen.audit.shortlist.nearest import Shortlist
from docgen.parallel.worker import WorkerProcess, has_spare_core
from docgen.pipeline.audit.audit import Audit, AuditOptions, Held
from docgen.pipeline.audit.targets import Target
from docgen.progress import Progress, Reporter
from docgen.records import Document
from docgen.universe import UniverseContext

__all__ = ["Sought", "begin_audit", "say_vocabulary", "scan_apart", "scan_corpus"]

BATCH = 1024
BIG = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
AHEAD = 2


@dataclass(frozen=True)
class Sought:
    """What the scan tier looks for, with what files say of it: plain data, compiled where it is used."""

    context: UniverseContext
    options: AuditOptions
    questions: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()

    @classmethod
    def read(cls, context: UniverseContext, options: AuditOptions) -> "Sought":
        """With the files that the options name."""
        questions = read_questions(options.questions) if options.questions else ()
        return cls(context, options, tuple(questions), tuple(read_prompts(options.classifiers)))

    def contamination(self) -> ContaminationScanner | None:
        """The scanner for what the evaluation consists of, if that is known."""
        if not self.options.contamination:
            return None
        vocabulary = Vocabulary(self.prompts, self.context) if self.prompts else None
        return ContaminationScanner(self.questions, vocabulary)

    def rules(self) -> tuple[Rule, ...]:
        """The rules looked for."""
        rules = _compiled(self.context, self.options.off).scanner.rules
        return (*rules, contamination_rule()) if self.options.contamination else rules


def begin_audit(target: Target, sought: Sought) -> Audit:
    """An audit that has seen nothing yet."""
    rules, context = sought.rules(), target.context
    return Audit(target, sought.options, rules, SalienceTally(context), LeakageTally(rules), DiversityTally())


def scan_corpus(
    target: Target, options: AuditOptions, total: int, reporter: Reporter, listed: Shortlist | None = None
) -> Audit:
    """The scan tier over every document, in one pass and flat memory but for the documents held for the judge.

    What is `listed` counts as suspect too.
    """
    sought = Sought.read(target.context, options)
    tier = _Tier(begin_audit(target, sought), sought.contamination(), listed=listed)
    say_vocabulary(tier.contamination, reporter)
    for batch, seen in _scanned(_batches(target.subjects(), BATCH), target.context, options.off, total):
        tier.take(batch, seen)
        reporter.progress(Progress("audit", tier.rows, max(total, tier.rows)))
    return tier.done()


def scan_apart(target: Target, sought: Sought) -> tuple[int, Audit]:
    """(documents, audit) of a part of a corpus, in this process; diversity, which has no parts, is left out."""
    tier = _Tier(begin_audit(target, sought), sought.contamination(), diverse=False)
    scan = _Scan(target.context, sought.options.off)
    for batch in _batches(target.subjects(), BATCH):
        tier.take(batch, scan(batch))
    return tier.rows, tier.done()


class _Tier:
    """The scan tier at work on a stream: what was seen in its documents is counted, or held for the judge."""

    def __init__(
        self,
        audit: Audit,
        contamination: ContaminationScanner | None,
        diverse: bool = True,
        listed: Shortlist | None = None,
    ) -> None:
        self.contamination, self.rows = contamination, 0
        self._audit, self._diverse, self._listed = audit, diverse, listed
        self._chooser: Chooser[Held] = Chooser(audit.options.judge, audit.options.seed)

    def take(self, batch: Sequence[Document], seen: Sequence[Scanned]) -> None:
        """The next documents."""
        audit, more = self._audit, self.contamination
        for row, (subject, scanned) in enumerate(zip(batch, seen, strict=True), self.rows):
            audit.salience.add(subject, scanned.sightings)
            if self._diverse:
                audit.diversity.add(subject)
            findings = (*scanned.findings, *(more.scan(subject.text) if more else ()))
            if self._listed:
                findings += self._listed.findings(row, subject.text)
            given = self._chooser.offer(Held(row, subject, findings), bool(findings), subject)
            if given is not None:
                audit.count(given)
        self.rows += len(batch)

    def done(self) -> Audit:
        """The audit, with the documents that wait for their judge."""
        self._audit.waiting = self._chooser.chosen
        return self._audit


def say_vocabulary(contamination: ContaminationScanner | None, reporter: Reporter) -> None:
    """Which words of the classifiers' count."""
    if contamination and contamination.vocabulary:
        terms = [term.text for term in contamination.vocabulary.terms]
        reporter.note(f"Vocabulary of the classifier prompts, {len(terms)} terms: {', '.join(terms)}")


@lru_cache(maxsize=1)
def _compiled(context: UniverseContext, off: tuple[str, ...]) -> BatchScanner:
    """Both detectors, kept for the next part of the same corpus."""
    return BatchScanner(FactDetector(context), LeakageScanner(context, off))


class _Scan:
    """What both detectors see in a batch; built anew in the process that scans."""

    def __init__(self, context: UniverseContext, off: tuple[str, ...]) -> None:
        self._bulk = _compiled(context, off)

    def __call__(self, subjects: list[Document]) -> list[Scanned]:
        return self._bulk.scan(subjects)


def _scanned(
    batches: Iterator[list[Document]], context: UniverseContext, off: tuple[str, ...], total: int
) -> Iterator[tuple[list[Document], list[Scanned]]]:
    """Each batch and what was seen in it; in a big corpus by a second process, which is a batch or two ahead."""
    if total < BIG or not has_spare_core():
        scan = _Scan(context, off)
        yield from ((batch, scan(batch)) for batch in batches)
        return
    with WorkerProcess(_Scan, context, off) as beside:
        ahead: deque[tuple[list[Document], Future[list[Scanned]]]] = deque()
        for batch in batches:
            ahead.append((batch, beside.submit(batch)))
            if len(ahead) > AHEAD:
                yield ahead[0][0], beside.result(ahead.popleft()[1])
        while ahead:
            yield ahead[0][0], beside.result(ahead.popleft()[1])


def _batches(subjects: Iterable[Document], size: int) -> Iterator[list[Document]]:
    stream = iter(subjects)
    while batch := list(islice(stream, size)):
        yield batch
