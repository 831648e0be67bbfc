"""Parallel execution: a worker process, a pool of them, or a Ray cluster."""
