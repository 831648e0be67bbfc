"""Message batches: half the price, hours instead of minutes, nothing submitted twice."""
