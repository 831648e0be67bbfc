"""Audits a finished run by its texts, and reads back what the last audit found."""

from typing import Any

from pydantic_core import from_json

from docgen.audit.leakage import LeakageReport
from docgen.errors import RunError
from docgen.pipeline.audit_store import find_calibration, save_reports
from docgen.pipeline.audit_targets import run_target
from docgen.pipeline.auditing import AuditOptions, scan_corpus
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.store import OUTPUT

__all__ = ["measure_step", "read_measured"]


def measure_step(setup: Setup, reporter: Reporter) -> LeakageReport:
    """The scan tier of all audits over the accepted documents; writes reports/*.json and report.html."""
    target = run_target(setup)
    audit = scan_corpus(target, AuditOptions(), setup.n, reporter)
    reports = audit.reports(find_calibration(OUTPUT, setup.context.id, "scan"))
    save_reports(target, reports, "all", html=True, out=None)
    return reports.leakage


def read_measured(setup: Setup) -> tuple[dict[str, float] | None, dict[str, int] | None]:
    """Measured shares by fact and failing documents by rule, as of the last audit; None where there was none."""
    salience, leakage = (_read(setup, name) for name in ("salience.json", "leakage.json"))
    shares = {fact: float(found["measured"]) for fact, found in salience["facts"].items()} if salience else None
    rules = {rule: int(found["documents"]) for rule, found in leakage["rules"].items()} if leakage else None
    return shares, {rule: count for rule, count in rules.items() if count} if rules is not None else None


def _read(setup: Setup, name: str) -> dict[str, Any] | None:
    file = setup.run.report(name)
    if not file.exists():
        return None
    try:
        value: dict[str, Any] = from_json(file.read_bytes())
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Make it again: docgen audit all") from error
    return value
