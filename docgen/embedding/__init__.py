"""Embeds texts as vectors whose cosine measures similarity of meaning (extra: docgen[embeddings]).

Importing this package is cheap. `docgen.embedding.embedder` loads the model; `neighbours` and `windows` need only numpy
and work with any `Embedder`.
"""

__all__: list[str] = []
