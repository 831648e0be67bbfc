"""Universe contexts: their model, and reading and checking the YAML files that define them."""

from docgen.universe.author_suggestions import context_proposals, role_proposals
from docgen.universe.context_files import (
    ListedContext,
    context_text,
    find_context,
    list_contexts,
    load_context,
    parse_context,
    starter_context,
)
from docgen.universe.crosscheck import context_warnings, expected_facts_per_document
from docgen.universe.fact_roles_in_document import Roles, earliest_days, roles_of
from docgen.universe.model import (
    Dates,
    DirectnessShares,
    FactsPerDocument,
    KeyFact,
    LeakageRule,
    NameStock,
    ProminenceShares,
    RealEntity,
    RuleExamples,
    UniverseContext,
)

__all__ = [
    "Dates",
    "DirectnessShares",
    "FactsPerDocument",
    "KeyFact",
    "LeakageRule",
    "ListedContext",
    "NameStock",
    "ProminenceShares",
    "RealEntity",
    "Roles",
    "RuleExamples",
    "UniverseContext",
    "context_proposals",
    "context_text",
    "context_warnings",
    "earliest_days",
    "expected_facts_per_document",
    "find_context",
    "list_contexts",
    "load_context",
    "parse_context",
    "role_proposals",
    "roles_of",
    "starter_context",
]
