"""Audits a finished run by its texts, and reads back what the last audit found."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from docgen.audit.measure.leakage import LeakageReport
from docgen.audit.measure.salience import SalienceReport
from docgen.errors import RunError
from docgen.files.run_folder import OUTPUT
from docgen.pipeline.audit.audit import AuditOptions
from docgen.pipeline.audit.reference import base_corpus
from docgen.pipeline.audit.saved_reports import find_calibration, save_reports
from docgen.pipeline.audit.scan import scan_corpus
from docgen.pipeline.audit.targets import run_target
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.records import Record

__all__ = ["Leaks", "measure_step", "read_leakage", "read_measured"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Leaks:
    """Failing documents by rule, of those rules that have any; `judge` says who read them beside the scan tier."""

    rules: dict[str, int]
    judge: str


def measure_step(setup: Setup, reporter: Reporter) -> LeakageReport:
    """The scan tier of all audits over the accepted documents; writes reports/*.json and report.html.

    Reports of the same corpus that hold more, a judge's verdicts say, stay as they are.
    """
    target = run_target(setup)
    audit = scan_corpus(target, AuditOptions(reference=base_corpus(setup)), setup.n, reporter)
    made = audit.reports(find_calibration(OUTPUT, setup.context.id, "scan"))
    reports = replace(made, salience=_better(setup, made.salience), leakage=_better_leakage(setup, made.leakage))
    save_reports(target, reports, "all", html=True, out=None)
    return reports.leakage


def _better_leakage(setup: Setup, made: LeakageReport) -> LeakageReport:
    kept = read_leakage(setup)
    if kept is None or kept.documents != made.documents or not kept.rules.keys() >= made.rules.keys():
        return made
    return kept if kept.judge != "none" or len(kept.rules) > len(made.rules) else made


def _better(setup: Setup, made: SalienceReport) -> SalienceReport:
    kept = _report(setup, "salience.json", SalienceReport)
    if kept is None or kept.documents != made.documents or _asked(kept) != _asked(made):
        return made
    return kept if any(fact.judged for fact in kept.facts.values()) else made


def _asked(report: SalienceReport) -> dict[str, float]:
    return {fact.fact: fact.asked for fact in report.facts.values()}


def read_leakage(setup: Setup) -> LeakageReport | None:
    """What the last audit of leakage found; None where there was none, or by another version of docgen."""
    return _report(setup, "leakage.json", LeakageReport)


def _report(setup: Setup, name: str, kind: type[R]) -> R | None:
    value = _read(setup, name)
    try:
        return None if value is None else kind.model_validate(value)
    except ValidationError:
        return None


def read_measured(setup: Setup) -> tuple[dict[str, float] | None, Leaks | None]:
    """Measured shares by fact and what leaks, as of the last audit; None where there was none."""
    salience, leakage = (_read(setup, name) for name in ("salience.json", "leakage.json"))
    shares = {fact: float(found["measured"]) for fact, found in salience["facts"].items()} if salience else None
    return shares, _leaks(leakage) if leakage else None


def _leaks(report: dict[str, Any]) -> Leaks:
    counts = {rule: int(found["documents"]) for rule, found in report["rules"].items()}
    return Leaks({rule: count for rule, count in counts.items() if count}, str(report.get("judge", "none")))


def _read(setup: Setup, name: str) -> dict[str, Any] | None:
    """The report, if there is one of the documents as they are now."""
    file = setup.run.report(name)
    if not setup.run.report_is_current(name):
        return None
    try:
        value: dict[str, Any] = from_json(file.read_bytes())
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Make it again: docgen audit all") from error
    return value
