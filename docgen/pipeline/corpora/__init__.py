"""What can be done with any corpus, a run's or your own files: dedupe it, select from it, export it."""
