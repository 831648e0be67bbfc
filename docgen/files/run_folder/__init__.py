"""The run folder `output/<run>/`: its files, its lock, its attempts read back."""
