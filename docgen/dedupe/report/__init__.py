"""What a deduplication decided: the files it writes, its report, and how two texts differ."""
