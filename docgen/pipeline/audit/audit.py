"""An audit under way: what one pass over a corpus counts, the judge's share of it, and which documents fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docgen.audit.judge.panel import JudgeMode, Panel, Unjudged, Verdicts, combine, judge_documents
from docgen.audit.measure.calibration import Calibration
from docgen.audit.measure.diversity import DiversityReport, DiversityTally
from docgen.audit.measure.leakage import LeakageReport, LeakageTally
from docgen.audit.measure.salience import SalienceReport, SalienceTally
from docgen.audit.rules.rule import Rule
from docgen.audit.rules.unassigned_facts import STRAY, judged_strays
from docgen.llm.protocol import LLM
from docgen.pipeline.audit.reference import read_reference
from docgen.pipeline.audit.targets import Target
from docgen.progress import Progress, Reporter
from docgen.prompts.requests import ModelOptions
from docgen.records import Document, Finding, Severity

__all__ = ["Audit", "AuditOptions", "AuditReports", "Failing", "Held"]

NO_JUDGE, NO_MODEL = JudgeMode("none"), ModelOptions("")
RANK: dict[Severity, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True)
class AuditOptions:
    """What is looked for. `off` are rules to leave out, `remove` the severity from which a document fails, `reference`
    files to compare diversity with, `nearest` the share of the documents that the embedding shortlist makes suspects
    (None: there is none)."""

    off: tuple[str, ...] = ()
    questions: Path | None = None
    classifiers: tuple[Path, ...] = ()
    judge: JudgeMode = field(default=NO_JUDGE)
    model: ModelOptions = field(default=NO_MODEL)
    seed: int = 0
    remove: Severity = "error"
    reference: tuple[Path, ...] = ()
    nearest: float | None = None

    @property
    def plain(self) -> bool:
        """Whether this looks for no more and no less than the audit at the end of every run."""
        looked_for = self.off or self.contamination or self.nearest is not None
        return not looked_for and self.judge.kind == "none"

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
class Held:
    """A document, at `row` of the corpus, that waits for its judge or to be counted."""

    row: int
    subject: Document
    findings: Sequence[Finding]


@dataclass
class Audit:
    """An audit under way: scanned, then judged, then reported.

    `mended`: what the judge reads was picked before its leaks were removed, and says nothing of the rest.
    """

    target: Target
    options: AuditOptions
    rules: tuple[Rule, ...]
    salience: SalienceTally
    leakage: LeakageTally
    diversity: DiversityTally
    waiting: list[Held] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    judged: int = 0
    unjudged: int = 0
    mended: bool = False

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
        judged: list[Verdicts | Unjudged] = [Unjudged("never asked")] * len(subjects)
        done = failed = 0
        async for position, verdicts in judge_documents(llm, self.panel, subjects, concurrency):
            judged[position] = verdicts
            done, failed = done + 1, failed + isinstance(verdicts, Unjudged)
            reporter.progress(Progress("judge", done, len(subjects), failed=failed))
        for held, verdicts in zip(self.waiting, judged, strict=True):
            self._settle(held, verdicts)
        self.waiting = []

    def _settle(self, held: Held, verdicts: Verdicts | Unjudged) -> None:
        if isinstance(verdicts, Unjudged):
            self.unjudged += 1
            self.leakage.add_unjudged(verdicts.reason)
            self.count(held)
            return
        self.judged += 1
        sampled = self.options.judge.kind == "all" or (self.options.judge.kind == "sample" and not self.mended)
        self.leakage.add_judged(verdicts.leaks, verdicts.rules, sampled)
        if sampled:
            self.salience.add_judged(verdicts.presence)
        self.count(Held(held.row, held.subject, self._combined(held, verdicts)))

    def _combined(self, held: Held, verdicts: Verdicts) -> list[Finding]:
        """What both tiers found; a place on a shortlist counts for nothing once a judge has looked."""
        found = combine(held.subject.text, held.findings, verdicts)
        known = [finding for finding in found if finding.detector != "embedding"]
        if not any(rule.id == STRAY for rule in self.rules):
            return known
        seen = {finding.explanation.partition(":")[0] for finding in known if finding.rule == STRAY}
        strays = judged_strays(held.subject, verdicts, self.target.context)
        return known + [one for one in strays if one.explanation.partition(":")[0] not in seen]

    def count(self, held: Held) -> None:
        """Count one document's findings for good."""
        self.leakage.add(held.subject, held.findings, held.row)
        worst = [finding for finding in held.findings if RANK[finding.severity] >= RANK[self.options.remove]]
        if worst:
            self.failing.append(Failing(held.row, held.subject.id, tuple(worst)))

    def reports(self, calibration: Calibration | None = None) -> AuditReports:
        """The reports, with `calibration` cited beside the rules."""
        for held in self.waiting:
            self.count(held)
        self.waiting = []
        judge = "none" if self.options.judge.kind == "none" else f"{self.options.judge} by {self.options.model.model}"
        reference = read_reference(self.options.reference)
        return AuditReports(
            self.salience.report(calibration),
            self.leakage.report(calibration, judge),
            self.diversity.report(reference.tally, reference.name) if reference else self.diversity.report(),
        )
