"""docgen: synthetic document corpora with controlled and measured salience."""

__all__ = ["__version__"]

__version__ = "0.1.0"
