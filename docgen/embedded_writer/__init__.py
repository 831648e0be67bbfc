"""The embedded writer: composes documents from grammars, without a network or a model."""

from docgen.embedded_writer.engine import OfflineLLM

__all__ = ["OfflineLLM"]
