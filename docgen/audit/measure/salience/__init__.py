"""Salience: a tally over documents, its report, judged shares, and where in a text a fact is."""
