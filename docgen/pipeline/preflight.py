"""What can be known to be wrong before anything is written or spent."""

from pathlib import Path

from docgen.errors import PlanError
from docgen.llm.budget import Budget
from docgen.llm.pricing import load_prices
from docgen.llm.providers.table import Connection, find_provider
from docgen.options.run import RunConfig
from docgen.records import DocumentType, Idea
from docgen.stages.plan import plan
from docgen.universe import UniverseContext

__all__ = ["preflight"]

TRIAL_DOCUMENTS = 1000


def preflight(context: UniverseContext, config: RunConfig) -> None:
    """Raise the `UserError` that the run would otherwise meet after paying for its brainstorm."""
    check_demands(context, config)
    check_engine(config)


def check_demands(context: UniverseContext, config: RunConfig) -> None:
    """Plan a small corpus with one document type that may carry every fact; `PlanError` when even that cannot be."""
    for fact, share in config.salience.items():
        if not 0 <= share <= 1:
            raise PlanError(f"{share} is no share for {fact}", "--salience", "Give a number from 0 to 1")
    facts = tuple(fact.model_copy(update={"doc_types": ()}) for fact in context.key_facts)
    kind, idea = DocumentType(id="any", name="any"), Idea(id="any.1", doc_type="any", text="any")
    n = min(config.n or TRIAL_DOCUMENTS, TRIAL_DOCUMENTS)
    plan(context.model_copy(update={"key_facts": facts}), [kind], [idea], n, config.seed, salience=config.salience)


def check_engine(config: RunConfig) -> None:
    """Prices readable, the cap one that can be held, a key or an address there; nothing is sent."""
    prices = load_prices(Path(config.prices) if config.prices else None)
    provider = find_provider(config.engine)
    if not provider.paid:
        return
    Budget(prices, config.max_cost).check_model(config.model or "")
    provider.connect(Connection(config.base_url))
