"""The result of an audit: reports, failing documents, and the judge's verdicts."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.audit.judge.judge_runner import JudgeQuestions, UnjudgedDocument, combine_findings, judge_documents
from docgen.audit.judge.verdicts import Verdicts
from docgen.audit.measure.calibration import Calibration
from docgen.audit.measure.diversity import DiversityReport
from docgen.audit.measure.findings_by_rule import LeakageReport
from docgen.audit.measure.salience.tally import SalienceReport
from docgen.audit.report.html import render_report
from docgen.audit.rules.unassigned_facts import STRAY, judged_strays
from docgen.errors import ConfigError
from docgen.files.atomic import write_atomically
from docgen.files.run_folder.run_folder import OUTPUT
from docgen.llm.protocol import LLM, Request
from docgen.options.audit import NO_JUDGE, JudgeMode, JudgeOptions
from docgen.pipeline.audit.calibration import find_calibration, judge_detector
from docgen.pipeline.audit.corpus import Corpus, base_corpus
from docgen.pipeline.audit.diversity import diversity_report
from docgen.pipeline.audit.judge_setup import SILENT, Judge, JudgeCost, never
from docgen.pipeline.audit.scan import FailingDocument, PendingDocument, Tallies
from docgen.progress import Progress, Reporter
from docgen.prompts.requests import ModelOptions
from docgen.records import EMBEDDED_ENGINE, Record, document_id, embedded_notice

if TYPE_CHECKING:
    from docgen.pipeline.audit.audit import Audit

__all__ = ["AuditResult"]


class AuditResult:
    """What an audit found in a corpus: reports, failing documents, and the judge's part if there was one.

    `is_rewritten_sample`: leaks that this very sample had shown were removed, so that it no longer represents the rest.
    `judge_dollars`: what the judge's replies have cost.
    """

    def __init__(self, audit: "Audit", corpus: Corpus, tallies: Tallies) -> None:
        self.audit, self.corpus = audit, corpus
        self.judged = self.unjudged = 0
        self.judge_model, self.judge_dollars, self._judge_server = "", 0.0, ""
        self._begin(tallies)

    def _begin(self, tallies: Tallies) -> None:
        self._tallies, self._is_counted, self.is_rewritten_sample = tallies, False, False
        if self._options.which.kind == "sample" and self.corpus.run:
            attempts = self.corpus.run.run.read_attempts()
            rejected = (attempt for attempt in attempts if attempt.verdict == "rejected")
            rewritten = {document_id(a.slot) for a in rejected if any(f.detector == "judge" for f in a.findings)}
            self.is_rewritten_sample = any(pending.document.id in rewritten for pending in tallies.pending)

    def __repr__(self) -> str:
        """The corpus and its size; the figures are in `leakage`, `salience` and `diversity`."""
        return f"AuditResult({self.corpus.name!r}, documents={self.documents}, judged={self.judged})"

    @property
    def documents(self) -> int:
        """Documents scanned."""
        return self._tallies.documents

    @property
    def writer(self) -> str:
        """A notice if documents are on record as the embedded writer's, else empty."""
        return embedded_notice(self._tallies.embedded, self._tallies.documents)

    @property
    def failing(self) -> list[FailingDocument]:
        """The documents with findings of the severity that fails one; empty if the options do not list them."""
        self._count_pending()
        return self._tallies.failing

    @property
    def in_vain(self) -> bool:
        """Whether a judge was called but gave no usable verdict at all, which does not allow any conclusion."""
        return self.unjudged > 0 and not self.judged

    @property
    def unjudged_reasons(self) -> Mapping[str, int]:
        """Why documents got no usable verdict."""
        return self._tallies.leakage.unjudged

    @cached_property
    def leakage(self) -> LeakageReport:
        """What breaks which rule; `leakage[rule]` is one rule."""
        self._count_pending()
        report = self._tallies.leakage.report(self._calibration, self._judge_name)
        return report.model_copy(update={"writer": self.writer, "unread": self._tallies.languages.report()})

    @cached_property
    def salience(self) -> SalienceReport:
        """How present each fact is; `salience[fact]` is one fact."""
        run = self.corpus.run
        is_exact = run is not None and run.config.engine == EMBEDDED_ENGINE
        report = self._tallies.salience.report(self._calibration, is_exact, self._judge_name)
        self._count_pending()
        return report.model_copy(update={"writer": self.writer, "writers": self._tallies.writers.report()})

    @cached_property
    def diversity(self) -> DiversityReport:
        """Signs of collapse, compared with the reference that the options name, or the base of a forked run."""
        if self._tallies.diversity is None:
            raise ConfigError("was not measured", "diversity", "Scan with AuditOptions(diversity=True)")
        files = self.audit.options.reference or (base_corpus(self.corpus.run) if self.corpus.run else ())
        report = diversity_report(self._tallies.diversity, files)
        return report.model_copy(update={"writer": self.writer})

    @property
    def _options(self) -> JudgeOptions:
        return self.audit.options.judge or NO_JUDGE

    @property
    def _judge_name(self) -> str:
        return f"{self._options.which} by {self.judge_model}" if self.judge_model else "none"

    @property
    def _calibration(self) -> Calibration | None:
        tier = judge_detector(self.judge_model, self._judge_server) if self.judge_model else "scan"
        run, context = self.corpus.run, self.audit.context
        if run and run.context.id == context.id:
            context = run.context  # as it was calibrated, without the shares that the run overrides
        return find_calibration(OUTPUT, context, tier, self._judge_server)

    def judge(
        self,
        judge: JudgeOptions | LLM | None = None,
        *,
        which: str | None = None,
        reporter: Reporter = SILENT,
        stopping: Callable[[], bool] = never,
    ) -> "AuditResult":
        """Let a judge read documents, and count what it says; returns this result.

        `judge`: options, by default those that the audit was made with, or your own model, which is called without a
        journal. `which` documents: "suspects", "sample:N" or "all". If the scan kept other documents for a judge, or
        the reports were read already, the corpus is scanned once more. Spends money without asking: see `judge_cost`.
        `judge_async` is for where an event loop runs already, as in a notebook.
        """
        return asyncio.run(self.judge_async(judge, which=which, reporter=reporter, stopping=stopping))

    async def judge_async(
        self,
        judge: JudgeOptions | LLM | None = None,
        *,
        which: str | None = None,
        reporter: Reporter = SILENT,
        stopping: Callable[[], bool] = never,
    ) -> "AuditResult":
        """See `judge`."""
        options = judge if isinstance(judge, JudgeOptions) else self.audit.options.judge or JudgeOptions()
        if which is not None:
            options = options.model_copy(update={"which": JudgeMode.parse(which)})
        self._choose(options, reporter)
        settled = Judge.of(self._options, self.corpus.run)
        if judge is None or isinstance(judge, JudgeOptions):
            self._judge_server = settled.server
            async with settled.open(reporter, stopping) as llm:
                before = llm.journal.totals.all.dollars
                await self._read(llm, settled.model, settled.engine.concurrency, reporter)
                self.judge_dollars += llm.journal.totals.all.dollars - before
        else:
            model = replace(settled.model, model=self._options.model or judge.engine)
            self._judge_server = f"engine {judge.engine}"
            await self._read(judge, model, settled.engine.concurrency, reporter)
        return self

    def judge_cost(self) -> JudgeCost:
        """What it will cost to have the judge of the options read the documents that the scan kept for it."""
        return Judge.of(self._options, self.corpus.run).cost(self.judge_requests())

    def judge_requests(self) -> Iterator[Request]:
        """What the judge of the options is first asked about each document that the scan kept for it."""
        judge = Judge.of(self._options, self.corpus.run)
        panel = JudgeQuestions.of(self.audit.context, self.audit.rules, judge.model)
        return (panel.request(pending.document) for pending in self._tallies.pending)

    @property
    def to_judge(self) -> int:
        """Documents that wait for the judge."""
        return len(self._tallies.pending)

    def _choose(self, options: JudgeOptions, reporter: Reporter) -> None:
        """Have the documents at hand that `options` want judged."""
        before = self._options
        if options != before:
            self.audit = replace(self.audit, options=self.audit.options.model_copy(update={"judge": options}))
        if self._is_counted or (options.which, options.seed) != (before.which, before.seed):
            self.judged = self.unjudged = 0
            self._begin(self.audit.scan_once(self.corpus, reporter))
        for name in ("leakage", "salience", "diversity"):  # reports from before it
            self.__dict__.pop(name, None)

    async def _read(self, llm: LLM, model: ModelOptions, concurrency: int, reporter: Reporter) -> None:
        """Let the judge read the documents that wait for it, and count them in their order."""
        pending = self._tallies.take_pending()
        panel = JudgeQuestions.of(self.audit.context, self.audit.rules, model)
        answers: list[Verdicts | UnjudgedDocument] = [UnjudgedDocument("never asked")] * len(pending)
        done = failed = 0
        documents = [waiting.document for waiting in pending]
        async for position, verdicts in judge_documents(llm, panel, documents, concurrency):
            answers[position] = verdicts
            done, failed = done + 1, failed + isinstance(verdicts, UnjudgedDocument)
            reporter.progress(Progress("judge", done, len(pending), failed=failed))
        for waiting, answer in zip(pending, answers, strict=True):
            self._count_judged(waiting, answer)
        answered = Counter(answer.model for answer in answers if isinstance(answer, Verdicts) and answer.model)
        self.judge_model = answered.most_common(1)[0][0] if answered else model.model
        self._is_counted = True

    def _count_judged(self, pending: PendingDocument, verdicts: Verdicts | UnjudgedDocument) -> None:
        tallies, mode = self._tallies, self._options.which.kind
        if isinstance(verdicts, UnjudgedDocument):
            self.unjudged += 1
            tallies.leakage.add_unjudged(verdicts.reason)
            tallies.count(pending)
            return
        self.judged += 1
        speaks_for_all = mode == "all" or (mode == "sample" and not self.is_rewritten_sample)
        tallies.leakage.add_judged(verdicts.leaks, verdicts.rules, speaks_for_all)
        if speaks_for_all:
            tallies.salience.add_judged(pending.document, verdicts.facts)
        # What scan and judge found; being shortlisted no longer counts once a judge has read the document.
        joined = combine_findings(pending.document.text, pending.findings, verdicts)
        findings = [finding for finding in joined if finding.detector != "embedding"]
        if any(rule.id == STRAY for rule in self.audit.rules):
            by_wording = {finding.explanation.partition(":")[0] for finding in findings if finding.rule == STRAY}
            strays = judged_strays(pending.document, verdicts, self.audit.context)
            findings += [stray for stray in strays if stray.explanation.partition(":")[0] not in by_wording]
        tallies.count(replace(pending, findings=findings))

    def _count_pending(self) -> None:
        """Count the documents that no judge has read by what the scan found in them."""
        for pending in self._tallies.take_pending():
            self._tallies.count(pending)
            self._is_counted = True

    def report_html(self, path: str | Path) -> Path:
        """Write the report as one page that needs nothing from outside; returns where it is."""
        return write_atomically(Path(path), [self._page()])

    def _page(self) -> bytes:
        name, context = self.corpus.name, self.audit.context
        return render_report(name, context, self.salience, self.leakage, self.diversity).encode("utf-8", "replace")

    def reports(self, what: str = "all") -> dict[str, Record]:
        """The reports by name: "all", or one of salience, leakage, diversity."""
        names = ("salience", "leakage", "diversity") if what == "all" else (what,)
        return {name: getattr(self, name) for name in names}

    def save(self, what: str = "all", *, html: bool = False, out: Path | None = None) -> list[Path]:
        """Write the JSON reports asked for and, if requested, report.html: for a run into its folder, otherwise only
        into `out`."""
        run = self.corpus.run.run if self.corpus.run else None
        texts = {
            f"{name}.json": f"{report.model_dump_json(indent=2)}\n".encode()
            for name, report in self.reports(what).items()
        }
        if html:
            texts["report.html"] = self._page()
        if run is None:
            return [write_atomically(out / name, [text]) for name, text in texts.items()] if out else []
        files = [run.write_lines(f"reports/{name}", [text]) for name, text in texts.items()]
        run.stamp_reports(texts)
        return files
