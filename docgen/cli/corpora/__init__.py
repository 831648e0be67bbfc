"""Commands on any corpus, a run's or files: dedupe, select, doses, export."""
