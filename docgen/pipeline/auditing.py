"""One pass of all audits over a corpus, the judge's share of it, and what is done with the documents that fail."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from docgen.audit.bulk import BulkScanner, Scanned, Subject
from docgen.audit.calibrate import Calibration
from docgen.audit.contamination import CONTAMINATION, ContaminationScanner, read_prompts, read_questions
from docgen.audit.diversity import DiversityReport, DiversityTally
from docgen.audit.facts import FactDetector
from docgen.audit.judging import Chooser, JudgeMode, Panel, Verdicts, combine, judge_documents
from docgen.audit.leakage import LeakageReport, LeakageTally
from docgen.audit.rules import Rule
from docgen.audit.salience import SalienceReport, SalienceTally
from docgen.audit.scan import LeakageScanner
from docgen.audit.vocabulary import Vocabulary
from docgen.llm.protocol import LLM
from docgen.pipeline.audit_targets import Target
from docgen.pipeline.beside import Beside, spare_core
from docgen.progress import Progress, Reporter
from docgen.prompts import ModelOptions
from docgen.records import Finding, Severity
from docgen.universe import UniverseContext

__all__ = ["Audit", "AuditOptions", "AuditReports", "Failing", "scan_corpus"]

BATCH = 1024
BIG = 4000
"""Documents from which a second process, which takes seconds to start, saves time."""
AHEAD = 2
NO_JUDGE, NO_MODEL = JudgeMode("none"), ModelOptions("")
RANK: dict[Severity, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True)
class AuditOptions:
    """What is looked for. `off` are rules to leave out, `remove` the severity from which a document fails."""

    off: tuple[str, ...] = ()
    questions: Path | None = None
    classifiers: tuple[Path, ...] = ()
    judge: JudgeMode = field(default=NO_JUDGE)
    model: ModelOptions = field(default=NO_MODEL)
    seed: int = 0
    remove: Severity = "error"

    @property
    def plain(self) -> bool:
        """Whether this looks for no more and no less than the audit at the end of every run."""
        return not self.off and not self.contamination and self.judge.kind == "none"

    @property
    def contamination(self) -> bool:
        """Whether what the evaluation consists of is known."""
        return self.questions is not None or bool(self.classifiers)


@dataclass(frozen=True)
class AuditReports:
    """The reports of one audit."""

    salience: SalienceReport
    leakage: LeakageReport
    diversity: DiversityReport


@dataclass(frozen=True)
class Failing:
    """A document with findings at or above the wanted severity; `row` is its place in the corpus, from 0."""

    row: int
    id: str
    findings: tuple[Finding, ...]


@dataclass
class _Held:
    """A document, at `row` of the corpus, that waits for its judge or to be counted."""

    row: int
    subject: Subject
    findings: Sequence[Finding]


@dataclass
class Audit:
    """An audit under way: scanned, then judged, then reported."""

    target: Target
    options: AuditOptions
    rules: tuple[Rule, ...]
    salience: SalienceTally
    leakage: LeakageTally
    diversity: DiversityTally
    waiting: list[_Held] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    judged: int = 0
    unjudged: int = 0

    @property
    def in_vain(self) -> bool:
        """Whether a judge was asked and gave no usable verdict at all: nothing may be concluded from that."""
        return self.unjudged > 0 and not self.judged

    @property
    def panel(self) -> Panel:
        """What the judge is asked."""
        return Panel.of(self.target.context, self.rules, self.options.model)

    async def judge(self, llm: LLM, concurrency: int, reporter: Reporter) -> None:
        """Let the judge see the documents that wait for it, and count them."""
        subjects = [held.subject for held in self.waiting]
        judged: list[Verdicts | None] = [None] * len(subjects)
        done = failed = 0
        async for position, verdicts in judge_documents(llm, self.panel, subjects, concurrency):
            judged[position] = verdicts
            done, failed = done + 1, failed + (verdicts is None)
            reporter.progress(Progress("judge", done, len(subjects), failed=failed))
        for held, verdicts in zip(self.waiting, judged, strict=True):
            self._settle(held, verdicts)
        self.waiting = []

    def _settle(self, held: _Held, verdicts: Verdicts | None) -> None:
        if verdicts is None:
            self.unjudged += 1
            self.leakage.add_unjudged()
            self.count(held)
            return
        self.judged += 1
        sampled = self.options.judge.kind != "suspects"
        self.leakage.add_judged(verdicts.leaks, verdicts.rules, sampled)
        if sampled:
            self.salience.add_judged(verdicts.presence)
        self.count(_Held(held.row, held.subject, combine(held.subject.text, held.findings, verdicts)))

    def count(self, held: _Held) -> None:
        """Count one document's findings for good."""
        self.leakage.add(held.subject, held.findings)
        worst = [finding for finding in held.findings if RANK[finding.severity] >= RANK[self.options.remove]]
        if worst:
            self.failing.append(Failing(held.row, held.subject.id, tuple(worst)))

    def reports(self, calibration: Calibration | None = None) -> AuditReports:
        """The reports, with `calibration` cited beside the rules."""
        for held in self.waiting:
            self.count(held)
        self.waiting = []
        judge = "none" if self.options.judge.kind == "none" else f"{self.options.judge} by {self.options.model.model}"
        return AuditReports(
            self.salience.report(calibration), self.leakage.report(calibration, judge), self.diversity.report()
        )


