"""Families of corpora that differ in one thing only: sweeps, matched controls, nested doses, and their indexes."""
