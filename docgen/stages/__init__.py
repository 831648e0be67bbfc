"""The stages of a run: each a function from records to records. They do not import each other."""
