"""What can be done with any corpus, a run's or one's own files: dedupe it, select from it, export it."""
