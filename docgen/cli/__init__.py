"""The command line: a module per group of commands. Heavy imports stay inside commands, so that --help is quick."""

import gc

GC_THRESHOLD = 20_000
"""Objects made before Python looks for cycles among them, instead of 700: looking costs a start a tenth of its time.
Chosen: some megabytes; a tenth as many save less, ten times as many no more."""

gc.set_threshold(GC_THRESHOLD, 20, 20)  # here, before Typer is imported, which takes half of a start
