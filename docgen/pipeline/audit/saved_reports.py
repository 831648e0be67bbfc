"""Where audits keep what they found: reports beside the run, calibrations for all later reports to cite."""

from pathlib import Path

from pydantic_core import from_json

from docgen.audit.measure.calibration import Calibration
from docgen.audit.report.html import render_report
from docgen.errors import RunError
from docgen.files.run_folder import write_beside
from docgen.pipeline.audit.audit import AuditReports
from docgen.pipeline.audit.targets import Target
from docgen.text import slug

__all__ = ["find_calibration", "save_calibration", "save_reports"]

FOLDER = "calibration"


def save_reports(target: Target, reports: AuditReports, what: str, html: bool, out: Path | None) -> list[Path]:
    """Write the JSON reports asked for ("all" or one) and, if wanted, report.html; for files only into `out`."""
    folder = target.setup.run.path / "reports" if target.setup else out
    if folder is None:
        return []
    parts = {"salience": reports.salience, "leakage": reports.leakage, "diversity": reports.diversity}
    chosen = parts if what == "all" else {what: parts[what]}
    files = [
        write_beside(folder / f"{name}.json", [part.model_dump_json(indent=2).encode(), b"\n"])
        for name, part in chosen.items()
    ]
    if html:
        page = render_report(target.name, target.context, reports.salience, reports.leakage, reports.diversity)
        files.append(write_beside(folder / "report.html", [page.encode("utf-8", "replace")]))
    if target.setup:
        target.setup.run.stamp_reports([file.name for file in files])
    return files


def save_calibration(root: Path, calibration: Calibration) -> Path:
    """Keep a calibration; the same detector on the same gold set replaces the earlier one."""
    name = slug(f"{calibration.context}.{calibration.gold}.{calibration.detector}", 120)
    return write_beside(root / FOLDER / f"{name}.json", [calibration.model_dump_json(indent=2).encode(), b"\n"])


def find_calibration(root: Path, context: str, detector: str) -> Calibration | None:
    """The calibration of `detector` to cite: on this context if there is one, else the latest on another."""
    found = []
    for file in (root / FOLDER).glob("*.json"):
        try:
            calibration = Calibration.model_validate(from_json(file.read_bytes()))
        except ValueError as error:
            raise RunError("is no calibration", str(file), "Delete it, and calibrate again") from error
        if calibration.detector == detector:
            found.append((calibration.context == context, file.stat().st_mtime, calibration))
    return max(found, key=lambda entry: entry[:2])[2] if found else None
