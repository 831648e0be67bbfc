"""Commands that only read: status, runs, show."""
