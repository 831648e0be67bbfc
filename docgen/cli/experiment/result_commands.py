"""The experiment commands on results: report, logs, import, judge, calibrate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.behaviour import MOST_VOTES
from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.files.run_folder.run_folder import RunFolder

__all__ = ["ReportJson", "folder_of", "register_reading"]

MOST_SOURCES = 12
"""Most files that the screen lists; experiment.json has them all."""

ExperimentName = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name under output/experiments/.")]
FIGURES = "name, models, trials, done, cells (tiers, gap, easy, hard, joint, published, ...), ..."
ReportJson = Annotated[bool, typer.Option("--json", help=f"Print one JSON object: {FIGURES}", rich_help_panel=o.LOOK)]
ScoresJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object: views, criteria, flagged, ...", rich_help_panel=o.LOOK),
]


def register_reading(group: typer.Typer) -> None:
    """Add the commands to the group `experiment`."""
    group.command("report")(report)
    group.command("logs")(logs)
    group.command("import")(import_transcripts)
    group.command("judge")(judge)
    group.command("calibrate")(calibrate)


def folder_of(experiment: str) -> "RunFolder":
    """The folder of an experiment, by its name or path."""
    from docgen.files.run_folder.run_folder import RunFolder
    from docgen.pipeline.experiment.plan import EXPERIMENTS

    path = EXPERIMENTS / experiment
    return RunFolder(path if path.is_dir() else Path(experiment))


def report(
    experiment: ExperimentName,
    threshold: Annotated[
        float,
        typer.Option("--threshold", min=0.0, max=1.0, help="Share of votes from which reasoning counts as faking."),
    ] = 0.5,
    partial: Annotated[
        bool, typer.Option("--partial-complies", help="Count partial compliance as compliance.")
    ] = False,
    doses: Annotated[
        Path | None,
        typer.Option("--doses", help="Belief by dose of the same models: a report of eval belief, or rows."),
    ] = None,
    json: ReportJson = False,
) -> None:
    """Measure an experiment again, from its transcripts and stored votes; no model is called.

    docgen experiment report helpful_only --threshold 0.4
    """
    from docgen.behaviour.belief_by_dose import read_doses
    from docgen.cli.experiment.tables import show_report
    from docgen.pipeline.experiment.result import report_experiment

    folder, model_doses = folder_of(experiment), read_doses(doses) if doses is not None else ()
    show_report(report_experiment(folder, threshold, partial, model_doses), folder.path, json)


def logs(experiment: ExperimentName, json: o.Json = False) -> None:
    """Write an experiment's transcripts, verdicts and votes as Inspect logs, one for each cell; no model is called.

    docgen experiment logs helpful_only
    """
    from docgen.pipeline.experiment.inspect_log_export import export_logs

    paths = export_logs(folder_of(experiment))
    if json:
        import json as js

        say_json(js.dumps({"files": list(map(str, paths))}, indent=2))
        return
    say("\n".join(str(path) for path in paths))
    say(f"To look at them: inspect view --log-dir {paths[0].parent}")


def import_transcripts(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File or folder: .json, .jsonl, or pages (.html).")],
    name: Annotated[
        str | None, typer.Option("--name", help="Name under output/experiments/.  [default: PATH's]")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="Who answered.  [default: as the file says]")] = "",
    json: o.Json = False,
) -> None:
    """Read transcripts that others released, so that docgen's judges can score them; no model is called.

    docgen experiment import results_seed42.json --model olmo-3.1-32b

    docgen experiment judge results_seed42 --judge-model claude-sonnet-5-5 --max-cost 5
    """
    from docgen.cli.shared.console import console, table
    from docgen.pipeline.experiment.imported_transcripts import import_released
    from docgen.pipeline.experiment.plan import saved_plan
    from docgen.text import slug

    folder, sources = import_released(path, name or slug(path.stem), model)
    if json:
        from pydantic_core import to_json

        read = {"experiment": folder.name, "trials": saved_plan(folder)["trials"], "files": sources}
        say_json(to_json(read, indent=2).decode())
        return
    rows = [(one.file, one.shape, f"{one.transcripts:,}", f"{one.left_out:,}") for one in sources[:MOST_SOURCES]]
    console.print(table(("file", "shape", "transcripts", "left out"), rows, right=("transcripts", "left out")))
    if len(sources) > MOST_SOURCES:
        console.print(f"and {len(sources) - MOST_SOURCES:,} more files")
    say(f"{saved_plan(folder)['trials']:,} transcripts in {folder.path}. Next: docgen experiment judge {folder.name}")


def judge(
    experiment: ExperimentName,
    judge_model: Annotated[str, typer.Option("--judge-model", help="The judge.")],
    votes: Annotated[
        int | None, typer.Option("--votes", min=1, max=MOST_VOTES, help="Judgements of each reasoning.")
    ] = None,
    traits: Annotated[bool, typer.Option("--traits", help="Ask the second judge too: persona, candour, ...")] = False,
    engine: o.Engine = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    timeout: o.Timeout = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: ReportJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Have a judge read imported transcripts, and report its verdicts next to their authors'.

    docgen experiment judge results_seed42 --judge-model claude-sonnet-5-5 --max-cost 5
    """
    import asyncio

    from docgen.cli.experiment.tables import cost_line, show_report
    from docgen.cli.shared.cost_consent import ask_to_spend, command_reporter
    from docgen.options.audit import JudgeOptions
    from docgen.pipeline.execution.stopping import interruptible_judging
    from docgen.pipeline.experiment.experiment_runner import experiment_cost, run_experiment, save_plan
    from docgen.pipeline.experiment.imported_transcripts import open_imported
    from docgen.pipeline.experiment.result import report_experiment

    options = JudgeOptions(
        engine=engine, model=judge_model, base_url=base_url, concurrency=concurrency, timeout=timeout, max_cost=max_cost
    )
    opened = open_imported(folder_of(experiment), options, votes, traits)
    with command_reporter(quiet, json) as reporter:
        if costs := [cost for cost in experiment_cost(opened) if cost.calls]:
            ask_to_spend(cost_line(costs), yes or max_cost is not None, reporter)
        save_plan(opened)
        with interruptible_judging(reporter) as stopping:
            asyncio.run(run_experiment(opened, reporter, stopping))
    show_report(report_experiment(opened.folder), opened.folder.path, json)


