"""Sums up answers: shares with intervals, joined to what the corpus holds, as table, picture and JSON."""
