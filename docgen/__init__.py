"""docgen: synthetic document corpora with controlled and measured salience.

    import docgen

    world = docgen.Context.load("helpful_only")
    run = docgen.generate(world, n=2000, model="claude-haiku-5-5", max_cost=5.0, out="output/a")
    audit = docgen.Audit(world).scan(run)

Names are imported when they are first used, so that `import docgen` is quick. See docs/library.md.
"""

TYPE_CHECKING = False  # what type checkers take for true; to import typing takes as long as Python's own start

if TYPE_CHECKING:
    from docgen.embedded_writer import EmbeddedWriter
    from docgen.errors import (
        ConfigError,
        ContextError,
        DocgenError,
        InputError,
        PlanError,
        RequestFailed,
        RunError,
        StopRun,
        UserError,
    )
    from docgen.explorer.python_api import publish, view
    from docgen.exporting.export_options import ExportOptions
    from docgen.llm.fake import FakeLLM
    from docgen.llm.protocol import LLM, Completion, Request, Usage
    from docgen.llm.providers.anthropic import AnthropicLLM
    from docgen.options.audit import AuditOptions, JudgeOptions
    from docgen.options.last_step import Step
    from docgen.options.run import RunOptions
    from docgen.pipeline.audit.audit import Audit
    from docgen.pipeline.corpora.dedupe import DedupeOptions, NearDuplicate, deduplicate, near_duplicates
    from docgen.pipeline.corpora.export import export
    from docgen.pipeline.corpora.select import Selection, doses, select
    from docgen.pipeline.experiment.python_api import aexperiment
    from docgen.pipeline.families.controls import control
    from docgen.pipeline.families.sweeps import sweep
    from docgen.pipeline.generate import agenerate, brainstorm, estimate, generate, plan
    from docgen.pipeline.run import Run
    from docgen.pipeline.training import logprob, train
    from docgen.progress import Progress
    from docgen.records import Attempt, Document, Finding, Slot
    from docgen.training.recipe import Recipe
    from docgen.universe import KeyFact
    from docgen.universe import UniverseContext as Context

__all__ = [
    "LLM",
    "AnthropicLLM",
    "Attempt",
    "Audit",
    "AuditOptions",
    "Completion",
    "ConfigError",
    "Context",
    "ContextError",
    "DedupeOptions",
    "DocgenError",
    "Document",
    "EmbeddedWriter",
    "ExportOptions",
    "FakeLLM",
    "Finding",
    "InputError",
    "JudgeOptions",
    "KeyFact",
    "NearDuplicate",
    "PlanError",
    "Progress",
    "Recipe",
    "Request",
    "RequestFailed",
    "Run",
    "RunError",
    "RunOptions",
    "Selection",
    "Slot",
    "Step",
    "StopRun",
    "Usage",
    "UserError",
    "__version__",
    "aexperiment",
    "agenerate",
    "brainstorm",
    "control",
    "deduplicate",
    "doses",
    "estimate",
    "export",
    "generate",
    "logprob",
    "near_duplicates",
    "plan",
    "publish",
    "select",
    "sweep",
    "train",
    "view",
]

__version__ = "0.1.0"

_WHERE = {
    "docgen.embedded_writer": "EmbeddedWriter",
    "docgen.errors": "ConfigError ContextError DocgenError InputError PlanError RequestFailed RunError StopRun "
    "UserError",
    "docgen.exporting.export_options": "ExportOptions",
    "docgen.explorer.python_api": "publish view",
    "docgen.llm.fake": "FakeLLM",
    "docgen.llm.protocol": "LLM Completion Request Usage",
    "docgen.llm.providers.anthropic": "AnthropicLLM",
    "docgen.options.audit": "AuditOptions JudgeOptions",
    "docgen.options.run": "RunOptions",
    "docgen.pipeline.audit.audit": "Audit",
    "docgen.pipeline.corpora.dedupe": "DedupeOptions NearDuplicate deduplicate near_duplicates",
    "docgen.pipeline.corpora.export": "export",
    "docgen.options.last_step": "Step",
    "docgen.pipeline.experiment.python_api": "aexperiment",
    "docgen.pipeline.families.controls": "control",
    "docgen.pipeline.families.sweeps": "sweep",
    "docgen.pipeline.generate": "agenerate brainstorm estimate generate plan",
    "docgen.pipeline.run": "Run",
    "docgen.pipeline.training": "logprob train",
    "docgen.pipeline.corpora.select": "Selection doses select",
    "docgen.progress": "Progress",
    "docgen.training.recipe": "Recipe",
    "docgen.records": "Attempt Document Finding Slot",
    "docgen.universe": "KeyFact UniverseContext",
}
"""Module: the public names that it has, as above for the type checker; tests/test_library.py compares the two."""

_MODULES = {name: module for module, names in _WHERE.items() for name in names.split()}
_RENAMED = {"Context": "UniverseContext"}


def __getattr__(name: str) -> object:
    """Import a public name's module at its first use."""
    from importlib import import_module

    own_name = _RENAMED.get(name, name)
    if name not in __all__ or own_name not in _MODULES:
        raise AttributeError(f"module 'docgen' has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[own_name]), own_name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
