"""Near-duplicate detection: MinHash bands find candidates, exact Jaccard similarity decides.

Importing this package is cheap; `docgen.dedupe.index` and its siblings load the compiled kernel.
"""
