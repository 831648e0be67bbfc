"""Audits a finished run's texts, and reads back what the last audit reported."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from docgen.audit.measure.findings_by_rule import LeakageReport
from docgen.audit.measure.salience.report import SalienceReport
from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.inputs.setup import Setup
from docgen.records import Record

if TYPE_CHECKING:
    from docgen.pipeline.execution.job import Job

__all__ = ["Leaks", "measure_step", "read_leakage", "read_measured"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Leaks:
    """Failing documents by rule, for rules that have any; `judge` says who read them in addition to the scan tier."""

    rules: dict[str, int]
    judge: str


async def measure_step(job: "Job") -> bool:
    """The scan tier of all audits over the accepted documents; writes reports/*.json and report.html.

    Reports of the same corpus that contain more, such as a judge's verdicts, stay as they are.
    """
    from docgen.options.audit import AuditOptions
    from docgen.pipeline.audit.audit import Audit

    setup = job.setup
    result = Audit(setup.context, AuditOptions(processes=True)).scan(setup, job.reporter)
    result.leakage = _better_leakage(setup, result.leakage)
    result.salience = _better_salience(setup, result.salience)
    result.save(html=True)
    return True


def _better_leakage(setup: Setup, new: LeakageReport) -> LeakageReport:
    saved = read_leakage(setup)
    if saved is None or saved.documents != new.documents or not saved.rules.keys() >= new.rules.keys():
        return new
    return saved if saved.judge != "none" or len(saved.rules) > len(new.rules) else new


def _better_salience(setup: Setup, new: SalienceReport) -> SalienceReport:
    saved = _report(setup, "salience.json", SalienceReport)
    if saved is None or saved.documents != new.documents or _asked(saved) != _asked(new):
        return new
    return saved if any(fact.judged for fact in saved.facts.values()) else new


def _asked(report: SalienceReport) -> dict[str, float]:
    return {fact.fact: fact.asked for fact in report.facts.values()}


def read_leakage(setup: Setup) -> LeakageReport | None:
    """What the last audit of leakage found; None if there was none, or if another version of docgen wrote it."""
    return _report(setup, "leakage.json", LeakageReport)


def _report(setup: Setup, name: str, kind: type[R]) -> R | None:
    value = read_report(setup.run, name)
    try:
        return None if value is None else kind.model_validate(value)
    except ValidationError:
        return None


def read_measured(setup: Setup) -> tuple[SalienceReport | None, Leaks | None]:
    """How present each fact is and what leaks, as of the last audit; None if there was none."""
    leakage, salience = read_leakage(setup), _report(setup, "salience.json", SalienceReport)
    if leakage is None:
        return salience, None
    counts = {rule: entry.documents for rule, entry in leakage.rules.items() if entry.documents}
    return salience, Leaks(counts, leakage.judge)


def read_report(run: RunFolder, name: str) -> dict[str, Any] | None:
    """A report of the last audit, if it is about the documents as they are now. Raises `RunError` for a damaged one."""
    file = run.report(name)
    if not run.report_is_current(name):
        return None
    try:
        value = from_json(file.read_bytes())
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Make it again: docgen audit all") from error
    if not isinstance(value, dict):
        raise RunError("is not one of docgen's reports", str(file), "Make it again: docgen audit all")
    return value
