"""A small, deterministic `Embedder`: words of one meaning have one direction, a text is the sum of its words."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from docgen.text import digest

MEANINGS = (
    ("car", "automobile"), ("doctor", "physician"), ("big", "large"), ("buy", "purchase"), ("start", "begin"),
    ("child", "kid"), ("quick", "fast"), ("answer", "reply"), ("house", "home"), ("road", "street"),
    ("happy", "glad"), ("shop", "store"), ("ill", "sick"), ("end", "finish"), ("help", "assist"),
)  # fmt: skip
ONE_FOR_ALL = {word: same[0] for same in MEANINGS for word in same}
DIMENSIONS = 64


class ToyEmbedder:
    """Reads words of any case; of a text longer than `span` words only those, like any model."""

    name = "toy"
    span = 20

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.stack([self._row(text) for text in texts])

    def _row(self, text: str) -> npt.NDArray[np.float32]:
        words = re.findall(r"\w+", text.lower())[: self.span]
        total = np.sum([_direction(ONE_FOR_ALL.get(word, word)) for word in words or [""]], axis=0)
        row: npt.NDArray[np.float32] = (total / np.linalg.norm(total)).astype(np.float32)
        return row


def _direction(word: str) -> npt.NDArray[np.float64]:
    return np.random.default_rng(int(digest(word), 16)).normal(size=DIMENSIONS)


def reworded(text: str) -> str:
    """Every word that has another of the same meaning, exchanged for it."""
    other = {a: b for pair in MEANINGS for a, b in (pair, pair[::-1])}
    return " ".join(other.get(word, word) for word in text.split())
