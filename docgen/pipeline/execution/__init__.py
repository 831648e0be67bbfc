"""Carrying a run out, step by step, until it is done or stopped."""
