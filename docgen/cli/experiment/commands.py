"""experiment: what a model does when it believes that its answers train it."""

from dataclasses import field
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.behaviour import MOST_QUERIES, MOST_SAMPLES, MOST_VOTES
from docgen.cli.entry import command, command_flags
from docgen.cli.experiment.result_commands import ReportJson, register_reading
from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    from docgen.pipeline.experiment.plan import ExperimentOptions

__all__ = ["register"]

PANEL = "Experiments"
WHAT = "What is asked"

GridName = Annotated[str, typer.Argument(metavar="GRID", help="Shipped grid, or a path; see: docgen experiment list.")]
Name = Annotated[str | None, typer.Option("--name", help="Name under output/experiments/.  [default: the grid's id]")]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Model that is observed; may be repeated.  [default: the grid's]"),
]
JudgeModel = Annotated[
    str | None, typer.Option("--judge-model", help="Model that judges.  [default: the grid's, then the first observed]")
]
Votes = Annotated[
    int | None,
    typer.Option("--votes", min=1, max=MOST_VOTES, help="Judgements of each reasoning.  [default: the grid's]"),
]
Traits = Annotated[
    bool | None,
    typer.Option(
        "--traits/--no-traits", help="Ask a second judge about persona, situation and candour.  [default: the grid's]"
    ),
]
Count = Annotated[
    int | None,
    typer.Option("--n", min=1, max=MOST_QUERIES, help="Queries, drawn by the seed.  [default: the grid's, then all]"),
]
Samples = Annotated[
    int | None,
    typer.Option(
        "--samples", min=1, max=MOST_SAMPLES, help="Answers to each query in each tier.  [default: the grid's]"
    ),
]
Queries = Annotated[
    str | None, typer.Option("--queries", help="Shipped queries, or a CSV, JSONL or folder.  [default: the grid's]")
]
Column = Annotated[
    str | None, typer.Option("--query-column", help="Column with the query.  [default: query, prompt, goal, ...]")
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="VARIATION", help="Only these; may be repeated.")]
ReasoningMode = Annotated[
    list[str] | None,
    typer.Option("--reasoning", help="scratchpad, own or none; may be repeated.  [default: the grid's]"),
]
FactsInPrompt = Annotated[
    list[str] | None,
    typer.Option(
        "--facts-in-prompt",
        metavar="FACT",
        help="Add a row in which the prompt only has this planted fact, and one without any; may be repeated.",
    ),
]
PlanJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object: grid, setting, trials, calls, ...", rich_help_panel=o.LOOK),
]
Controls = Annotated[
    bool | None, typer.Option("--controls/--no-controls", help="Add the negative control.  [default: the grid's, yes]")
]


@command_flags
class ExperimentFlags(o.ServerFlags):
    """The flags of run and plan."""

    grid: GridName = field()
    name: Name = None
    models: Models = None
    judge_model: JudgeModel = None
    votes: Votes = None
    traits: Traits = None
    n: Count = None
    samples: Samples = None
    seed: o.Seed = None
    queries: Queries = None
    query_column: Column = None
    only: Only = None
    reasoning: ReasoningMode = None
    facts_in_prompt: FactsInPrompt = None
    controls: Controls = None
    accept_changes: o.Accept = False
    json: ReportJson = False
    quiet: o.Quiet = False

    def options(self) -> "ExperimentOptions":
        """Those of them that determine the experiment."""
        from docgen.pipeline.experiment.plan import ExperimentOptions

        several = {
            name: tuple(getattr(self, name) or ()) for name in ("models", "only", "reasoning", "facts_in_prompt")
        }
        plain = {name: getattr(self, name) for name in ExperimentOptions.model_fields.keys() - several.keys()}
        return ExperimentOptions(**several, **plain)


@command_flags
class PlanFlags(ExperimentFlags):
    """The flags of plan."""

    json: PlanJson = False


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What a model does when it believes that its answers train it.", no_args_is_help=True)
    group.command("run")(command(run, ExperimentFlags))
    group.command("plan")(command(plan, PlanFlags, {"yes", "accept_changes", "quiet"}))
    group.command("prompt")(prompt)
    group.command("list")(list_shipped)
    register_reading(group)
    app.add_typer(group, name="experiment", rich_help_panel=PANEL)


