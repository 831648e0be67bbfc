"""Carries out the audit commands: finds the corpus, asks about money, shows, saves, sets the exit code."""

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from docgen.audit.diversity import DiversityTally
from docgen.audit.judging import JudgeMode
from docgen.audit.leakage import LeakageReport
from docgen.cli.audit_screen import show_diversity_report, show_leakage, show_salience
from docgen.cli.console import console, open_reporter
from docgen.cli.opening import run_or_latest
from docgen.errors import ConfigError
from docgen.llm.chain import EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.llm.pricing import load_prices
from docgen.llm.protocol import Request, Usage
from docgen.pipeline.audit_apply import apply_to_files, apply_to_run
from docgen.pipeline.audit_store import find_calibration, save_reports
from docgen.pipeline.audit_targets import Target, file_target, run_target
from docgen.pipeline.auditing import Audit, AuditOptions, AuditReports, scan_corpus
from docgen.pipeline.setup import Setup, reopen
from docgen.progress import Reporter
from docgen.prompts import ModelOptions
from docgen.store import OUTPUT
from docgen.text import token_estimate
from docgen.universe import find_context, load_context

__all__ = ["ask_about_money", "carry_out", "engine_options", "judge_model", "open_target", "show_diversity"]

REPLY_SHARE = 0.25
"""Of the tokens that a judge's reply may have, about this share is used."""


def carry_out(params: Mapping[str, Any], what: str) -> None:
    """Run "leakage", "salience" or "all" as the parameters say."""
    reporter = open_reporter(params["quiet"] or params["json"])
    try:
        target = open_target(params, reporter)
        options = _options(params, target)
        limits = _limits(params.get("fail_over") or [])
        audit = scan_corpus(target, options, _size(target), reporter)
        _check_rules(limits, audit)
        if options.judge.kind != "none":
            _judge(audit, params, reporter)
        calibration = find_calibration(OUTPUT, target.context.id, _tier(options))
        reports = audit.reports(calibration)
    finally:
        reporter.close()
    files = save_reports(target, reports, what, params.get("html") or False, params.get("out"))
    _show(reports, what, params["json"], files)
    if params.get("apply"):
        _apply(audit, params, reporter)
    _exit_over(reports.leakage, limits)


def open_target(params: Mapping[str, Any], reporter: Reporter) -> Target:
    """The run or the files that the arguments mean."""
    source, context = params.get("source") or [], params.get("context")
    if context:
        if not source:
            raise ConfigError("is for files, and none are given", "--context", "Name the files to audit")
        return file_target([Path(name) for name in source], load_context(find_context(context, Path.cwd())))
    if len(source) > 1 or (source and Path(source[0]).is_file()):
        raise ConfigError("files need the context that they were written for", "audit", "Add --context CONTEXT")
    return run_target(reopen(run_or_latest(source[0] if source else None, reporter)))


def _size(target: Target) -> int:
    return (target.setup.config.n or 0) if target.setup else 0


def _options(params: Mapping[str, Any], target: Target) -> AuditOptions:
    severity = params.get("severity", "error")
    if severity not in ("error", "warning"):
        raise ConfigError(f"{severity!r} is no severity", "--severity", "Use error or warning")
    return AuditOptions(
        off=tuple(params.get("off") or ()),
        questions=params.get("questions"),
        judge=JudgeMode.parse(params["judge"]),
        model=ModelOptions(judge_model(params, target.setup)),
        seed=params.get("seed") or 0,
        remove=severity,
    )


def judge_model(params: Mapping[str, Any], setup: Setup | None) -> str:
    """The judge's model: the one named, else the run's if it has a real one."""
    if params.get("model"):
        return str(params["model"])
    if setup and setup.config.engine == "anthropic" and setup.config.model:
        return setup.config.model
    return "claude-haiku-5-5"


def engine_options(params: Mapping[str, Any]) -> EngineOptions:
    """The judge's engine: never the offline one, which writes and does not read."""
    if params.get("engine") == "offline":
        raise ConfigError("the offline engine cannot judge", "--engine", "Use anthropic, or leave the judge out")
    concurrency = params.get("concurrency") or 32
    return EngineOptions("anthropic", params.get("base_url"), concurrency, params.get("max_cost"))


def _tier(options: AuditOptions) -> str:
    return "scan" if options.judge.kind == "none" else f"judge {options.model.model}"


