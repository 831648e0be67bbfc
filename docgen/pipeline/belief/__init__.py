"""Belief over a run folder: what the corpus has of each fact, questions written through the run's engine."""
