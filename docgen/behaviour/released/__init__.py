"""Transcripts that others released, in the formats that are known."""

from docgen.behaviour.released.reader import Source, read_released
from docgen.behaviour.released.shapes import SHAPES, ReleasedTranscript

__all__ = ["SHAPES", "ReleasedTranscript", "Source", "read_released"]
