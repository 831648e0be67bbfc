"""Belief over a run folder: how much of each fact the corpus has, and questions written through the run's engine."""
