"""Repairing a plan until it meets every constraint, or proving that none can."""
