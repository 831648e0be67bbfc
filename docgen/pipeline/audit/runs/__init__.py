"""Audits of a run: of its ideas, of its finished corpus; applying the result and reading it back."""
