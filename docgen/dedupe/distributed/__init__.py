"""Deduplication as tasks over partitions, for many processes or machines."""
