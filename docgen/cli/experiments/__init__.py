"""Commands that make families of runs: sweep and control."""
