"""Work on a universe context: checking it, extracting facts, adding examples to its rules."""
