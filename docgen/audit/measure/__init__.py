"""Measurements as tallies that grow document by document: salience, leakage, diversity, calibration."""
