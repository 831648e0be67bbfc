"""Scores detectors against labelled documents for the command line."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from docgen.audit.detect.facts import FactDetector
from docgen.audit.detect.leakage_scanner import LeakageScanner
from docgen.audit.judge.panel import Panel, Unjudged, Verdicts, agreement, combine, judge_documents
from docgen.audit.measure.calibration import Calibration, Gold, Reading, calibrate, read_gold
from docgen.audit.measure.salience import presence
from docgen.audit.rules.rule import rule_key
from docgen.cli.audit.judge import JudgeSettings, judge_settings, say_unjudged
from docgen.cli.audit.tables import show_calibration
from docgen.cli.console import console
from docgen.cli.experiments.runner import reporting
from docgen.files.run_folder import OUTPUT
from docgen.llm.journal import Journal
from docgen.pipeline.audit.saved_reports import save_calibration
from docgen.progress import Progress
from docgen.records import Document, Finding
from docgen.text import digest
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["score"]

Agreed = dict[str, tuple[float, float | None]]
"""Share of equal verdicts and kappa, by rule."""


def score(params: Mapping[str, Any]) -> None:
    """Carry out `docgen audit calibrate`."""
    context = load_context(find_context(params["context"], Path.cwd()))
    gold = read_gold(params["gold"])
    scanner, detector = LeakageScanner(context), FactDetector(context)
    scanned = [_scan(one, detector, scanner) for one in gold]
    readings: list[Reading | None] = [reading for reading, _ in scanned]
    tier, agreed = "scan", None
    if params["judge"]:
        judge = judge_settings(params, None)
        panel = Panel.of(context, scanner.rules, judge.model)
        verdicts = _judge(judge, panel, gold, params)
        readings = [_both(one, found, v) for one, (_, found), v in zip(gold, scanned, verdicts, strict=True)]
        tier = f"judge {judge.model.model}"
        if params["second_model"]:
            second = judge_settings({**params, "model": params["second_model"]}, None)
            other = Panel.of(context, scanner.rules, second.model)
            agreed = _agreement(panel, verdicts, _judge(second, other, gold, params))
    if not any(readings):
        raise typer.Exit(1)  # a calibration made from nothing would be cited all the same
    calibration = _calibration(params["gold"], context, gold, readings, scanner, tier)
    _conclude(calibration, agreed, params["json"])
    if None in readings:
        raise typer.Exit(1)


def _conclude(calibration: Calibration, agreed: Agreed | None, as_json: bool) -> None:
    """Keep it, and show it."""
    file = save_calibration(OUTPUT, calibration)
    if as_json:
        typer.echo(calibration.model_dump_json(indent=2))
        return
    show_calibration(console, calibration)
    for rule, (same, kappa) in (agreed or {}).items():
        says = "-" if kappa is None else f"{kappa:.2f}"
        console.print(f"Two judges on {rule}: {same:.0%} equal, kappa {says}", markup=False)
    console.print(f"Written: {file}", markup=False, style="dim")


def _calibration(
    path: Path,
    context: UniverseContext,
    gold: Sequence[Gold],
    readings: Sequence[Reading | None],
    scanner: LeakageScanner,
    tier: str,
) -> Calibration:
    """Scores of the rules that the labels know; a rule without a label anywhere cannot be scored."""
    labelled = {rule_key(leak.rule) for one in gold for leak in one.leaks}
    rules = [rule.id for rule in scanner.rules if rule_key(rule.id) in labelled]
    names = {
        "detector": tier,
        "gold": path.stem,
        "gold_digest": digest(path.read_bytes()),
        "context": context.id,
    }
    return calibrate(gold, readings, [fact.id for fact in context.key_facts], rules, names)


def _scan(one: Gold, detector: FactDetector, scanner: LeakageScanner) -> tuple[Reading, list[Finding]]:
    sightings = detector.detect(one.text)
    by_fact = {s.fact: presence([t for t in sightings if t.fact == s.fact]) for s in sightings}
    findings = scanner.scan(one.text, None, sightings, one.doc_type)
    return Reading(dict(by_fact), _errors(findings)), findings


def _errors(findings: Sequence[Finding]) -> frozenset[str]:
    return frozenset(finding.rule for finding in findings if finding.severity == "error")


def _both(one: Gold, findings: Sequence[Finding], verdicts: Verdicts | None) -> Reading | None:
    """What the judge says of facts, and both tiers together of rules; None where the judge failed."""
    if verdicts is None:
        return None
    return Reading(verdicts.presence, _errors(combine(one.text, findings, verdicts)))


def _judge(
    judge: JudgeSettings, panel: Panel, gold: Sequence[Gold], params: Mapping[str, Any]
) -> list[Verdicts | None]:
    subjects = [Document(text=one.text, id=one.id, doc_type=one.doc_type) for one in gold]
    found: list[Verdicts | None] = [None] * len(subjects)
    reasons: Counter[str] = Counter()

    async def work(journal: Journal) -> None:
        done = 0
        async with judge.asked(journal) as llm:
            async for position, verdicts in judge_documents(llm, panel, subjects, judge.engine.concurrency):
                done += 1
                if isinstance(verdicts, Unjudged):
                    reasons[verdicts.reason] += 1
                else:
                    found[position] = verdicts
                reporter.progress(Progress("judge", done, len(subjects)))

    with reporting(params) as reporter:
        requests = (request for subject in subjects for request in panel.requests(subject))
        judge.agree(requests, f"{len(subjects):,} documents", params["yes"], reporter)
        with judge.journalled() as journal:
            asyncio.run(work(journal))
    if None in found:
        say_unjudged(found.count(None), len(found), "documents", reasons)
    return found


def _agreement(panel: Panel, first: Sequence[Verdicts | None], second: Sequence[Verdicts | None]) -> Agreed:
    """Agreement of two judges by rule, on the documents that both could judge."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    return {
        rule.id: agreement([rule.id in a.leaks for a, _ in pairs], [rule.id in b.leaks for _, b in pairs])
        for rule in panel.rules
    }
