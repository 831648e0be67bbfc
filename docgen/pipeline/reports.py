"""Audits a finished run by its texts, and reads back what the last audit found."""

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from docgen.audit.leakage import LeakageReport
from docgen.errors import RunError
from docgen.pipeline.audit_store import find_calibration, save_reports
from docgen.pipeline.audit_targets import run_target
from docgen.pipeline.auditing import AuditOptions
from docgen.pipeline.scanning import scan_corpus
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.store import OUTPUT

__all__ = ["Leaks", "measure_step", "read_measured"]


@dataclass(frozen=True)
class Leaks:
    """Failing documents by rule, of those rules that have any; `judge` says who read them beside the scan tier."""

    rules: dict[str, int]
    judge: str


def measure_step(setup: Setup, reporter: Reporter) -> LeakageReport:
    """The scan tier of all audits over the accepted documents; writes reports/*.json and report.html."""
    target = run_target(setup)
    audit = scan_corpus(target, AuditOptions(), setup.n, reporter)
    reports = audit.reports(find_calibration(OUTPUT, setup.context.id, "scan"))
    save_reports(target, reports, "all", html=True, out=None)
    return reports.leakage


def read_measured(setup: Setup) -> tuple[dict[str, float] | None, Leaks | None]:
    """Measured shares by fact and what leaks, as of the last audit; None where there was none."""
    salience, leakage = (_read(setup, name) for name in ("salience.json", "leakage.json"))
    shares = {fact: float(found["measured"]) for fact, found in salience["facts"].items()} if salience else None
    return shares, _leaks(leakage) if leakage else None


def _leaks(report: dict[str, Any]) -> Leaks:
    counts = {rule: int(found["documents"]) for rule, found in report["rules"].items()}
    return Leaks({rule: count for rule, count in counts.items() if count}, str(report.get("judge", "none")))


def _read(setup: Setup, name: str) -> dict[str, Any] | None:
    file = setup.run.report(name)
    if not file.exists():
        return None
    try:
        value: dict[str, Any] = from_json(file.read_bytes())
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Make it again: docgen audit all") from error
    return value
