"""Belief by log-probabilities: what is scored, the local model, and the report."""
