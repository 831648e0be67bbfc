"""Transcripts of experiments: read, filtered, and each tier beside its twins."""
