"""The Python function that runs an experiment."""

from collections.abc import Callable
from typing import Any

from docgen.pipeline.audit.judge_setup import SILENT, never
from docgen.pipeline.experiment.experiment_runner import run_experiment, save_plan
from docgen.pipeline.experiment.plan import ExperimentOptions, plan_experiment
from docgen.pipeline.experiment.result import ExperimentReport, report_experiment
from docgen.progress import Reporter

__all__ = ["aexperiment"]


async def aexperiment(
    grid: str, *, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never, **options: Any
) -> ExperimentReport:
    """`docgen experiment run GRID`: ask, judge and report; called again, it continues and buys nothing twice.

    `options` are the fields of `ExperimentOptions` (models, judge_model, n, base_url, max_cost, ...). Transcripts and
    page are in output/experiments/. It spends without asking, up to `max_cost`. Raises `ConfigError`, `RunError`,
    `StopRun`.
    """
    experiment = plan_experiment(grid, ExperimentOptions(**options))
    save_plan(experiment)
    await run_experiment(experiment, reporter, stopping)
    return report_experiment(experiment.folder)
