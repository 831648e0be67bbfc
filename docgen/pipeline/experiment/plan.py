"""An experiment resolved: its cells, queries and trials, who answers and who judges, and where it is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError

from docgen.behaviour import MOST_QUERIES, MOST_SAMPLES, MOST_VOTES
from docgen.behaviour.grid import Cell, Grid, Variation, all_variations, grid_cells, load_grid
from docgen.behaviour.queries import Query, draw_queries, read_queries
from docgen.behaviour.requests import objective_of, query_request
from docgen.behaviour.situation import Reasoning, Setting, Tier
from docgen.behaviour.transcripts import Transcript, Trial
from docgen.behaviour.yaml_records import find_file
from docgen.errors import ConfigError, RunError
from docgen.files.run_folder.run_folder import OUTPUT, RunFolder
from docgen.files.safe_names import folder_name
from docgen.llm.protocol import Request
from docgen.llm.providers.table import default_paid_provider
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.pipeline.audit.judge_setup import Judge
from docgen.prompts.requests import ModelOptions
from docgen.records import Record
from docgen.text import digest
from docgen.text.json_reader import read_json

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "ExperimentOptions",
    "Task",
    "plan_experiment",
    "read_transcripts",
    "saved_plan",
]

EXPERIMENTS = OUTPUT / "experiments"


class ExperimentOptions(Record):
    """Settings that override the grid's. None: the grid's setting, then the default of a paid run."""

    name: str | None = None
    models: tuple[str, ...] = ()
    judge_model: str | None = None
    votes: int | None = Field(None, ge=1, le=MOST_VOTES)
    traits: bool | None = None
    n: int | None = Field(None, ge=1, le=MOST_QUERIES)
    samples: int | None = Field(None, ge=1, le=MOST_SAMPLES)
    seed: int | None = None
    queries: str | None = None
    query_column: str | None = None
    only: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    facts_in_prompt: tuple[str, ...] = ()
    controls: bool | None = None
    engine: str | None = None
    base_url: str | None = None
    concurrency: int | None = None
    max_cost: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Task:
    """One trial and what is needed to carry it out."""

    trial: Trial
    cell: Cell
    tier: Tier
    query: Query


@dataclass(frozen=True)
class Experiment:
    """All that is decided before anything is sent. `judge` says how to reach models: engine, journal and lock.

    `given` are existing answers, by the trial's id: those of an import, which is never asked.
    """

    grid: Grid
    setting: Setting
    queries: tuple[Query, ...]
    models: tuple[str, ...]
    judge_model: str
    judge: Judge
    folder: RunFolder
    given: Mapping[str, Transcript] = field(default_factory=dict)

    @property
    def subjects(self) -> tuple[Cell, ...]:
        """The cells, in the order of the grid."""
        return tuple(grid_cells(self.grid, self.setting, self.models))

    @property
    def objective(self) -> str:
        """What compliance is measured against, in every variation: the objective before any patch."""
        return objective_of(self.setting)

    def tasks(self) -> Iterator[Task]:
        """Every trial: cells, then queries, with the tiers of a query next to each other; for an import those it
        has."""
        if self.given:
            by_variation = {cell.variation.id: cell for cell in self.subjects}
            queries = {query.id: query for query in self.queries}
            for transcript in self.given.values():
                trial = transcript.trial
                cell = by_variation[trial.variation]
                yield Task(trial, cell, cell.setting.tier(trial.tier), queries[trial.query])
            return
        for cell in self.subjects:
            for query in self.queries:
                for sample in range(self.grid.samples):
                    for name in self.grid.tiers:
                        tier = cell.setting.tier(name)
                        trial = Trial(
                            cell=cell.id, setting=cell.setting.id, variation=cell.variation.id,
                            reasoning=cell.reasoning, model=cell.model, tier=name, role=tier.role,
                            query=query.id, sample=sample,
                        )  # fmt: skip
                        yield Task(trial, cell, tier, query)

    @property
    def total(self) -> int:
        """Number of trials."""
        if self.given:
            return len(self.given)
        return len(self.subjects) * len(self.queries) * self.grid.samples * len(self.grid.tiers)

    def options(self, model: str) -> ModelOptions:
        """The options for asking one model."""
        return replace(self.judge.model, model=model)

    def request(self, task: Task) -> Request:
        """What the subject is asked."""
        return query_request(task.cell, task.tier, task.query, self.options(task.cell.model), task.trial.sample)

    def description(self) -> dict[str, Any]:
        """What experiment.json holds: everything that decides which requests are made."""
        variations = all_variations(self.grid, self.setting)
        return {
            "grid": self.grid.model_dump(mode="json"),
            "setting": self.setting.model_dump(mode="json"),
            "variations": [variation.model_dump(mode="json") for variation in variations],
            "queries": [query.id for query in self.queries],
            "queries_digest": digest(*(f"{query.id}\n{query.text}" for query in self.queries)),
            "models": list(self.models),
            "judge_model": self.judge_model,
            "trials": self.total,
        }


def plan_experiment(grid_name: str, options: ExperimentOptions) -> Experiment:
    """Resolve a grid and options. Raises `ConfigError` and `InputError`; does not send or write anything."""
    grid, setting, path = load_grid(grid_name)
    grid = _with_facts(_chosen(grid, options), setting, options.facts_in_prompt)
    source = options.queries or grid.queries or setting.queries
    if not source:
        raise ConfigError("does not name queries", str(path), "Add queries: to the grid, or give --queries")
    queries = draw_queries(
        read_queries(find_file("queries", source, path.parent), options.query_column), grid.n, grid.seed
    )
    models = options.models or grid.models or (default_paid_provider().default_model,)
    judge_model = options.judge_model or grid.judge.model or models[0]
    reach = JudgeOptions(
        which=JudgeMode("all"), engine=options.engine, model=judge_model, base_url=options.base_url,
        concurrency=options.concurrency, max_cost=options.max_cost, max_tokens=options.max_tokens,
        timeout=options.timeout,
    )  # fmt: skip
    folder = RunFolder(
        EXPERIMENTS / (folder_name(options.name, "--name") if options.name else folder_name(grid.id, f"{path}: id"))
    )
    judge = replace(Judge.of(reach, None), journal=folder.journal)
    experiment = Experiment(grid, setting, queries, models, judge_model, judge, folder)
    for cell in experiment.subjects:
        tags = [cell.setting.tier(name).tag for name in grid.tiers]
        if len(set(tags)) < len(tags):  # both would be sent the same text, and one reply would count twice
            what = f"variation {cell.variation.id}: two tiers have the same tag"
            raise ConfigError(what, str(path), "Give each tier a different tag; one of them may have none")
    return experiment


def _chosen(grid: Grid, options: ExperimentOptions) -> Grid:
    """The grid with the options in place of its own, and only the chosen variations (and the controls)."""
    names = [variation.id for variation in grid.variations]
    for name in options.only:
        if name not in names:
            raise ConfigError(f"{grid.id} has no variation {name!r}", "--only", f"Use some of: {', '.join(names)}")
    changes: dict[str, Any] = {
        name: value for name in ("n", "samples", "seed", "controls") if (value := getattr(options, name)) is not None
    }
    if options.only:
        changes["variations"] = tuple(v for v in grid.variations if v.id in options.only or v.control)
    for mode in options.reasoning:
        if mode not in get_args(Reasoning):
            raise ConfigError(
                f"{mode!r} is not a mode of reasoning",
                "--reasoning",
                f"Use some of: {', '.join(get_args(Reasoning))}",
            )
    if options.reasoning:
        changes["reasoning"] = options.reasoning
    if options.votes is not None:
        changes["judge"] = grid.judge.model_copy(update={"votes": options.votes})
    if options.traits is not None:
        changes["judge"] = changes.get("judge", grid.judge).model_copy(update={"traits": options.traits})
    return grid.model_copy(update=changes)


def _with_facts(grid: Grid, setting: Setting, facts: tuple[str, ...]) -> Grid:
    """The grid with a variation for each fact in which the prompt only has that one, and one without any:
    the first arm of the comparison with models that have a fact from documents."""
    if not facts:
        return grid
    planted = [section.id for section in setting.sections if section.information and section.reasoning is None]
    for fact in facts:
        if fact not in planted:
            what = f"{fact!r} is not a planted fact of {setting.id}"
            raise ConfigError(what, "--facts-in-prompt", f"Use some of: {', '.join(planted)}")
    bare = Variation(id="told_nothing", about="No planted fact is in the prompt.", information=False)
    variations = [
        bare.model_copy(update={"id": f"told_{fact}", "about": f"Of the planted facts only {fact}.", "told": (fact,)})
        for fact in dict.fromkeys(facts)
    ]
    return grid.model_copy(update={"variations": (*grid.variations, bare, *variations)})


class _Plan(BaseModel):
    """What every reader of experiment.json needs of it; more stands there."""

    grid: Grid
    setting: Setting
    variations: tuple[Variation, ...]
    models: tuple[str, ...]
    judge_model: str
    trials: int


def saved_plan(folder: RunFolder) -> dict[str, Any]:
    """experiment.json of a folder. Raises `RunError` if it is missing or unusable."""
    file = folder.path / "experiment.json"
    try:
        value = read_json(file.read_bytes())
        _Plan.model_validate(value)
    except FileNotFoundError as error:
        fix = "Experiments are folders under output/experiments/; begin one with: docgen experiment run GRID"
        raise RunError("is not an experiment", str(folder.path), fix) from error
    except ValidationError as error:
        first = error.errors()[0]
        what = f"does not describe an experiment ({'.'.join(map(str, first['loc']))}: {first['msg']})"
        raise RunError(what, str(file), "Restore it, or begin anew with --name NAME") from error
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Restore it, or begin anew with --name NAME") from error
    return dict(value)


def read_transcripts(folder: RunFolder) -> list[Transcript]:
    """The finished transcripts of an experiment, in the order of its trials.

    Raises `RunError` for a line that is not one.
    """
    from docgen.files.append_log import read_lines

    file, transcripts = folder.path / "transcripts.jsonl", []
    for number, (_, line) in enumerate(read_lines(file), 1):
        try:
            transcripts.append(Transcript.model_validate_json(line))
        except ValueError as error:
            fix = "Restore it; the command of an experiment that was not imported makes a deleted one again at no cost"
            raise RunError("is not a transcript", f"{file}:{number}", fix) from error
    return transcripts
