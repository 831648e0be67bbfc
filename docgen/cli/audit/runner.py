"""Carries out the audit commands: opens the corpus, audits it, shows, saves, sets the exit code."""

import asyncio
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from math import nan
from pathlib import Path

import typer
from pydantic_core import to_json

from docgen.audit.measure.calibration import read_gold
from docgen.cli.audit.scan_and_judge import (
    AuditActions,
    Display,
    agree_to_judge,
    remove_failing,
    say_unjudged,
    scan_and_judge,
)
from docgen.cli.audit.tables import show_calibration, show_diversity_report, show_leakage, show_salience
from docgen.cli.shared.console import console
from docgen.cli.shared.cost_consent import command_reporter
from docgen.cli.shared.streams import say, say_json
from docgen.errors import ConfigError, InputError
from docgen.files.run_folder.run_folder import OUTPUT
from docgen.llm.journal import journal_totals
from docgen.options.audit import AuditOptions, JudgeOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.calibration import GoldSet, JudgedGold, judge_agreement, save_calibration
from docgen.pipeline.audit.diversity import measure_diversity
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.audit.result import AuditResult
from docgen.pipeline.audit.runs.failure_removal import refuse_in_place
from docgen.pipeline.audit.runs.idea_screening import IdeaScreen
from docgen.pipeline.execution.shared_budget import check_single
from docgen.pipeline.execution.stopping import interruptible_judging
from docgen.pipeline.inputs.latest_run import run_or_latest
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.progress import Reporter
from docgen.progress.display import open_reporter
from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["audit_corpus", "calibrate_detectors", "screen_ideas", "show_diversity"]


def audit_corpus(
    source: Sequence[str] | None, context: str | None, options: AuditOptions, sequel: AuditActions, display: Display
) -> None:
    """Carry out `docgen audit leakage`, `salience` or `all`."""
    limits = _limits(sequel.fail_over)
    with command_reporter(display.quiet, display.json) as reporter:
        world, corpus = _open(source, context, reporter, f"docgen audit {sequel.what}")
        audit = Audit(world, options)
        _check_rules(limits, audit)
        if sequel.apply:
            refuse_in_place(corpus if isinstance(corpus, list) else [], sequel.folder)
        result = scan_and_judge(audit, corpus, display, reporter)
        reporter.close()
        if limits and not result.documents:
            raise InputError("there are no documents, so nothing was audited", "--fail-over", "Check the argument")
        files = [] if result.in_vain else result.save(sequel.what, html=sequel.html, out=sequel.out)
        run = result.corpus.run
        named = run.run.name if run else f"{shlex.join(source or [])} --context {shlex.quote(context or '')}"
        # Reports only have the worst few findings of each rule.
        _show(result, sequel.what, display, files, rest=f"docgen view {named}")
        failed, left = result.unjudged > 0, None
        if sequel.apply and not result.in_vain:
            ended_well, leakage_now = remove_failing(result, sequel, display, reporter)
            failed, left = failed or not ended_well, result.leakage.shares_left(leakage_now)
    if _over(result.leakage.shares, left, limits) or failed:
        raise typer.Exit(1)


def _open(
    source: Sequence[str] | None, context: str | None, reporter: Reporter, command: str
) -> tuple[UniverseContext, Setup | list[Path]]:
    """The run or the files that the arguments name, with their context; `command` is the one that audits them."""
    names = source or []
    if context:
        if not names:
            raise ConfigError("is for files, but none are given", "--context", "Name the files to audit")
        return load_context(find_context(context, Path.cwd())), [Path(name) for name in names]
    if len(names) > 1 or (names and Path(names[0]).is_file()):
        raise ConfigError("files need the context that they were written for", "audit", "Add --context CONTEXT")
    setup = reopen(run_or_latest(names[0] if names else None, reporter))
    check_single(setup.run, command)
    return setup.context, setup


def _limits(pairs: Sequence[str]) -> dict[str, float]:
    """Shares by rule, of texts like "any=0.01"."""
    limits = {}
    for pair in pairs:
        rule, _, share = pair.partition("=")
        try:
            limit = float(share)
        except ValueError:
            limit = nan
        if not 0 <= limit <= 1:  # which is false of nan too
            fix = "Write it as RULE=0.001, a share from 0 to 1"
            raise ConfigError(f"{pair!r} is not a limit", "--fail-over", fix)
        limits[rule.strip()] = limit
    return limits


def _check_rules(limits: Mapping[str, float], audit: Audit) -> None:
    if not limits:
        return
    rule_ids = {*(rule.id for rule in audit.rules), "any"}
    if unknown := sorted(limits.keys() - rule_ids):
        fix = suggestion(unknown[0], sorted(rule_ids), f"Known: {', '.join(sorted(rule_ids))}")
        raise ConfigError(f"no rule {', '.join(unknown)}", "--fail-over", fix)


def _show(result: AuditResult, what: str, display: Display, files: Sequence[Path], rest: str) -> None:
    if display.json:
        reports = result.reports(what).items()
        parts = [f'"{name}":{report.model_dump_json()}' for name, report in reports]
        say_json("{" + ",".join([*parts, f'"spent":{result.judge_dollars:.6f}']) + "}")
        return
    if what in ("salience", "all"):
        show_salience(console, result.salience)
    if what in ("leakage", "all"):
        show_leakage(console, result.leakage, rest)
    if what == "all":
        show_diversity_report(console, result.diversity)
    for file in files:
        console.print(f"Written: {file}", markup=False, style="dim")


