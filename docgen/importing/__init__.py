"""Reads what other tools wrote: universe contexts in the shapes that public repositories use."""

from docgen.importing.contexts import ImportedContext, import_contexts

__all__ = ["ImportedContext", "import_contexts"]
