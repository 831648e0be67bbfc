"""Files on disk: append-only logs, the run folder, and shipped resources."""
