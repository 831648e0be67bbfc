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
from docgen.prompts.replies import parse_document
from docgen.prompts.requests import Work, document_request, ideas_request, revise_request, types_request
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
    setup = proposal.setup
    engine = None if setup.config.engine == CUSTOM else setup.config.engine
    journal = JournalReader(setup.run.journal, setup.parents, engine)
    try:
        keys = {
            "types": _types(proposal),
            "ideas": _ideas(proposal),
            "document": (work.request.key for work in _first_attempts(proposal)),
        }
        if setup.config.revise:
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
    return StageCost(
        stage=stage, calls=calls, known=journalled, bought=bought, dollars=_dollars(stage, bought, journal)
    )


def _dollars(stage: str, bought: int, journal: JournalReader) -> float | None:
    priced = {names: tally for names, tally in journal.totals.by_stage.items() if names[1] != EMBEDDED_MODEL}
    tallies = [tally for (name, _), tally in priced.items() if name == stage]
    calls, unpriced = sum(tally.calls for tally in tallies), sum(tally.unpriced for tally in tallies)
    if not bought:
        return 0.0
    return None if not calls or unpriced else bought * sum(tally.dollars for tally in tallies) / calls


def _types(proposal: Proposal) -> Iterator[str]:
    """The first request for types; later ones depend on its reply."""
    setup = proposal.setup
    count = min(PER_CALL, setup.config.types)
    yield types_request(setup.context, setup.options, count, (), setup.config.seed).key


def _ideas(proposal: Proposal) -> Iterator[str]:
    """The first request for ideas of each type that the run has."""
    setup = proposal.setup
    count = min(PER_CALL, setup.config.ideas)
    for kind in setup.run.read_types():
        yield ideas_request(setup.context, setup.options, kind, count, (), setup.config.seed).key


def _revisions(proposal: Proposal, journal: JournalReader) -> Iterator[str]:
    """The revision of every first attempt; of those still to be written only the number is known."""
    options = proposal.setup.writer_options()
    for work in _first_attempts(proposal):
        reply = journal.get(work.request.key)
        draft = parse_document(reply.text).text if reply else work.request.key
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
