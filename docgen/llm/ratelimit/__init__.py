"""Rate control: how fast to send, how many at once, what to retry."""
