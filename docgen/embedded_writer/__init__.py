"""The embedded writer: composes documents from grammars, without a network or a model."""

from docgen.embedded_writer.engine import EmbeddedWriter

__all__ = ["EmbeddedWriter"]
