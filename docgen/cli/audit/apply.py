"""--apply: what failed an audit is removed; a run's slots are filled again and examined again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from docgen.audit.measure.leakage import LeakageReport
from docgen.cli.audit.examine import Examination
from docgen.cli.console import console
from docgen.cli.experiments.runner import agree
from docgen.cli.look.tables import show_summary
from docgen.pipeline.audit.apply import apply_to_files, apply_to_run, refill_calls
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.run_reports import read_leakage, read_measured
from docgen.pipeline.audit.saved_reports import save_reports
from docgen.pipeline.audit.targets import Target, run_target
from docgen.pipeline.setup import Setup, propose
from docgen.pipeline.status import summarise

__all__ = ["APPLIED", "remove_failing"]

APPLIED = Path("audited")
"""Where files go without --out."""


def remove_failing(job: Examination, audit: Audit, params: Mapping[str, Any]) -> tuple[bool, LeakageReport | None]:
    """Remove what `audit` found failing.

    Returns whether that ended well (a run has its n documents again, all examined), and what was found in the documents
    that replaced them: None for files, where nothing does.
    """
    if job.target.setup is None:
        _split(job.target, audit, params.get("out") or APPLIED)
        return True, None
    if not audit.failing:
        typer.echo("No document fails; nothing was removed.", err=True)
        return True, None
    setup = _capped(job.target.setup, params["max_cost"])
    _agree(setup, len(audit.failing), job)
    removed = apply_to_run(setup, audit.failing, job.reporter)
    examined = _examine_again(replace(job, target=run_target(setup), on_ray=False))
    job.reporter.close()
    return _close(setup, removed, params["json"]) and examined, read_leakage(setup)


def _split(target: Target, audit: Audit, folder: Path) -> None:
    clean, removed = apply_to_files(target, audit.failing, folder)
    typer.echo(f"{clean:,} documents in {folder / 'clean.jsonl'}, {removed:,} in removed.jsonl", err=True)


def _capped(setup: Setup, max_cost: float | None) -> Setup:
    """The run, with the cap of the command line as its own: it is the run that is going to spend."""
    return setup if max_cost is None else propose(setup.run, None, None, {"max_cost": max_cost}).apply()


def _agree(setup: Setup, failing: int, job: Examination) -> None:
    """Writing documents again costs as much as writing them: the same question as of `docgen run`."""
    if setup.config.engine != "anthropic":
        return
    calls, dollars = refill_calls(setup, failing)
    cost = "no known price" if dollars is None else f"about ${dollars:,.2f}"
    line = f"{failing:,} documents to be removed and written again: about {calls:,} calls, {cost}"
    agree(f"{line} with {setup.config.model}", setup, job.yes, job.reporter)


def _examine_again(job: Examination) -> bool:
    """Examine the refilled run for the same; whether the judge, if there is one, had an answer to everything.

    A run measures itself plainly when it is done; reports are to be those of the options given.
    """
    if job.options.plain:
        return True
    audit, reports = job.carry_out()
    if not audit.in_vain:
        save_reports(job.target, reports, "all", html=True, out=None)
    if audit.failing:
        typer.echo(f"Of the documents as they are now, {len(audit.failing):,} fail: apply again", err=True)
    return not audit.unjudged


def _close(setup: Setup, removed: int, as_json: bool) -> bool:
    measured, leakage = read_measured(setup)
    summary = summarise(setup, measured)
    if not as_json:
        show_summary(console, summary, leakage)
    line = f"Removed {removed:,} documents; the run has {summary.accepted:,} of {setup.n:,} now"
    more = "" if summary.complete else f". Short of n: docgen run {setup.run.name} goes on, see docgen show --rejected"
    typer.echo(line + more, err=True)
    return summary.complete