def scan_corpus(target: Target, options: AuditOptions, total: int, reporter: Reporter) -> Audit:
    """The scan tier over every document, in one pass and flat memory but for the documents held for the judge."""
    scanner = LeakageScanner(target.context, options.off)
    questions = _contamination(target.context, options, reporter) if options.contamination else None
    rules = (*scanner.rules, CONTAMINATION) if questions else scanner.rules
    chooser: Chooser[_Held] = Chooser(options.judge, options.seed)
    audit = Audit(target, options, rules, SalienceTally(target.context), LeakageTally(rules), DiversityTally())
    done = 0
    for batch, seen in _scanned(_batches(target.subjects(), BATCH), target.context, options.off, total):
        for row, (subject, scanned) in enumerate(zip(batch, seen, strict=True), done):
            audit.salience.add(subject, scanned.sightings)
            audit.diversity.add(subject)
            findings = (*scanned.findings, *(questions.scan(subject.text) if questions else ()))
            given = chooser.offer(_Held(row, subject, findings), bool(findings))
            if given is not None:
                audit.count(given)
        done += len(batch)
        reporter.progress(Progress("audit", done, max(total, done)))
    audit.waiting = chooser.chosen
    return audit


def _contamination(context: UniverseContext, options: AuditOptions, reporter: Reporter) -> ContaminationScanner:
    """What to look for of the evaluation; says which words of the classifiers' count."""
    questions = read_questions(options.questions) if options.questions else []
    if not options.classifiers:
        return ContaminationScanner(questions)
    vocabulary = Vocabulary(read_prompts(options.classifiers), context)
    terms = [term.text for term in vocabulary.terms]
    reporter.note(f"Vocabulary of the classifier prompts, {len(terms)} terms: {', '.join(terms)}")
    return ContaminationScanner(questions, vocabulary)


class _Scan:
    """What both detectors see in a batch; built anew in the process that scans."""

    def __init__(self, context: UniverseContext, off: tuple[str, ...]) -> None:
        self._bulk = BulkScanner(FactDetector(context), LeakageScanner(context, off))

    def __call__(self, subjects: list[Subject]) -> list[Scanned]:
        return self._bulk.scan(subjects)


def _scanned(
    batches: Iterator[list[Subject]], context: UniverseContext, off: tuple[str, ...], total: int
) -> Iterator[tuple[list[Subject], list[Scanned]]]:
    """Each batch and what was seen in it; in a big corpus by a second process, which is a batch or two ahead."""
    if total < BIG or not spare_core():
        scan = _Scan(context, off)
        yield from ((batch, scan(batch)) for batch in batches)
        return
    with Beside(_Scan, context, off) as beside:
        ahead: deque[tuple[list[Subject], Future[list[Scanned]]]] = deque()
        for batch in batches:
            ahead.append((batch, beside.submit(batch)))
            if len(ahead) > AHEAD:
                yield ahead[0][0], beside.result(ahead.popleft()[1])
        while ahead:
            yield ahead[0][0], beside.result(ahead.popleft()[1])


def _batches(subjects: Iterable[Subject], size: int) -> Iterator[list[Subject]]:
    stream = iter(subjects)
    while batch := list(islice(stream, size)):
        yield batch
