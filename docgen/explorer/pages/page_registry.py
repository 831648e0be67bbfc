"""The registry of a corpus's pages: name, address and data of each, in one table."""

from docgen.explorer.pages.compare import compare
from docgen.explorer.pages.documents.document import document
from docgen.explorer.pages.documents.documents import documents
from docgen.explorer.pages.documents.prompt import prompt
from docgen.explorer.pages.documents.random_sample import ten
from docgen.explorer.pages.documents.rejected import attempt, duplicates, rejected
from docgen.explorer.pages.facts import fact, facts, findings
from docgen.explorer.pages.labels import blind, blind_document, labels
from docgen.explorer.pages.overview import overview
from docgen.explorer.pages.types_and_ideas import idea, type_, types
from docgen.explorer.viewable import Page

__all__ = ["PAGES"]


PAGES = (
    Page("overview", "", overview, "Overview", "Overview"),
    Page("documents", "documents", documents, "Documents", "Documents"),
    Page("document", "documents/{id:path}", document, "Document"),
    Page("facts", "facts", facts, "Facts", "Facts"),
    Page("fact", "facts/{id:path}", fact, "Fact"),
    Page("findings", "findings", findings, "Findings", "Findings"),
    Page("types", "types", types, "Types", "Types"),
    Page("type", "types/{id:path}", type_, "Type"),
    Page("idea", "ideas/{id:path}", idea, "Idea", published=False),
    Page("duplicates", "duplicates", duplicates, "Near-duplicates", "Duplicates", published=False),
    Page("rejected", "rejected", rejected, "Rejected", "Rejected", published=False),
    Page("attempt", "rejected/{id}", attempt, "Attempt", published=False),
    Page("prompt", "prompts/{id}", prompt, "Prompt", published=False),
    Page("compare", "compare", compare, "Compare", "Compare", published=False),
    Page("ten", "ten", ten, "Read ten", "Read ten", published=False),
    Page("labels", "labels", labels, "Labels", "Labels", published=False),
    Page("blind", "blind", blind, "Label blind", published=False),
    Page("blind_document", "blind/{id}", blind_document, "Label blind", published=False),
)
"""A new page is a row here, a template of its name, and a function of the corpus and the query."""
