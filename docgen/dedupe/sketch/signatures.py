"""From texts to what is compared of them: sketches, and sets of shingles."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus.utf8 import Utf8
from docgen.dedupe.sketch.parameters import Scheme, permutations
from docgen.errors import InputError
from docgen.kernels.alphabet import fold_table
from docgen.kernels.scratch import BLOCK, SCRATCH, scratch

__all__ = ["NOTHING", "Sketcher", "Sketches"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NOTHING: Hashes = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Sketches:
    """What the kernel says about n documents.

    `minima` (n, num_perm) are datasketch's affine32 hash values; `bands` (n, bands); `content` (n, 2) a hash of the
    bytes; `sizes` (n) the number of shingles, repetitions counted.
    """

    minima: npt.NDArray[np.uint32]
    bands: npt.NDArray[np.uint32]
    content: Hashes
    sizes: Ints


class Sketcher:
    """The kernel with its tables for one scheme. Holds no state between calls: threads may share one."""

    def __init__(self, scheme: Scheme, ignored: Hashes = NOTHING) -> None:
        self.scheme = scheme
        self._ignored = ignored
        self._a, self._b = permutations(scheme.num_perm, scheme.seed)
        self._kinds, self._folded = fold_table()

    def sketch(self, texts: Utf8, salts: Hashes | None = None, *, minima: bool = True) -> Sketches:
        """Sketch documents; those with different salts share no band.

        Without `minima` the result has one row of them, meaning nothing.
        """
        n, scheme = len(texts), self.scheme
        result = Sketches(
            np.empty((n if minima else 1, scheme.num_perm), np.uint32),
            np.empty((n, scheme.bands), np.uint32),
            np.empty((n, 2), np.uint64),
            np.empty(n, np.int64),
        )
        salts = np.zeros(n, np.uint64) if salts is None else salts
        words, hashes, text = scratch()
        kernels.sketch(
            texts.memory, texts.starts, texts.ends, salts, scheme.ngram, self._a, self._b, scheme.rows, self._ignored,
            self._kinds, self._folded, words, hashes, text, np.empty(SCRATCH, np.uint32),
            result.minima, result.bands, result.content, result.sizes,
        )  # fmt: skip
        return result

    def sets_into(self, out: Hashes, texts: Utf8, sizes: Ints) -> Ints:
        """Write the sorted shingle sets one after the other into `out`; returns where each ends.

        `sizes` are those of `sketch`; `out` must hold their sum. A size of -1 leaves a document out. Raises InputError
        when a document has more shingles than that: it is not the one that was sketched.
        """
        ends, most = np.empty(len(texts), np.int64), max(BLOCK, int(sizes.max(initial=0)))
        words, hashes, text = scratch()
        grown = kernels.shingles(
            texts.memory, texts.starts, texts.ends, sizes, self.scheme.ngram, self._ignored, self._kinds, self._folded,
            words, hashes, text, np.empty(most, np.uint64), np.empty(2 * most + 2, np.int64), out, ends,
        )  # fmt: skip
        if grown >= 0:
            raise InputError(
                "the corpus changed while it was read", fix="Wait until nothing writes to it and try again"
            )
        return ends
