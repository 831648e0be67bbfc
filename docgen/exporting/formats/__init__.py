"""The formats of training files: a table of them, the shapes of their rows, their configurations and their limits."""
