"""The evaluation as Inspect tasks (extra `docgen[eval]`); nothing outside this folder imports inspect_ai."""
