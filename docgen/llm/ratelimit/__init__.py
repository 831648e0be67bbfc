"""Rate control: pace, concurrency, retries."""
