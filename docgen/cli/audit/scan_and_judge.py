"""Audits a corpus for the commands: scans it, asks about the judge's cost, runs the judge, applies the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from docgen.audit.measure.findings_by_rule import LeakageReport
from docgen.cli.runs.tables import show_run
from docgen.cli.shared.cost_consent import ask_to_spend
from docgen.cli.shared.streams import say
from docgen.options.run import RunOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.judge_setup import Judge, JudgeCost
from docgen.pipeline.audit.result import AuditResult
from docgen.pipeline.audit.runs.failure_removal import apply_to_files, apply_to_run, refill_calls
from docgen.pipeline.audit.runs.run_reports import read_leakage
from docgen.pipeline.execution.stopping import interruptible_judging
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import summarise
from docgen.progress.display import ShownReporter
from docgen.text.output.plurals_and_money import money

__all__ = ["AuditActions", "Display", "agree_to_judge", "remove_failing", "say_unjudged", "scan_and_judge"]


@dataclass(frozen=True)
class Display:
    """How a command reports. `yes` spends without asking."""

    json: bool
    quiet: bool
    yes: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether progress stays off the screen."""
        return self.json or self.quiet


@dataclass(frozen=True)
class AuditActions:
    """What to do with an audit: show and save `what`, "all" or one report; `max_cost` caps a refill."""

    what: str
    html: bool = False
    out: Path | None = None
    fail_over: Sequence[str] = ()
    apply: bool = False
    max_cost: float | None = None

    @property
    def folder(self) -> Path:
        """Where the files without failing documents are written."""
        return self.out or Path("audited")


def scan_and_judge(audit: Audit, corpus: Setup | list[Path], display: Display, reporter: ShownReporter) -> AuditResult:
    """Scan, then let the judge of the options read its documents, after asking about the cost."""
    result = audit.scan(corpus, reporter)
    if audit.options.judge is None:
        return result
    reporter.close()
    if result.is_rewritten_sample:
        line = "Leaks were removed from this sample before, so it does not bound anything. Draw another with --seed"
        say(line, err=True, fg="yellow")
    documents = result.to_judge
    judge = Judge.of(audit.options.judge, result.corpus.run)
    agree_to_judge(judge, result.judge_cost(), f"{documents:,} documents", display, reporter)
    with interruptible_judging(reporter) as stopping:
        result.judge(reporter=reporter, stopping=stopping)
    if result.unjudged:
        reporter.close()
        say_unjudged(result.unjudged, documents, "documents", result.unjudged_reasons)
    return result


def agree_to_judge(judge: Judge, cost: JudgeCost, what: str, display: Display, reporter: ShownReporter) -> None:
    """Before a judge spends money: print how much, and ask as a run does. Raises `ConfigError` without a key."""
    if cost.calls:
        judge.check_key()
        ask_to_spend(cost.line(what), display.yes or cost.is_capped, reporter)


def say_unjudged(unjudged: int, shown: int, what: str, reasons: Mapping[str, int]) -> None:
    """Report on standard error, whatever else is printed, that a judge left something without a verdict, and why."""
    many = f"ANY of the {shown:,}" if unjudged == shown else f"{unjudged:,} of the {shown:,}"
    line = f"NO USABLE VERDICT on {many} {what} that the judge was shown: the corpus is not cleared"
    say(f"{line}. Calls that failed are made again by the same command.", err=True, fg="red", bold=True)
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:3]:  # the report has more
        say(f"  {count:,} times: {' '.join(reason.split())}", err=True, fg="red")


def remove_failing(
    result: AuditResult, sequel: AuditActions, display: Display, reporter: ShownReporter
) -> tuple[bool, LeakageReport | None]:
    """--apply: remove what failed; a run's slots are filled again and examined again.

    Returns whether that succeeded (a run has its n documents again, all examined), and what was found in the
    replacements: None for files, which are not refilled.
    """
    setup = result.corpus.run
    if setup is None:
        folder = sequel.folder
        clean, removed = apply_to_files(result.corpus, result.failing, folder)
        say(f"{clean:,} documents in {folder / 'clean.jsonl'}, {removed:,} in removed.jsonl", err=True)
        return True, None
    if not result.failing:
        say("No document fails; nothing was removed.", err=True)
        return True, None
    judge = result.audit.options.judge
    setup = replace(setup, is_named=judge is not None and judge.base_url == setup.config.base_url)
    if sequel.max_cost is not None:  # from now on the cap given here is the run's own: it is the run that spends
        options = RunOptions(max_cost=sequel.max_cost)
        setup = propose(setup.run, None, options, is_named=setup.is_named).apply()
    _agree_to_refill(setup, len(result.failing), display, reporter)
    removed = apply_to_run(setup, result.failing, reporter)
    is_examined = _examine_again(result.audit, setup, display, reporter)
    reporter.close()
    return _say_removed(setup, removed, display) and is_examined, read_leakage(setup)


def _agree_to_refill(setup: Setup, failing: int, display: Display, reporter: ShownReporter) -> None:
    """Rewriting documents costs as much as writing them, so ask as `docgen run` does."""
    if not setup.is_paid:
        return
    setup.check_engine()
    calls, dollars = refill_calls(setup, failing)
    cost = "no known price" if dollars is None else f"about {money(dollars)}"
    line = f"{failing:,} documents to be removed and written again: about {calls:,} calls, {cost}"
    agreed = display.yes or setup.config.max_cost is not None
    ask_to_spend(f"{line} with {setup.config.model}", agreed, reporter)


def _examine_again(audit: Audit, setup: Setup, display: Display, reporter: ShownReporter) -> bool:
    """Audit the refilled run in the same way; returns whether the judge, if there is one, reached a verdict on
    everything.

    A finished run audits itself with default options, but the reports should be those of the options given.
    """
    if audit.options.plain:
        return True
    options = audit.options.model_copy(update={"engine": "local", "diversity": True})
    result = scan_and_judge(Audit(audit.context, options), setup, display, reporter)
    if not result.in_vain:
        result.save(html=True)
    if result.failing:
        say(f"{len(result.failing):,} of the documents still fail: run it with --apply again", err=True)
    return not result.unjudged


def _say_removed(setup: Setup, removed: int, display: Display) -> bool:
    """Show the state of the run; returns whether it has all of its documents."""
    summary = summarise(setup)
    if not display.json:
        show_run(summary)
    line = f"Removed {removed:,} documents; the run has {summary.accepted:,} of {setup.n:,} now"
    more = (
        "" if summary.complete else f". Short of n: docgen run {setup.run.name} continues; see docgen show --rejected"
    )
    say(line + more, err=True)
    return summary.complete
