"""Sketches of documents: MinHash signatures for candidates and exact shingle sets for comparison."""
