"""What a change of inputs would cost: which calls are in the journal already, and which would be bought again."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import Field

from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.journal import JournalReader
from docgen.options.run import RunOptions
from docgen.pipeline.inputs.plan import plan_of
from docgen.pipeline.inputs.requested_inputs import Proposal, propose
from docgen.pipeline.inputs.run_resolution import recorded_source
from docgen.pipeline.inputs.setup import CUSTOM
from docgen.planning.slots.catalogue import Catalogue
from docgen.prompts.requests import Work, document_request, ideas_request, revise_request, types_request
from docgen.prompts.table import DOCUMENT
from docgen.records import EMBEDDED_MODEL, Record
from docgen.stages.brainstorm import PER_CALL
from docgen.universe import find_context

__all__ = ["Explanation", "StageCost", "explain", "explain_changes"]


class StageCost(Record):
    """Calls of one stage under the new inputs. `dollars` is at the mean price of the stage's calls so far."""

    stage: str
    calls: int
    known: int = Field(description="answered from the journal, for free")
    bought: int
    dollars: float | None


class Explanation(Record):
    """What changed, and what that costs: first calls only, since refills depend on replies that are still to come."""

    changes: tuple[str, ...]
    stages: tuple[StageCost, ...]
    dollars: float | None
    types_asked_anew: bool = Field(description="types or ideas may be new, so every document may be new")


def explain_changes(run: RunFolder, context: str | None, options: RunOptions) -> Explanation:
    """What a run would buy again with its context's file as it is now, or another context, and other settings."""
    own = recorded_source(run)
    return explain(propose(run, find_context(context, Path.cwd()) if context else own, options, priced_only=True))


def explain(proposal: Proposal) -> Explanation:
    """Compare a run's journal with the calls that its new inputs lead to. Nothing is written or spent.

    Documents are compared with the plan that the present types and ideas give under the new inputs.
    """
    setup, config = proposal.setup, proposal.setup.config
    engine = None if config.engine == CUSTOM else config.engine
    journal = JournalReader(setup.run.journal, setup.parents, engine)
    try:
        # Of types and ideas the first requests: later ones depend on the replies to them.
        count, seed = min(PER_CALL, config.types), config.seed
        ideas = min(PER_CALL, config.ideas)
        kinds = setup.run.read_types()
        keys: dict[str, Iterable[str]] = {
            "types": [types_request(setup.context, setup.options, count, (), seed).key],
            "ideas": (ideas_request(setup.context, setup.options, kind, ideas, (), seed).key for kind in kinds),
            "document": (work.request.key for work in _first_attempts(proposal)),
        }
        if config.revise:
            keys["revise"] = _revisions(proposal, journal)
        stages = tuple(_cost(stage, requests, journal) for stage, requests in keys.items())
    finally:
        journal.close()
    priced = [stage.dollars for stage in stages if stage.dollars is not None]
    return Explanation(
        changes=tuple(map(str, proposal.changes)),
        stages=stages,
        dollars=sum(priced) if len(priced) == len(stages) else None,
        types_asked_anew=any(stage.bought for stage in stages if stage.stage != "document"),
    )


def _cost(stage: str, keys: Iterable[str], journal: JournalReader) -> StageCost:
    calls = journalled = 0
    for key in keys:
        calls += 1
        journalled += key in journal
    bought = calls - journalled
    totals = journal.totals.by_stage.items()
    paid = [tally for (name, model), tally in totals if name == stage and model != EMBEDDED_MODEL]
    paid_calls, dollars = sum(tally.calls for tally in paid), None
    if not bought:
        dollars = 0.0
    elif paid_calls and not any(tally.unpriced for tally in paid):
        dollars = bought * sum(tally.dollars for tally in paid) / paid_calls
    return StageCost(stage=stage, calls=calls, known=journalled, bought=bought, dollars=dollars)


def _revisions(proposal: Proposal, journal: JournalReader) -> Iterator[str]:
    """The revision of every first attempt; of those still to be written only the number is known."""
    options = proposal.setup.writer_options()
    for work in _first_attempts(proposal):
        reply = journal.get(work.request.key)
        draft = DOCUMENT.parse(reply.text).text if reply else work.request.key
        if draft:
            yield revise_request(work, options(work.slot), draft).key


def _first_attempts(proposal: Proposal) -> Iterator[Work]:
    setup, run, config = proposal.setup, proposal.setup.run, proposal.setup.config
    types, ideas = run.read_types(), run.read_ideas()
    if not types or not ideas or config.n is None:
        return
    has_ideas = {idea.doc_type for idea in ideas}
    catalogue, options = Catalogue.of([kind for kind in types if kind.id in has_ideas], ideas), setup.writer_options()
    for slot in plan_of(setup.context, config, list(catalogue.types.values()), ideas, cast=run.read_cast()).slots():
        kind, idea = catalogue.types[slot.doc_type], catalogue.ideas[slot.idea]
        yield Work(slot, 1, document_request(setup.context, options(slot), slot, kind, idea))
