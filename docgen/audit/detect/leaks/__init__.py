"""Detectors of leaks: banned statements, denial, debunking, contamination, copies of the prompt."""
