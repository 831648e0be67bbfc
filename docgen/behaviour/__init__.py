"""Experiments on what a model does when it believes that an answer will train it: settings, grids, judges, measures.

Everything here is a function of its inputs; `docgen.pipeline.experiment` asks the models and keeps the transcripts.
"""

__all__ = ["MOST_QUERIES", "MOST_SAMPLES", "MOST_VOTES"]

MOST_QUERIES, MOST_SAMPLES, MOST_VOTES = 1_000_000, 1_000, 50
"""Most cells of a grid. Chosen: well above any published experiment, and few enough for a plan to be priced."""
