"""Experiments on what a model does when it believes that an answer will train it: settings, grids, judges, measures.

Everything here is a function of its inputs; `docgen.pipeline.experiment` asks the models and keeps the transcripts.
"""

__all__: list[str] = []
