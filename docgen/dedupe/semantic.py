"""The optional semantic stage: proposes pairs of kept documents that may say the same in other words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus.text_buffers import encode
from docgen.dedupe.job import DedupeResult
from docgen.dedupe.report.summary import texts_of
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.dedupe.source import Corpus
from docgen.embedding.document_vectors import document_vectors
from docgen.embedding.embedder import Embedder
from docgen.embedding.neighbours import Pairs, near_pairs
from docgen.errors import ConfigError

__all__ = ["COSINE", "Listener", "Proposals", "nearest", "propose"]

Ints = npt.NDArray[np.int64]

COSINE = 0.95
"""The default cosine from which pairs are proposed: for whole documents of one universe, which are all near each other;
use 0.8 for sentences and ideas (measured by bench/semantic.py, see docs/dedupe.md)."""
EMBED_ROWS = 16  # documents embedded between two reports of progress: some ten seconds
MAX_PAIRS = 10_000  # pairs listed, the nearest; chosen: more than anybody reads

Listener = Callable[[str, int, int], None]
"""Called with (step, done, total)."""


@dataclass(frozen=True)
class Proposals:
    """Proposed pairs, nearest first, with the Jaccard similarity of each; `minimum` is the lowest cosine proposed."""

    pairs: Pairs
    jaccard: npt.NDArray[np.float64]
    minimum: float
    model: str
    documents: int
    ids: pl.Series

    def table(self) -> pl.DataFrame:
        """a, b, cosine and jaccard of each pair."""
        a, b = (self.ids.gather(self.pairs.rows[:, side]).alias(name) for side, name in ((0, "a"), (1, "b")))
        return pl.DataFrame([a, b, pl.Series("cosine", self.pairs.cosine), pl.Series("jaccard", self.jaccard)])

    def summary(self) -> dict[str, Any]:
        """Figures for the report; a document can be in several pairs."""
        top = 1.0 if self.minimum < 1 else 1.001
        cosine = np.maximum(self.pairs.cosine, self.minimum)
        counts, edges = np.histogram(cosine, bins=10, range=(self.minimum, top))
        return {
            "model": self.model,
            "cosine": self.minimum,
            "documents": self.documents,
            "pairs": self.pairs.found,
            "listed": len(self.pairs.cosine),
            "documents_in_pairs": len(np.unique(self.pairs.rows)),
            "histogram": [
                {"from": round(float(low), 4), "to": round(float(high), 4), "documents": int(count)}
                for low, high, count in zip(edges, edges[1:], counts, strict=False)
            ],
        }


def propose(
    corpus: Corpus,
    result: DedupeResult,
    embedder: Embedder,
    minimum: float,
    scheme: Scheme,
    listener: Listener | None = None,
) -> Proposals:
    """Pairs of kept documents of one group whose vectors have a cosine of `minimum` or more.

    Raises `ConfigError` unless `minimum` is in (0, 1].
    """
    if not 0 < minimum <= 1:
        raise ConfigError(f"{minimum} is not a valid cosine", "--cosine", "Give a number above 0 and at most 1")
    rows = np.flatnonzero(result.decision.kept)
    vectors = _vectors(corpus, rows, embedder, listener)
    near = near_pairs(vectors, minimum, result.groups[rows], MAX_PAIRS, _counter("compared", len(rows), listener))
    pairs = Pairs(rows[near.rows], near.cosine, near.found)
    return Proposals(pairs, _jaccards(corpus, pairs.rows, scheme), minimum, embedder.name, len(rows), result.ids)


def _counter(step: str, total: int, listener: Listener | None) -> Callable[[int], None]:
    """A progress callback that adds up the increments it is called with and reports them to `listener`."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if listener:
            listener(step, done, total)

    return advance


def _vectors(corpus: Corpus, rows: Ints, embedder: Embedder, listener: Listener | None) -> npt.NDArray[np.float32]:
    advance, parts = _counter("embedded", len(rows), listener), [np.empty((0, 1), np.float32)]
    for batch in corpus.batches():
        places = rows[(rows >= batch.first_row) & (rows < batch.first_row + len(batch))] - batch.first_row
        for start in range(0, len(places), EMBED_ROWS):
            texts = batch.text.gather(places[start : start + EMBED_ROWS]).to_list()
            parts.append(document_vectors(embedder, texts))
            advance(len(texts))
    return np.concatenate(parts[1:] or parts)


def _jaccards(corpus: Corpus, pairs: Ints, scheme: Scheme) -> npt.NDArray[np.float64]:
    """(m,): exact Jaccard similarities of the shingles that the first stage compares, including ignored ones."""
    sketcher, sets = Sketcher(scheme), {}
    for row, text in texts_of(corpus, np.unique(pairs).tolist()).items():
        encoded = encode([text])
        sizes = sketcher.sketch(encoded).sizes
        out = np.empty(int(sizes.sum()), np.uint64)
        sets[row] = out[: int(sketcher.sets_into(out, encoded, sizes)[-1])]
    similarities = np.empty(len(pairs))
    for place, (a, b) in enumerate(pairs.tolist()):
        common = len(np.intersect1d(sets[a], sets[b], assume_unique=True))
        similarities[place] = common / max(1, len(sets[a]) + len(sets[b]) - common)
    return similarities


def nearest(corpus: Corpus, proposals: Proposals, count: int) -> list[dict[str, Any]]:
    """The `count` nearest pairs, with both texts."""
    rows = proposals.pairs.rows[:count].tolist()
    texts = texts_of(corpus, [row for pair in rows for row in pair])
    return [
        {
            "id": proposals.ids[b],
            "near_id": proposals.ids[a],
            "cosine": float(proposals.pairs.cosine[place]),
            "jaccard": float(proposals.jaccard[place]),
            "texts": (texts[b], texts[a]),
        }
        for place, (a, b) in enumerate(rows)
    ]
