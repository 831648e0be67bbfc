"""Transcripts of experiments: read, filtered, and each tier next to its twins."""
