"""The index of one corpus: a SQLite file that can always be rebuilt from the corpus."""
