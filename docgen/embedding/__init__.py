"""Texts as vectors whose cosine says how near they are in meaning (extra: docgen[embeddings]).

Importing this package is cheap. `docgen.embedding.embedder` opens the model; `neighbours` and `windows` need only numpy
and take any `Embedder`.
"""

__all__: list[str] = []
