"""Files on disk: append-only logs, the run folder, and what the package ships."""
