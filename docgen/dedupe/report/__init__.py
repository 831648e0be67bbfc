"""The output of a deduplication: its files, its report, and how two texts differ."""
