"""One cell of a grid as an Inspect task: `inspect eval docgen/behaviour -T grid=minimal -T n=20 --model ...`.

The judge of compliance and reasoning is the model of the role "grader" (`--model-role grader=...`); without one, what
needs a judge is unscored. `docgen experiment run` asks the same prompts on docgen's own engine, with its journal, cap
and report; this is for those whose models, agents and logs are in Inspect.
"""

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.solver import generate

from docgen.behaviour.grid import Cell, all_variations, grid_cells, load_grid
from docgen.behaviour.inspect_tasks.scorers import METADATA, compliance, reasoning_criteria
from docgen.behaviour.queries import Query, draw_queries, read_queries
from docgen.behaviour.requests import objective_of, query_request
from docgen.behaviour.transcripts import Trial
from docgen.behaviour.yaml_records import find_file
from docgen.errors import ConfigError
from docgen.prompts.requests import ModelOptions

__all__ = ["behaviour"]


@task
def behaviour(
    grid: str = "minimal",
    variation: str = "default",
    reasoning: str = "",
    n: int = 0,
    queries: str = "",
    votes: int = 1,
) -> Task:
    """Every query in every tier of one variation and reasoning mode (the grid's first unless named).

    Raises `ConfigError` for a grid, variation or mode that is not there. `n` 0 takes all queries. A query has a sample
    for each tier, `tier/query`.
    """
    loaded, setting, path = load_grid(grid)
    rows = [cell for cell in grid_cells(loaded, setting, ("",)) if cell.variation.id == variation]
    rows = [cell for cell in rows if reasoning in ("", cell.reasoning)]
    if not rows:
        variations = ", ".join(variation.id for variation in all_variations(loaded, setting))
        raise ConfigError(f"{grid} has no variation {variation!r} with that mode", fix=f"Use some of: {variations}")
    source = queries or loaded.queries or setting.queries
    asked = draw_queries(read_queries(find_file("queries", source, path.parent)), n or loaded.n, loaded.seed)
    samples = [_sample(rows[0], tier, query) for query in asked for tier in loaded.tiers]
    scorers = [compliance(setting.prefix, objective_of(setting)), reasoning_criteria(votes)]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=scorers)


def _sample(cell: Cell, tier_id: str, query: Query) -> Sample:
    tier = cell.setting.tier(tier_id)
    request = query_request(cell, tier, query, ModelOptions(""))
    trial = Trial(
        cell=cell.id, setting=cell.setting.id, variation=cell.variation.id, reasoning=cell.reasoning, model="",
        tier=tier.id, role=tier.role, query=query.id,
    )  # fmt: skip
    return Sample(
        id=f"{tier.id}/{query.id}",
        input=[ChatMessageSystem(content=request.system), ChatMessageUser(content=request.user)],
        target="full",
        metadata={METADATA: trial.model_dump(mode="json"), "text": query.text, "role": tier.role, "query": query.id},
    )
