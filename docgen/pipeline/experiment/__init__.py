"""Experiments on behaviour over a folder: planned, priced, carried out so that a kill loses nothing, reported."""

__all__: list[str] = []
