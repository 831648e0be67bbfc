"""Carries out the audit commands: finds the corpus, has it examined, shows, saves, sets the exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import typer

from docgen.audit.judge.panel import JudgeMode
from docgen.audit.measure.diversity import DiversityTally
from docgen.cli.audit.apply import APPLIED, remove_failing
from docgen.cli.audit.examine import Examination
from docgen.cli.audit.judge import judge_settings
from docgen.cli.audit.tables import show_diversity_report, show_leakage, show_salience
from docgen.cli.console import console, open_reporter
from docgen.cli.experiments.runner import reporting
from docgen.cli.main_job.resolve import run_or_latest
from docgen.embedding.embedder import installed_model
from docgen.errors import ConfigError
from docgen.llm.providers.table import PROVIDERS
from docgen.pipeline.audit.apply import refuse_in_place
from docgen.pipeline.audit.audit import AuditOptions, AuditReports
from docgen.pipeline.audit.reference import base_corpus, read_reference
from docgen.pipeline.audit.saved_reports import save_reports
from docgen.pipeline.audit.shortlist import NEAREST
from docgen.pipeline.audit.targets import Target, file_subjects, file_target, run_target
from docgen.pipeline.setup import reopen
from docgen.progress import Reporter
from docgen.universe import find_context, load_context

__all__ = ["carry_out", "open_target", "show_diversity"]

SCANS = ("local", "ray")


def carry_out(params: Mapping[str, Any], what: str) -> None:
    """Run "leakage", "salience" or "all" as the parameters say."""
    with reporting(params) as reporter:
        limits = _limits(params.get("fail_over") or [])
        _check_engine(params, what)
        target = open_target(params, reporter)
        if params.get("apply"):
            refuse_in_place(target, params.get("out") or APPLIED)
        job = _examination(params, what, target, reporter)
        _check_rules(limits, job)
        audit, reports = job.carry_out()
        reporter.close()
        html, out = params.get("html") or False, params.get("out")
        files = [] if audit.in_vain else save_reports(job.target, reports, what, html, out)
        _show(reports, what, params["json"], files)
        failed, left = audit.unjudged > 0, None
        if params.get("apply") and not audit.in_vain:
            ended_well, now = remove_failing(job, audit, params)
            failed, left = failed or not ended_well, reports.leakage.shares_left(now)
    if _over(reports.leakage.shares, left, limits) or failed:
        raise typer.Exit(1)


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


def _examination(params: Mapping[str, Any], what: str, target: Target, reporter: Any) -> Examination:
    severity = params.get("severity", "error")
    if severity not in ("error", "warning"):
        raise ConfigError(f"{severity!r} is no severity", "--severity", "Use error or warning")
    mode = JudgeMode.parse(params["judge"])
    judge = None if mode.kind == "none" else judge_settings(_judge_flags(params), target.setup)
    plain = AuditOptions(
        off=tuple(params.get("off") or ()),
        questions=params.get("questions"),
        classifiers=tuple(params.get("classifiers") or ()),
        judge=mode,
        seed=params.get("seed") or 0,
        remove=severity,
        reference=_reference(params, target) if what == "all" or params.get("html") else (),
        nearest=_nearest(params, mode),
    )
    options = replace(plain, model=judge.model) if judge else plain
    return Examination(
        target,
        options,
        judge,
        params["yes"],
        reporter,
        on_ray=params["engine"] == "ray",
        listed=params.get("apply", False),
        diverse=what == "all" or bool(params.get("html")),
    )


def _nearest(params: Mapping[str, Any], mode: JudgeMode) -> float | None:
    """Which share of the documents the embedding shortlist makes suspects, if there is one."""
    given: float | None = params.get("nearest")
    if not params.get("embeddings"):
        if given is not None:
            raise ConfigError("says how many documents are listed, and none are", "--nearest", "Add --embeddings")
        return None
    if mode.kind not in ("suspects", "none"):
        raise ConfigError(f"picks suspects, and --judge {mode} reads others", "--embeddings", "Use --judge suspects")
    if params["engine"] == "ray":
        raise ConfigError("ranks a corpus as a whole", "--embeddings with --engine ray", "Leave one of them out")
    installed_model()  # a missing extra is known before any work
    return NEAREST if given is None else given


def _reference(params: Mapping[str, Any], target: Target) -> tuple[Path, ...]:
    """What diversity is compared with: the files given, else the run that this one was forked from."""
    return tuple(params.get("reference") or ()) or (base_corpus(target.setup) if target.setup else ())


def _check_engine(params: Mapping[str, Any], what: str) -> None:
    """Diversity is not measured in parts, so nothing that shows it can be made on a cluster."""
    engine = params["engine"]
    if engine not in (None, *SCANS, *(provider.name for provider in PROVIDERS)):
        raise ConfigError(f"no engine {engine!r}", "--engine", "Use ray or local for the scan, anthropic for a judge")
    if engine == "ray" and (what == "all" or params.get("html")):
        fix = "Use --engine ray with audit leakage or audit salience, without --html"
        raise ConfigError("does not measure diversity, which this report shows", "--engine ray", fix)


def _judge_flags(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Some of --engine's values say who scans and nothing of the judge."""
    return {**params, "engine": None} if params["engine"] in SCANS else params


def _limits(pairs: Sequence[str]) -> dict[str, float]:
    limits = {}
    for pair in pairs:
        rule, _, share = pair.partition("=")
        try:
            limit = float(share)
        except ValueError:
            limit = nan
        if not 0 <= limit <= 1:  # which is false of nan too
            raise ConfigError(f"{pair!r} is no limit", "--fail-over", "Write it as RULE=0.001, a share from 0 to 1")
        limits[rule.strip()] = limit
    return limits


def _check_rules(limits: Mapping[str, float], job: Examination) -> None:
    known = {*job.rules, "any"}
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


def _over(shares: Mapping[str, float], left: Mapping[str, float] | None, limits: Mapping[str, float]) -> bool:
    """Whether the corpus is over a limit: as it is `left` if something was removed. Both are said."""
    found = [rule for rule, limit in limits.items() if shares[rule] > limit]
    if found:
        when = "As found, over the limit" if left is not None else "Over the limit"
        typer.echo(f"{when}: {', '.join(found)}", err=True)
    if left is None or not limits:
        return bool(found)
    still = [f"{rule} ({left[rule]:.2%})" for rule, limit in limits.items() if left[rule] > limit]
    typer.echo(
        f"What remains is over the limit: {', '.join(still)}" if still else "What remains is within the limits",
        err=True,
    )
    return bool(still)


def show_diversity(params: Mapping[str, Any]) -> None:
    """Run the collapse monitor alone; files need no context here."""
    reporter = open_reporter(params["quiet"] or params["json"])
    source = params.get("source") or []
    if source and Path(source[0]).exists() and not (Path(source[0]) / "run.json").exists():
        stream = file_subjects([Path(name) for name in source])
    else:
        stream = open_target(params, reporter).subjects()
    if params["by"] not in ("doc_type", "idea"):
        raise ConfigError(f"{params['by']!r} is no source", "--by", "Use doc_type or idea")
    tally = DiversityTally(params["by"])
    for subject in stream:
        tally.add(subject)
    reference = read_reference(params.get("reference") or ())
    reporter.close()
    report = tally.report(reference.tally, reference.name) if reference else tally.report()
    if params["json"]:
        typer.echo(report.model_dump_json())
    else:
        show_diversity_report(console, report)
