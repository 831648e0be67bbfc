"""The audit commands."""
