"""Parameters of the sketch: permutations, and the number of bands and of rows in each."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.errors import ConfigError

__all__ = ["MAX_PERMUTATIONS", "Scheme", "choose_bands", "permutations"]

MIN_THRESHOLD = 0.01
"""The least threshold. Chosen: below it any two documents of one language are near-duplicates."""
MAX_PERMUTATIONS = 128
"""The most that `choose_bands` may use: datasketch's default number."""

RECALL = 0.997
"""The probability that a pair exactly at the threshold becomes a candidate; pairs above it are found more often.
Chosen: 120 permutations reach it at 0.8; docs/dedupe.md has the recall measured with them."""


@dataclass(frozen=True)
class Scheme:
    """What makes two documents near-duplicates, and how candidates are found.

    Documents are compared by the Jaccard similarity of their sets of word `ngram`s; `bands` of `rows` minima each are
    compared to find candidates (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, section 3.4).
    """

    threshold: float = 0.8
    ngram: int = 5
    bands: int = 20
    rows: int = 6
    seed: int = 1

    @classmethod
    def of(
        cls, threshold: float = 0.8, ngram: int = 5, bands: int | None = None, rows: int | None = None, seed: int = 1
    ) -> "Scheme":
        """A scheme; `bands` and `rows` follow from the threshold unless given. Raises `ConfigError` if invalid."""
        _check(
            MIN_THRESHOLD <= threshold <= 1,
            f"threshold {threshold} is outside [{MIN_THRESHOLD}, 1]",
            "Give a Jaccard similarity such as 0.8",
        )
        _check(1 <= ngram <= 64, f"ngram {ngram} is outside 1 to 64", "5 is usual for documents, 1 to 3 for titles")
        for name, value in (("bands", bands), ("rows", rows)):
            _check(value is None or 1 <= value <= 256, f"{name} {value} is outside 1 to 256", "Leave it out")
        if bands is None or rows is None:
            bands, rows = choose_bands(threshold, bands=bands, rows=rows)
        return cls(threshold, ngram, bands, rows, seed)

    @property
    def num_perm(self) -> int:
        """The number of minima in a sketch."""
        return self.bands * self.rows

    def candidate_probability(self, jaccard: float) -> float:
        """The probability that a pair with this similarity agrees in at least one band."""
        return float(1 - (1 - jaccard**self.rows) ** self.bands)


def _check(valid: bool, what: str, fix: str) -> None:
    if not valid:
        raise ConfigError(what, fix=fix)


def choose_bands(
    threshold: float, recall: float = RECALL, bands: int | None = None, rows: int | None = None
) -> tuple[int, int]:
    """(bands, rows) with the most rows, and so the fewest false candidates, that reach `recall` at the threshold.

    A `bands` or `rows` that is given is used as it is. A threshold of 0.8 gives 20 bands of 6 rows.
    """
    if bands is not None:
        fitting = (r for r in range(32, 0, -1) if 1 - (1 - threshold**r) ** bands >= recall)
        return bands, rows or next(fitting, 1)
    choices = [rows] if rows else range(32, 1, -1)
    for r in choices:
        needed = _bands_for(threshold**r, recall)
        if rows or needed * r <= MAX_PERMUTATIONS:
            return min(needed, 256), r
    return min(_bands_for(threshold, recall), MAX_PERMUTATIONS), 1


def _bands_for(agreement: float, recall: float) -> int:
    return 1 if agreement >= 1 else math.ceil(math.log(1 - recall) / math.log1p(-agreement))


def permutations(num_perm: int, seed: int = 1) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """(a, b) of x -> a * x + b mod 2^32, those of `datasketch.MinHash(num_perm, seed, scheme="affine32")`."""
    draw = np.random.RandomState(seed)
    a = draw.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, draw.randint(0, 1 << 32, num_perm, dtype=np.uint32)
