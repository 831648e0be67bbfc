"""Universe contexts: their model, and reading and checking the YAML files that define them."""

from docgen.universe.crosscheck import context_warnings, expected_facts_per_document
from docgen.universe.files import (
    ListedContext,
    context_text,
    find_context,
    list_contexts,
    load_context,
    parse_context,
    starter_context,
)
from docgen.universe.model import (
    Dates,
    DirectnessShares,
    FactsPerDocument,
    KeyFact,
    LeakageRule,
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
    "ProminenceShares",
    "RealEntity",
    "RuleExamples",
    "UniverseContext",
    "context_text",
    "context_warnings",
    "expected_facts_per_document",
    "find_context",
    "list_contexts",
    "load_context",
    "parse_context",
    "starter_context",
]
