"""Detectors of facts: known wordings, quoted evidence, near-verbatim passages."""
