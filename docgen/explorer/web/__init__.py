"""The pages over HTTP, on this machine only."""
