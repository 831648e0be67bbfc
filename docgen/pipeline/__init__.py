"""Runs the stages over a run folder: `setup` resolves what is asked, `execute` does it, `run` reads what there is."""
