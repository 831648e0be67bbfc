"""Vectors of whole documents: the mean of windows that a model can embed without truncating."""

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from docgen.embedding.embedder import Embedder
from docgen.text import sentences

__all__ = ["MAX_WINDOWS", "document_vectors", "pieces_of", "sentences_of", "unit_rows"]

Floats = npt.NDArray[np.float32]

PIECE = re.compile(r"\S{1,40}")
"""A word, or 40 characters of a text without spaces."""
MAX_WINDOWS = 16
"""Windows in a document; of a longer one this many are used, evenly spaced. Chosen to bound the cost of a document."""
MAX_SENTENCES, MAX_CHARACTERS = 2000, 2000
"""Sentences of a document, and characters of a sentence, that are embedded. Chosen as bounds on hostile input."""


def pieces_of(text: str, words: int, limit: int = MAX_WINDOWS) -> list[str]:
    """The text in windows of `words` words, at most `limit` of them; a text without words is one window."""
    starts = [match.start() for match in islice(PIECE.finditer(text), 0, None, words)]
    ends = [*starts[1:], len(text)]
    selected = np.unique(np.linspace(0, len(starts) - 1, min(limit, len(starts))).astype(np.int64)).tolist()
    return [text[starts[place] : ends[place]].rstrip() for place in selected] or [""]


def document_vectors(embedder: Embedder, texts: Sequence[str]) -> Floats:
    """(n, d): a vector of length 1 for each text, the mean of its windows weighted by their length."""
    if not texts:
        return np.empty((0, 1), np.float32)
    windows = [pieces_of(text, embedder.span) for text in texts]
    rows = embedder.encode([window for text_windows in windows for window in text_windows])
    weights = np.array([max(1, len(window)) for text_windows in windows for window in text_windows], np.float32)
    firsts = np.cumsum([0, *map(len, windows[:-1])])
    return unit_rows(np.add.reduceat(rows * weights[:, None], firsts))


def unit_rows(rows: Floats) -> Floats:
    """The rows scaled to length 1; a row of zeros stays as it is."""
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return scaled


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Spans of the first 2,000 sentences and list items, or of the beginning of a text that has none."""
    spans = [(start, min(end, start + MAX_CHARACTERS)) for start, end in islice(sentences(text), MAX_SENTENCES)]
    return spans or [(0, min(len(text), MAX_CHARACTERS))]
