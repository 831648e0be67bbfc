"""Transcripts that others released, in the shapes that could be found."""

from docgen.behaviour.released.read import Source, read_released
from docgen.behaviour.released.shapes import SHAPES, Released

__all__ = ["SHAPES", "Released", "Source", "read_released"]
