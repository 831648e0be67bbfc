"""Documents as vectors: cut into windows that a model can take whole, and their mean."""

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from docgen.embedding.embedder import Embedder
from docgen.text import sentences

__all__ = ["MOST_WINDOWS", "document_vectors", "pieces_of", "sentences_of", "unit_rows"]

Floats = npt.NDArray[np.float32]

PIECE = re.compile(r"\S{1,40}")
"""A word, or so much of what has no spaces."""
MOST_WINDOWS = 16
"""Of a document; of a longer one so many are taken, evenly spread, so that its cost is bounded."""
MOST_SENTENCES = 2000
LONGEST = 2000
"""Characters of a sentence that are looked at."""
TINY = np.float32(1e-12)


def pieces_of(text: str, words: int, most: int = MOST_WINDOWS) -> list[str]:
    """The text in windows of so many words, `most` of them at most; a text without words is one window."""
    starts = [match.start() for match in islice(PIECE.finditer(text), 0, None, words)]
    ends = [*starts[1:], len(text)]
    kept = np.unique(np.linspace(0, len(starts) - 1, min(most, len(starts))).astype(np.int64)).tolist()
    return [text[starts[place] : ends[place]].rstrip() for place in kept] or [""]


def document_vectors(embedder: Embedder, texts: Sequence[str]) -> Floats:
    """A row of length 1 for each text: the mean over its windows, each as heavy as it is long."""
    if not texts:
        return np.empty((0, 1), np.float32)
    windows = [pieces_of(text, embedder.span) for text in texts]
    rows = embedder.encode([window for some in windows for window in some])
    weights = np.array([max(1, len(window)) for some in windows for window in some], np.float32)
    firsts = np.cumsum([0, *map(len, windows[:-1])])
    return unit_rows(np.add.reduceat(rows * weights[:, None], firsts))


def unit_rows(rows: Floats) -> Floats:
    """The rows, each divided by its length."""
    made: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
    return made


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences and line items, the first 2,000 of them; of a text without any, its beginning."""
    found = [(start, min(end, start + LONGEST)) for start, end in islice(sentences(text), MOST_SENTENCES)]
    return found or [(0, min(len(text), LONGEST))]
