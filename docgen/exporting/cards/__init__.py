"""Cards that describe an export: the dataset card, and the organism card of a model trained on it."""
