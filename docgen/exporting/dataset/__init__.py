"""The examples of an export: which documents, which split, what is mixed in, in which order."""
