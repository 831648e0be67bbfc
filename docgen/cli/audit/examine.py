"""One examination of a corpus for the command line: scanned, read by the judge after asking about money, reported."""

import asyncio
from dataclasses import dataclass

import typer

from docgen.audit.detect.leakage_scanner import LeakageScanner
from docgen.audit.rules.shipped import contamination_rule
from docgen.audit.shortlist.nearest import Shortlist
from docgen.cli.audit.judge import JudgeSettings, say_unjudged
from docgen.embedding.embedder import open_embedder
from docgen.files.run_folder import OUTPUT
from docgen.llm.journal import Journal
from docgen.parallel.executors import ProcessExecutor, RayExecutor
from docgen.parallel.worker import has_spare_core
from docgen.pipeline.audit.apply import mended_documents
from docgen.pipeline.audit.audit import Audit, AuditOptions, AuditReports
from docgen.pipeline.audit.partitions import PIECE_ROWS, is_big, scan_partitioned
from docgen.pipeline.audit.saved_reports import find_calibration
from docgen.pipeline.audit.scan import scan_corpus
from docgen.pipeline.audit.shortlist import make_shortlist
from docgen.pipeline.audit.targets import Target
from docgen.progress.display import PlainReporter, TerminalReporter

__all__ = ["Examination"]


@dataclass(frozen=True)
class Examination:
    """What is examined for what; the same again gives the same reports of the same corpus. `yes`: spend unasked.

    `diverse`: diversity is wanted, for which the corpus is seen as a whole; else a big one is scanned in parts, by all
    processors or, `on_ray`, on a cluster. `listed`: failing documents are wanted one by one.
    """

    target: Target
    options: AuditOptions
    judge: JudgeSettings | None
    yes: bool
    reporter: PlainReporter | TerminalReporter
    on_ray: bool = False
    listed: bool = True
    diverse: bool = True

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules looked for."""
        rules = LeakageScanner(self.target.context, self.options.off).rules
        return tuple(rule.id for rule in ((*rules, contamination_rule()) if self.options.contamination else rules))

    def carry_out(self) -> tuple[Audit, AuditReports]:
        """Examine the corpus as it is now."""
        audit = self._scan()
        if self.judge:
            self._ask(audit, self.judge)
        tier = f"judge {self.judge.model.model}" if self.judge else "scan"
        return audit, audit.reports(find_calibration(OUTPUT, self.target.context.id, tier))

    def _scan(self) -> Audit:
        if self.on_ray:
            with RayExecutor() as executor:
                return scan_partitioned(self.target, self.options, executor, self.reporter, listed=self.listed)
        if not self.diverse and self.options.nearest is None and has_spare_core() and is_big(self.target):
            with ProcessExecutor() as processes:
                return scan_partitioned(
                    self.target, self.options, processes, self.reporter, listed=self.listed, rows=PIECE_ROWS
                )
        size = (self.target.setup.config.n or 0) if self.target.setup else 0
        return scan_corpus(self.target, self.options, size, self.reporter, self._listed(size))

    def _listed(self, size: int) -> Shortlist | None:
        """The embedding shortlist, if one is wanted."""
        if self.options.nearest is None:
            return None
        rules = LeakageScanner(self.target.context, self.options.off).rules
        return make_shortlist(self.target, rules, self.options.nearest, open_embedder(), size, self.reporter)

    def _ask(self, audit: Audit, judge: JudgeSettings) -> None:
        shown = len(audit.waiting)
        self.reporter.close()
        audit.mended = self._is_mended(audit)
        requests = (request for held in audit.waiting for request in audit.panel.requests(held.subject))
        judge.agree(requests, f"{shown:,} documents", self.yes, self.reporter)

        async def work(journal: Journal) -> None:
            async with judge.asked(journal) as llm:
                await audit.judge(llm, judge.engine.concurrency, self.reporter)

        with judge.journalled() as journal:
            asyncio.run(work(journal))
        if audit.unjudged:
            self.reporter.close()
            say_unjudged(audit.unjudged, shown, "documents", audit.leakage.unjudged)

    def _is_mended(self, audit: Audit) -> bool:
        """Whether leaks that this very sample showed were removed: then it no longer speaks for the rest."""
        if self.options.judge.kind != "sample" or self.target.setup is None:
            return False
        mended = mended_documents(self.target.setup)
        if not any(held.subject.id in mended for held in audit.waiting):
            return False
        line = "Of this sample, leaks were removed before: it bounds nothing. Draw another with --seed"
        typer.secho(line, err=True, fg="yellow")
        return True
