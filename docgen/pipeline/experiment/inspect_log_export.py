"""Exports an experiment's stored transcripts as Inspect logs."""

from pathlib import Path

from docgen.behaviour.grid import Cell, Grid, grid_cells
from docgen.behaviour.situation import Setting
from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.experiment.plan import read_transcripts, saved_plan
from docgen.pipeline.experiment.result import measure_experiment

__all__ = ["export_logs", "saved_cells"]


def saved_cells(folder: RunFolder) -> list[Cell]:
    """The cells of an experiment as it was begun. Raises `RunError` if there is none."""
    plan = saved_plan(folder)
    return list(
        grid_cells(Grid.model_validate(plan["grid"]), Setting.model_validate(plan["setting"]), tuple(plan["models"]))
    )


def export_logs(folder: RunFolder) -> list[Path]:
    """Write `inspect/` in the experiment's folder, a log for each cell. Raises `ConfigError` without the extra."""
    try:
        from docgen.behaviour.inspect_tasks.log_writer import write_logs
    except ImportError as error:
        fix = "Install it: pip install 'docgen[eval]'"
        raise ConfigError(
            "inspect-ai, which writes the logs, is not installed", "docgen experiment logs", fix
        ) from error
    reports = {report.cell: report for report in measure_experiment(folder).cells}
    transcripts = read_transcripts(folder)
    rows = [
        (cell, reports[cell.id], [t for t in transcripts if t.trial.cell == cell.id])
        for cell in saved_cells(folder)
        if cell.id in reports
    ]
    begun = (folder.path / "experiment.json").stat().st_mtime
    return write_logs(folder.path / "inspect", folder.name, rows, begun)
