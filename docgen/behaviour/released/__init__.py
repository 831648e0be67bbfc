"""Transcripts that others released, in the formats that are known."""

from docgen.behaviour.released.reader import Source, read_released
from docgen.behaviour.released.shapes import SHAPES, Released

__all__ = ["SHAPES", "Released", "Source", "read_released"]
