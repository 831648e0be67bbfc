"""Text on its way to a screen or disk: secrets hidden, control characters removed, counts and sums formatted."""
