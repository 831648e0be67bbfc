"""Runs the stages over a run folder: `setup` settles what is asked, `steps` does it, `summary` says how it stands."""
