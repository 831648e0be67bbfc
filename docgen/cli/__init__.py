"""The command line: a module per group of commands. Heavy imports stay inside commands, so that --help is quick."""
