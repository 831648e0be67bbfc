"""Matched controls: the plan of a run, about another universe, in a separate run."""

from functools import partial
from pathlib import Path

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import OUTPUT, RunFolder
from docgen.files.safe_names import folder_name
from docgen.llm.protocol import LLM
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.families.index import record_control, refresh_index
from docgen.pipeline.families.sweeps import CarryOn
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.run import Run
from docgen.planning.select.matched_control_plan import control_salience, fact_usage, map_facts, matched_slots
from docgen.progress.display import ProgressArgument, reporter_for
from docgen.stages.plan import constraints_of, styling_of
from docgen.universe import UniverseContext

__all__ = ["begin_control", "control", "control_folder", "mirror_slots", "write_control"]


def control(
    run: Run,
    other: UniverseContext | str | Path = "control_motors",
    *,
    out: str | Path | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
) -> Run:
    """The matched control of a run: the same document types, lengths, facts per document and directness, about `other`.

    One fact of the other universe takes the place of each fact of the run, in the same slots. The control is a run at
    `out` (default: output/RUN-control). Raises `PlanError` when the other universe's facts cannot stand in for the
    run's.
    """
    context = other if isinstance(other, UniverseContext) else UniverseContext.load(other)
    folder = RunFolder(Path(out)) if out else control_folder(run.setup, None)
    setup = begin_control(run.setup, folder, context)
    reporter = reporter_for(progress)
    try:
        write_control(run.setup, setup, partial(execute, reporter=reporter, stopping=lambda: False, llm=llm))
    finally:
        reporter.close()
    return Run(folder.path)


def control_folder(original: Setup, name: str | None) -> RunFolder:
    """Where the control of a run is written."""
    return RunFolder(OUTPUT / folder_name(name or f"{original.run.name}-control", "--run"))


def begin_control(
    source: Setup,
    run: RunFolder,
    context: UniverseContext,
    asked: RunOptions | None = None,
    accept_changes: bool = False,
) -> Setup:
    """A run for another universe with the configuration, document types and plan of `source`; brainstorms nothing yet.

    `asked` are its own settings: an engine, a cap. Raises `PlanError` when the other universe's facts cannot
    stand in for those of `source`.
    """
    asked = asked or RunOptions()
    is_named = source.is_named or asked.base_url is not None
    if run.exists():
        return propose(run, None, asked, is_named=is_named).apply(accept_changes)
    if not source.run.slots.exists():
        raise RunError("has no plan yet", source.run.name, f"Make one: docgen plan {source.run.name} --n 500")
    types = source.run.read_types()
    constraints = constraints_of(context, types)
    usage = fact_usage(source.run.read_slots(), [kind.id for kind in types])
    shares = control_salience(usage, map_facts(usage, constraints), constraints)
    config = source.config.model_dump() | {"salience": shares, "stated": {}}
    if asked.engine not in (None, source.config.engine):
        config |= {"model": None, "base_url": None}  # the other engine has its own
    setup = propose(run, context, asked.over(RunOptions.model_validate(config)), is_named=is_named).apply()
    run.write_records("types.jsonl", types)
    return setup


def write_control(source: Setup, control: Setup, carry_on: CarryOn) -> None:
    """Brainstorm ideas, take over the plan of `source`, and write, audit and export the corpus."""
    carry_on(control, Step.BRAINSTORM)
    with control.run.lock():
        mirror_slots(source, control)
    carry_on(control, Step.ALL)
    refresh_index(control.run)


def mirror_slots(source: Setup, control: Setup) -> None:
    """Write the control's plan, once it has ideas."""
    if control.run.slots.exists():
        return
    types, ideas = control.run.read_types(), control.run.read_ideas()
    names = [kind.id for kind in source.run.read_types()]
    constraints = constraints_of(control.context, source.run.read_types())
    fact_mapping = map_facts(fact_usage(source.run.read_slots(), names), constraints)
    owned: dict[str, list[str]] = {kind.id: [] for kind in types}
    for idea in ideas:
        owned[idea.doc_type].append(idea.id)
    missing = sorted(set(names) - {name for name, own in owned.items() if own})
    if missing:
        fix = "Run the command again: the model may find some; or use another run as the source"
        raise RunError(f"has no ideas for the document types {', '.join(missing)}", control.run.name, fix)
    seed = control.config.seed
    styling = styling_of(control.context, types, seed + 1, control.run.read_cast())
    slots = matched_slots(source.run.read_slots(), fact_mapping, owned, styling, seed + 1)
    record_control(source.run, control.run, fact_mapping)
    control.run.write_records("slots.jsonl", slots)