def _judge(audit: Audit, params: Mapping[str, Any], reporter: Reporter) -> None:
    requests = (request for held in audit.waiting for request in audit.panel.requests(held.subject))
    ask_about_money(requests, len(audit.waiting), params)
    run = audit.target.setup.run if audit.target.setup else None
    path = run.journal if run else OUTPUT / "judge" / "llm.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)

    async def work(journal: Journal) -> None:
        options = engine_options(params)
        async with open_engine(options, journal) as engine:
            await audit.judge(engine.llm, options.concurrency, reporter)

    if run:
        with run.lock(), Journal(path) as journal:
            asyncio.run(work(journal))
    else:
        with Journal(path) as journal:
            asyncio.run(work(journal))


def ask_about_money(requests: Iterable[Request], documents: int, params: Mapping[str, Any]) -> None:
    """Say what the judge will cost, about; ask unless --yes. Without a terminal, --yes is needed."""
    total, model = Usage(), ""
    for request in requests:
        model = request.model
        reply = round(request.max_tokens * REPLY_SHARE)
        total += Usage(input=token_estimate(request.system) + token_estimate(request.user), output=reply)
    dollars = load_prices(None).cost(model, total) if model else 0.0
    cost = "at unknown prices" if dollars is None else f"about ${dollars:,.2f}"
    line = f"The judge ({model}) reads {documents:,} documents: {total.input:,} tokens in, {total.output:,} out, {cost}"
    typer.echo(line, err=True)
    if params["yes"] or not documents or dollars == 0:
        return
    if not sys.stdin.isatty():
        raise ConfigError("this costs money, and there is nobody to ask", "--judge", "Add --yes to go on")
    if not typer.confirm("Go on?", err=True):
        raise typer.Exit(1)


def _limits(pairs: Sequence[str]) -> dict[str, float]:
    limits = {}
    for pair in pairs:
        rule, _, share = pair.partition("=")
        try:
            limits[rule.strip()] = float(share)
        except ValueError:
            raise ConfigError(f"{pair!r} is no limit", "--fail-over", "Write it as RULE=0.001") from None
    return limits


def _check_rules(limits: Mapping[str, float], audit: Audit) -> None:
    known = {rule.id for rule in audit.rules} | {"any"}
    if unknown := sorted(limits.keys() - known):
        raise ConfigError(f"no rule {', '.join(unknown)}", "--fail-over", f"Known: {', '.join(sorted(known))}")


def _show(reports: AuditReports, what: str, as_json: bool, files: Sequence[Path]) -> None:
    if as_json:
        parts = {"salience": reports.salience, "leakage": reports.leakage, "diversity": reports.diversity}
        chosen = parts if what == "all" else {what: parts[what]}
        typer.echo("{" + ",".join(f'"{name}":{part.model_dump_json()}' for name, part in chosen.items()) + "}")
        return
    if what in ("salience", "all"):
        show_salience(console, reports.salience)
    if what in ("leakage", "all"):
        show_leakage(console, reports.leakage)
    if what == "all":
        show_diversity_report(console, reports.diversity)
    for file in files:
        console.print(f"Written: {file}", markup=False, style="dim")


def _apply(audit: Audit, params: Mapping[str, Any], reporter: Reporter) -> None:
    target = audit.target
    if target.setup:
        removed = apply_to_run(target.setup, audit.failing, reporter)
        console.print(f"Removed {removed:,} documents and refilled their slots; audit again to see.", markup=False)
        return
    folder = params.get("out") or Path("audited")
    clean, removed = apply_to_files(target, audit.failing, folder)
    console.print(f"{clean:,} documents in {folder / 'clean.jsonl'}, {removed:,} in removed.jsonl", markup=False)


def _exit_over(report: LeakageReport, limits: Mapping[str, float]) -> None:
    if over := report.over(limits):
        typer.echo(f"Over the limit: {', '.join(over)}", err=True)
        raise typer.Exit(1)


def show_diversity(params: Mapping[str, Any]) -> None:
    """Run the collapse monitor alone; files need no context here."""
    reporter = open_reporter(params["quiet"] or params["json"])
    source = params.get("source") or []
    if source and Path(source[0]).exists() and not (Path(source[0]) / "run.json").exists():
        from docgen.pipeline.audit_targets import file_subjects

        stream = file_subjects([Path(name) for name in source])
    else:
        stream = open_target(params, reporter).subjects()
    if params["by"] not in ("doc_type", "idea"):
        raise ConfigError(f"{params['by']!r} is no source", "--by", "Use doc_type or idea")
    tally = DiversityTally(params["by"])
    for subject in stream:
        tally.add(subject)
    reference, name = None, ""
    if params.get("reference"):
        from docgen.pipeline.audit_targets import file_subjects

        reference, name = DiversityTally(), ", ".join(str(path) for path in params["reference"])
        for subject in file_subjects(params["reference"]):
            reference.add(subject)
    reporter.close()
    report = tally.report(reference, name)
    if params["json"]:
        typer.echo(report.model_dump_json())
    else:
        show_diversity_report(console, report)
