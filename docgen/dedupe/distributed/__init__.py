"""The same deduplication as tasks over partitions, for many processes or machines."""
