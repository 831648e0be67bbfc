"""The embedded writer: composes documents from grammars, without a network and without a model."""

from docgen.embedded_writer.engine import OfflineLLM

__all__ = ["OfflineLLM"]
