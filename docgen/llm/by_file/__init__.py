"""Requests and replies as lines of files, for inference that runs where docgen has no network."""
