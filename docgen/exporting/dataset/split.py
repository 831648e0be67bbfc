"""Train and validation, without near-duplicates between them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docgen.dedupe.job import DedupeSettings, dedupe
from docgen.dedupe.source import open_corpus
from docgen.errors import ConfigError

__all__ = ["near_clusters", "validation_rows", "validation_size"]

Ints = npt.NDArray[np.int64]


def near_clusters(paths: Sequence[Path | str], text_column: str = "text") -> Ints:
    """(N,): a number for each document of a corpus, the same for all documents joined by a chain of near-duplicates."""
    corpus = open_corpus(paths, text_column, id_column="")
    pairs = dedupe(corpus, DedupeSettings(), pairs=True)
    edges = pairs.similar_pairs()
    return _components(len(pairs.ids), edges["a"].to_list(), edges["b"].to_list())


def validation_size(asked: float, documents: int) -> int:
    """Documents of the validation split: `asked` is a share, or from 1 on a number; each side gets at least one.

    Raises `ConfigError` if validation would be larger than train.
    """
    if not asked or documents < 2:
        return 0
    size = max(1, round(asked * documents) if asked < 1 else round(asked))
    if size > documents / 2:
        left = max(0, documents - size)
        what = f"{size:,} documents for validation would leave {left:,} of the {documents:,} to train on"
        fix = f"Use a share such as 0.05, or at most {documents // 2:,} documents"
        raise ConfigError(what, "--validation", fix)
    return size


def validation_rows(order: Ints, clusters: Ints, size: int) -> npt.NDArray[np.bool_]:
    """(N,): which documents are for validation, `size` of them: the first of `order` whose whole cluster has room.

    With an order that is balanced by fact, both splits have every fact's share. There are fewer only if no cluster is
    small enough for what is left.
    """
    sizes = np.bincount(clusters)
    chosen = np.zeros(len(sizes), dtype=bool)
    left = size
    for cluster in clusters[order].tolist():
        if not left:
            break
        if not chosen[cluster] and sizes[cluster] <= left:
            chosen[cluster] = True
            left -= int(sizes[cluster])
    return chosen[clusters]


def _components(count: int, first: list[int], second: list[int]) -> Ints:
    """Connected components (union-find with path halving)."""
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in zip(first, second, strict=True):
        parent[root(a)] = root(b)
    roots = np.array([root(row) for row in range(count)], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].reshape(-1).astype(np.int64)