def _over(shares: Mapping[str, float], left: Mapping[str, float] | None, limits: Mapping[str, float]) -> bool:
    """Whether the corpus is over a limit, after removals (`left`) if there were any; reports both."""
    over = [rule for rule, limit in limits.items() if shares[rule] > limit]
    if over:
        when = "As found, over the limit" if left is not None else "Over the limit"
        say(f"{when}: {', '.join(over)}", err=True)
    if left is None or not limits:
        return bool(over)
    still = [f"{rule} ({left[rule]:.2%})" for rule, limit in limits.items() if left[rule] > limit]
    what = f"What remains is over the limit: {', '.join(still)}" if still else "What remains is within the limits"
    say(what, err=True)
    return bool(still)


def show_diversity(
    source: Sequence[str] | None, context: str | None, reference: Sequence[Path], by: str, display: Display
) -> None:
    """Carry out `docgen audit diversity`; files need no context here."""
    if by not in ("doc_type", "idea"):
        raise ConfigError(f"{by!r} is not a source", "--by", "Use doc_type or idea")
    reporter = open_reporter(display.is_silent)
    names = source or []
    if names and Path(names[0]).exists() and not (Path(names[0]) / "run.json").exists():
        corpus: Setup | list[Path] = [Path(name) for name in names]
    else:
        corpus = _open(source, context, reporter, "docgen audit diversity")[1]
    report = measure_diversity(corpus, by, reference)  # type: ignore[arg-type]
    reporter.close()
    if display.json:
        say_json(report.model_dump_json())
    else:
        show_diversity_report(console, report)


def screen_ideas(name: str | None, judge_options: JudgeOptions | None, display: Display) -> None:
    """Carry out `docgen audit ideas`."""
    with command_reporter(display.quiet, display.json) as reporter:
        setup = reopen(run_or_latest(name, reporter))
        judge = Judge.of(judge_options, setup) if judge_options else None
        before = _spent(judge)
        screen = IdeaScreen.of(setup, judge)
        findings, reasons = screen.scan(), Counter[str]()
        if judge:
            agree_to_judge(judge, judge.cost(screen.requests()), f"{len(screen.ideas):,} ideas", display, reporter)
            with interruptible_judging(reporter) as stopping:
                judged, reasons = asyncio.run(screen.judge(judge, reporter, stopping))
            findings += judged
    if display.json:
        values = {"findings": findings, "ideas": len(screen.ideas), "spent": round(_spent(judge) - before, 6)}
        say_json(to_json(values, indent=2).decode())
    else:
        for finding in findings:
            console.print(f"{finding.idea} ({finding.detector}, {finding.rule}): {finding.text}", markup=False)
        leaking = len({finding.idea for finding in findings})
        console.print(f"{leaking:,} of {len(screen.ideas):,} ideas would lead to a leak", markup=False)
    if reasons:
        say_unjudged(reasons.total(), len(screen.ideas), "ideas", reasons)
    if findings or reasons:
        raise typer.Exit(1)


def _spent(judge: Judge | None) -> float:
    """Dollars on record in the journal that a judge books to."""
    return journal_totals(judge.journal).all.dollars if judge else 0.0


def calibrate_detectors(
    file: Path,
    context: str,
    judge: JudgeOptions | None,
    second_model: str | None,
    display: Display,
    disagreements: bool = False,
) -> None:
    """Carry out `docgen audit calibrate`."""
    gold = GoldSet(file, read_gold(file), load_context(find_context(context, Path.cwd())))
    judged = second = None
    books = Judge.of(judge, None) if judge else None
    before = _spent(books)
    if judge:
        judged = _judge_gold(gold, judge, display)
        if second_model:
            second = _judge_gold(gold, judge.model_copy(update={"model": second_model}), display)
    calibration = gold.calibration(judged)
    if calibration is None:
        raise typer.Exit(1)
    saved = save_calibration(OUTPUT, calibration)
    differ = gold.disagreements(judged) if disagreements else []
    if display.json:
        scores = calibration.model_dump(mode="json")
        scores["spent"] = round(_spent(books) - before, 6)
        say_json(to_json(scores | ({"disagreements": differ} if disagreements else {}), indent=2).decode())
    else:
        show_calibration(console, calibration)
        for rule, (same, kappa) in (judge_agreement(judged, second) if judged and second else {}).items():
            says = "-" if kappa is None else f"{kappa:.2f}"
            console.print(f"Two judges on {rule}: {same:.0%} equal, kappa {says}", markup=False)
        for each in differ:
            console.print(
                f"\n{each.document} {each.subject}: labelled {each.label}, judged {each.verdict}", markup=False
            )
            console.print(f"  {each.passage!r} {each.reason}", markup=False, style="dim")
        console.print(f"Written: {saved}", markup=False, style="dim")
    if judged and None in judged.verdicts:
        raise typer.Exit(1)


def _judge_gold(gold: GoldSet, options: JudgeOptions, display: Display) -> JudgedGold:
    judge, documents = Judge.of(options, None), len(gold.gold)
    with command_reporter(display.quiet, display.json) as reporter:
        agree_to_judge(judge, judge.cost(gold.requests(judge)), f"{documents:,} documents", display, reporter)
        with interruptible_judging(reporter) as stopping:
            judged = asyncio.run(gold.judge(judge, reporter, stopping))
    if judged.reasons:
        say_unjudged(judged.verdicts.count(None), documents, "documents", judged.reasons)
    return judged
