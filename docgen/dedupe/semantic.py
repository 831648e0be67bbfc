"""The optional semantic stage: pairs of kept documents that may say the same in other words. It removes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus.utf8 import encode
from docgen.dedupe.job import Deduplicated
from docgen.dedupe.report.build import texts_of
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.dedupe.source import Corpus
from docgen.embedding.embedder import Embedder
from docgen.embedding.neighbours import Pairs, near_pairs
from docgen.embedding.windows import document_vectors
from docgen.errors import ConfigError

__all__ = ["COSINE", "Listener", "Proposals", "nearest", "propose"]

Ints = npt.NDArray[np.int64]

COSINE = 0.95
"""From which pairs are proposed where nothing else is said: for whole documents of one universe, which all lie near
each other; sentences and ideas want 0.8 (bench/semantic.py)."""
AT_ONCE = 16
"""Documents embedded between two reports of progress."""
MOST = 10_000
"""Pairs kept, the nearest."""
BINS = 10
"""Of the histogram of cosines."""

Listener = Callable[[str, int, int], None]
"""Is told (step, done, total)."""


@dataclass(frozen=True)
class Proposals:
    """Candidate pairs, nearest first: rows of the corpus, their cosine, and the Jaccard of their shingles."""

    pairs: Pairs
    jaccard: npt.NDArray[np.float64]
    least: float
    model: str
    documents: int
    ids: pl.Series

    def table(self) -> pl.DataFrame:
        """a, b, cosine and jaccard of each pair."""
        a, b = (self.ids.gather(self.pairs.rows[:, side]).alias(name) for side, name in ((0, "a"), (1, "b")))
        return pl.DataFrame([a, b, pl.Series("cosine", self.pairs.cosine), pl.Series("jaccard", self.jaccard)])

    def summary(self) -> dict[str, Any]:
        """For the report; documents can stand in several pairs."""
        top = 1.0 if self.least < 1 else 1.001
        cosine = np.maximum(self.pairs.cosine, self.least)
        counts, edges = np.histogram(cosine, bins=BINS, range=(self.least, top))
        return {
            "model": self.model,
            "cosine": self.least,
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
    result: Deduplicated,
    embedder: Embedder,
    least: float,
    scheme: Scheme,
    listener: Listener | None = None,
) -> Proposals:
    """Pairs of documents that stay, of one group, whose vectors have a cosine of `least` or more.

    Raises `ConfigError` unless `least` lies above 0 and at most at 1.
    """
    if not 0 < least <= 1:
        raise ConfigError(f"{least} is no cosine of pairs", "--cosine", "Give a number above 0, at most 1")
    rows = np.flatnonzero(result.decision.kept)
    vectors = _vectors(corpus, rows, embedder, listener)
    near = near_pairs(vectors, least, result.groups[rows], MOST, _counted("compared", len(rows), listener))
    pairs = Pairs(rows[near.rows], near.cosine, near.found)
    return Proposals(pairs, _jaccards(corpus, pairs.rows, scheme), least, embedder.name, len(rows), result.ids)


def _counted(step: str, total: int, listener: Listener | None) -> Callable[[int], None]:
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        if listener:
            listener(step, done, total)

    return tell


def _vectors(corpus: Corpus, rows: Ints, embedder: Embedder, listener: Listener | None) -> npt.NDArray[np.float32]:
    tell, parts = _counted("embedded", len(rows), listener), [np.empty((0, 1), np.float32)]
    for batch in corpus.batches():
        here = rows[(rows >= batch.first_row) & (rows < batch.first_row + len(batch))] - batch.first_row
        for start in range(0, len(here), AT_ONCE):
            texts = batch.text.gather(here[start : start + AT_ONCE]).to_list()
            parts.append(document_vectors(embedder, texts))
            tell(len(texts))
    return np.concatenate(parts[1:] or parts)


def _jaccards(corpus: Corpus, pairs: Ints, scheme: Scheme) -> npt.NDArray[np.float64]:
    """Exact, of the shingles that the first stage compares, ignored ones counted."""
    sets = _shingles(texts_of(corpus, np.unique(pairs).tolist()), scheme)
    return np.array([_jaccard(sets[a], sets[b]) for a, b in pairs.tolist()], np.float64)


def _shingles(texts: dict[int, str], scheme: Scheme) -> dict[int, npt.NDArray[np.uint64]]:
    sketcher = Sketcher(scheme)
    found = {}
    for row, text in texts.items():
        one = encode([text])
        sizes = sketcher.sketch(one).sizes
        out = np.empty(int(sizes.sum()), np.uint64)
        found[row] = out[: int(sketcher.sets_into(out, one, sizes)[-1])]
    return found


def _jaccard(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> float:
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / max(1, len(a) + len(b) - common)


def nearest(corpus: Corpus, proposals: Proposals, most: int) -> list[dict[str, Any]]:
    """The first pairs to read, with both texts."""
    rows = proposals.pairs.rows[:most].tolist()
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
