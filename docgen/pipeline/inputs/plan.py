"""The only way in which a run's settings become a plan, also over stand-ins before the brainstorm."""

from collections.abc import Sequence

from docgen.options.run import RunConfig
from docgen.records import Cast, DocumentType, Idea
from docgen.stages.plan import Plan, plan
from docgen.universe import UniverseContext

__all__ = ["STAND_IN_IDEA", "STAND_IN_TYPE", "plan_of", "trial_plan"]

TRIAL_DOCUMENTS = 1000
"""Most documents of a trial. Chosen: planned in a moment, and enough that rounding does not decide what is possible."""
STAND_IN_TYPE = DocumentType(id="x", name="internal operations newsletter column", description="word " * 22)
STAND_IN_IDEA = Idea(id="x.1", doc_type="x", text="word " * 42)
"""As long as a model's own types and ideas are on average, so that prompts rendered from them cost about as much."""


def plan_of(
    context: UniverseContext,
    config: RunConfig,
    types: Sequence[DocumentType],
    ideas: Sequence[Idea],
    n: int | None = None,
    cast: Cast | None = None,
) -> Plan:
    """The plan that these settings ask for, of `n` documents if given. Raises `PlanError` where it cannot be met.

    `cast` has names and places for a context without its own.
    """
    return plan(
        context, types, ideas, config.n or 0 if n is None else n, config.seed,
        words=config.words, salience=config.salience, stated=config.stated, cast=cast,
    )  # fmt: skip


def trial_plan(context: UniverseContext, config: RunConfig) -> Plan:
    """A small plan over one document type that may carry every fact: what can be known before the brainstorm is paid
    for.

    Raises `PlanError` for constraints that no brainstorm can meet.
    """
    facts = tuple(fact.model_copy(update={"doc_types": ()}) for fact in context.key_facts)
    open_context = context.model_copy(update={"key_facts": facts})
    n = min(config.n or TRIAL_DOCUMENTS, TRIAL_DOCUMENTS)
    return plan_of(open_context, config, [STAND_IN_TYPE], [STAND_IN_IDEA], n)
