"""Detectors that need no model: facts and leaks as far as wording shows them, one document or many at a time."""
