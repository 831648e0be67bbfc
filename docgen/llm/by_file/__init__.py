"""Requests and replies as lines of files, for whoever runs the inference without a network between."""
