"""Prompts: rendered requests, parsed replies, and the pools that styles are drawn from."""
