"""Measures of an experiment: shares with intervals, the compliance gap paired by query, reasoning by criteria."""

__all__: list[str] = []
