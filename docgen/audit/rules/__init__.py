"""Leakage rules: what a rule is, the built-in ones, and those on behaviour under test."""
