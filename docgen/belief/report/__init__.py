"""Sums up answers: shares with intervals, next to what the corpus contains, as table, picture and JSON."""
