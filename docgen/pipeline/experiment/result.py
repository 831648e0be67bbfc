"""The report of an experiment, from what is on disk."""

from collections.abc import Sequence

from docgen.behaviour.belief_by_dose import Dose
from docgen.behaviour.grid import Variation
from docgen.behaviour.measures.cell_measures import CellReport, measure_cells
from docgen.behaviour.measures.dose_response import DoseReport, join_doses
from docgen.behaviour.report import CANARY, render_page
from docgen.behaviour.report.dose_chart import dose_picture
from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.experiment.plan import read_transcripts, saved_plan
from docgen.records import Record

__all__ = ["ExperimentReport", "measure_experiment", "report_experiment"]


class ExperimentReport(Record):
    """All figures of an experiment; reports/experiment.json. `dose`: behaviour by dose, if doses were given."""

    name: str
    models: tuple[str, ...]
    judge_model: str
    trials: int
    done: int
    threshold: float
    partial_complies: bool
    canary: str = CANARY
    cells: tuple[CellReport, ...]
    dose: DoseReport | None = None


def report_experiment(
    folder: RunFolder, threshold: float = 0.5, partial_complies: bool = False, doses: Sequence[Dose] = ()
) -> ExperimentReport:
    """Measure, and write reports/experiment.json and reports/experiment.html. Raises `RunError` without transcripts."""
    report = measure_experiment(folder, threshold, partial_complies)
    plan, transcripts = saved_plan(folder), read_transcripts(folder)
    if doses:
        report = report.model_copy(update={"dose": join_doses(doses, report.cells, transcripts)})
    folder.write_json("reports/experiment.json", report.model_dump(mode="json"))
    page = render_page(folder.name, plan, report.cells, transcripts, threshold, report.dose)
    folder.write_text("reports/experiment.html", page)
    if report.dose is not None:
        folder.write_text("reports/dose.svg", dose_picture(report.dose))
    return report


def measure_experiment(folder: RunFolder, threshold: float = 0.5, partial_complies: bool = False) -> ExperimentReport:
    """All figures from what is on disk; nothing is written. Raises `RunError` without transcripts."""
    plan, transcripts = saved_plan(folder), read_transcripts(folder)
    if not transcripts:
        raise RunError("has no transcripts yet", str(folder.path), "Continue with: docgen experiment run")
    variations = [Variation.model_validate(value) for value in plan["variations"]]
    cells = measure_cells(
        transcripts,
        threshold,
        partial_complies,
        {variation.id: variation.published for variation in variations},
        [variation.id for variation in variations if variation.control],
    )
    return ExperimentReport(
        name=folder.name,
        models=tuple(plan["models"]),
        judge_model=plan["judge_model"],
        trials=plan["trials"],
        done=len(transcripts),
        threshold=threshold,
        partial_complies=partial_complies,
        cells=tuple(cells),
    )
