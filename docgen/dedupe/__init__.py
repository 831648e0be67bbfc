"""Near-duplicate detection: MinHash bands for candidates, exact Jaccard for decisions.

Importing this package is cheap; `docgen.dedupe.index` and its siblings load the compiled kernel.
"""
