"""The stages of a run, each a function from records to records. Stages do not import each other."""