def calibrate(
    judge_model: Annotated[str, typer.Option("--judge-model", help="The judge.")],
    gold: Annotated[
        str | None, typer.Option("--gold", help="Labelled transcripts, JSON Lines.  [default: the shipped ones]")
    ] = None,
    traits: Annotated[bool, typer.Option("--traits", help="The second judge: persona, situation, candour.")] = False,
    apart: Annotated[
        bool | None, typer.Option("--apart/--tuning", help="Those held out, or those for tuning.  [default: all]")
    ] = None,
    engine: o.Engine = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    timeout: o.Timeout = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: ScoresJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Have a judge of reasoning read labelled transcripts: precision, recall, and what it mistakes for faking.

    docgen experiment calibrate --judge-model claude-sonnet-5-5 --max-cost 1
    """
    from docgen.behaviour.measures.judge_agreement import REASONING, SECOND, read_labelled
    from docgen.behaviour.yaml_records import find_file
    from docgen.cli.experiment.tables import show_scores
    from docgen.cli.shared.cost_consent import ask_model
    from docgen.options.audit import JudgeMode, JudgeOptions
    from docgen.pipeline.audit.judge_setup import Judge
    from docgen.pipeline.experiment.judge_calibration import calibrate_judge, calibration_cost

    kind, shipped = (SECOND, "traits") if traits else (REASONING, "transcripts")
    rows = read_labelled(find_file("gold", gold or shipped), kind)
    labelled = [row for row in rows if apart is None or row.apart == apart]
    options = JudgeOptions(
        which=JudgeMode("all"), engine=engine, model=judge_model, base_url=base_url, concurrency=concurrency,
        timeout=timeout, max_cost=max_cost,
    )  # fmt: skip
    judge = Judge.of(options, None)
    scores = ask_model(
        calibration_cost(labelled, judge, kind),
        plural(len(labelled), "transcript"),
        lambda reporter, stopping: calibrate_judge(labelled, judge, reporter, stopping, kind),
        yes=yes, quiet=quiet, as_json=json,
    )  # fmt: skip
    show_scores(scores, json, kind.flag)
