"""Experiments as Inspect tasks and logs (extra `docgen[eval]`); nothing outside this folder imports inspect_ai."""
