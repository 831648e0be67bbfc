"""Reads what other tools wrote: universe contexts in the shapes that public repositories use."""

from docgen.importing.contexts import ImportedContext, context_from_prose, import_contexts, prose_of

__all__ = ["ImportedContext", "context_from_prose", "import_contexts", "prose_of"]
