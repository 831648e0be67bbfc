"""Carries out a run, step by step, until it is done or stopped."""