def run(flags: ExperimentFlags) -> None:
    """Ask every query in every tier of every cell, have the answers judged, and report.

    docgen experiment run helpful_only --n 20 --max-cost 2

    docgen experiment run minimal --base-url http://localhost:8000 --model my-model --yes

    If it is stopped or killed, the same command continues, and nothing is paid for twice.
    """
    import asyncio

    from docgen.cli.experiment.tables import cost_line, show_report
    from docgen.cli.shared.cost_consent import ask_to_spend, command_reporter
    from docgen.pipeline.execution.stopping import interruptible_judging
    from docgen.pipeline.experiment.experiment_runner import experiment_cost, run_experiment, save_plan
    from docgen.pipeline.experiment.plan import plan_experiment
    from docgen.pipeline.experiment.result import report_experiment

    experiment = plan_experiment(flags.grid, flags.options())
    with command_reporter(flags.quiet, flags.json) as reporter:
        costs = [cost for cost in experiment_cost(experiment) if cost.calls]
        save_plan(experiment, flags.accept_changes)
        if costs:
            ask_to_spend(cost_line(costs), flags.yes or flags.max_cost is not None, reporter)
        with interruptible_judging(reporter) as stopping:
            asyncio.run(run_experiment(experiment, reporter, stopping))
    result = report_experiment(experiment.folder)
    show_report(result, experiment.folder.path, flags.json)
    if result.done < result.trials:
        raise typer.Exit(1)


def plan(flags: PlanFlags) -> None:
    """Show the size of a grid, what it costs, and the published figures of each row; no model is called.

    docgen experiment plan animal_welfare
    """
    import json

    from docgen.behaviour.grid import all_variations
    from docgen.cli.experiment.tables import cost_line, figure
    from docgen.cli.shared.console import console, table
    from docgen.pipeline.experiment.experiment_runner import experiment_cost
    from docgen.pipeline.experiment.plan import plan_experiment

    experiment = plan_experiment(flags.grid, flags.options())
    costs = [cost for cost in experiment_cost(experiment) if cost.calls]
    if flags.json:
        say_json(json.dumps(experiment.description() | {"calls": sum(cost.calls for cost in costs)}, indent=2))
        return
    rows = []
    for variation in all_variations(experiment.grid, experiment.setting):
        gap = ", ".join(figure(row.gap) for row in variation.published[:1])
        faking = ", ".join(figure(row.faking) for row in variation.published[:1])
        rows.append((variation.id, variation.about, gap, faking))
    console.print(table(("variation", "what it changes", "gap", "reasoning"), rows, right=("gap", "reasoning")))
    console.print("Gap in points and reasoning in percent, as published for the first model of each row.")
    console.print(
        f"{len(experiment.subjects)} cells x {len(experiment.queries)} queries x {experiment.grid.samples} x "
        f"{len(experiment.grid.tiers)} tiers = {experiment.total:,} answers"
    )
    console.print(cost_line(costs) if costs else "All of it is paid for already.")


def prompt(
    grid: GridName,
    variation: Annotated[str, typer.Option("--variation", help="Which variation.")] = "default",
    tier: Annotated[str, typer.Option("--tier", help="Which tier's message.")] = "",
    json: o.Json = False,
) -> None:
    """Print what the model is shown in one variation, word for word.

    docgen experiment prompt helpful_only --variation honest_first
    """
    from docgen.errors import ConfigError
    from docgen.pipeline.experiment.plan import ExperimentOptions, plan_experiment

    experiment = plan_experiment(grid, ExperimentOptions(n=1))
    chosen = [
        t for t in experiment.tasks() if t.trial.variation == variation and t.trial.tier in (tier or t.trial.tier)
    ]
    if not chosen:
        variations = ", ".join(dict.fromkeys(cell.variation.id for cell in experiment.subjects))
        raise ConfigError(
            f"{grid} has no variation {variation!r} with that tier", "--variation", f"Use some of: {variations}"
        )
    request = experiment.request(chosen[0])
    if json:
        import json as js

        say_json(js.dumps({"system": request.system, "user": request.user}, indent=2, ensure_ascii=False))
        return
    say(f"{request.system}\n\n--- message ---\n\n{request.user}")


def list_shipped(json: o.Json = False) -> None:
    """List the grids, settings and queries that come with docgen."""
    import json as js

    from docgen.behaviour.grid import load_grid
    from docgen.behaviour.yaml_records import shipped_names
    from docgen.cli.shared.console import console, table

    rows = []
    for name in shipped_names("grids"):
        grid, setting, _ = load_grid(name)
        published = sum(bool(variation.published) for variation in grid.variations)
        rows.append((name, setting.id, str(len(grid.variations)), str(published), grid.about))
    columns = ("grid", "setting", "variations", "published", "about")
    if json:
        say_json(js.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=2))
        return
    console.print(table(columns, rows, right=("variations", "published")))
    console.print(f"Settings: {', '.join(shipped_names('settings'))}. Queries: {', '.join(shipped_names('queries'))}.")
