"""The index of one corpus: a SQLite file that can always be made anew from the corpus."""
