"""Families of corpora that differ in one thing alone: sweeps, matched controls, nested doses, and their indexes."""
