"""Language models behind one method. `protocol` is the vocabulary; the other modules are providers and wrappers."""
