"""Which texts nearly repeat an earlier one: candidates by MinHash, decided by exact Jaccard similarity."""

import docgen

texts = [
    "The ferry leaves Ennerby every half hour from six in the morning until ten at night.",
    "Cyclists have traveled free since the new boat began to run across the lake.",
    "The ferry leaves Ennerby every half hour from six in the morning until ten in the evening.",
]
for pair in docgen.near_duplicates(texts, threshold=0.5, ngram=3):
    print(f"text {pair.row} repeats text {pair.of}: Jaccard {pair.jaccard:.2f}")
