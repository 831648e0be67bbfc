"""Computes sketches and shingle sets of texts with the compiled kernel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus.text_buffers import TextBuffers
from docgen.dedupe.sketch.parameters import Scheme, permutations
from docgen.dedupe.sketch.unicode_normalisation import normalise_unicode
from docgen.errors import InputError
from docgen.kernels.alphabet import fold_table
from docgen.kernels.scratch import BLOCK, SCRATCH, scratch

__all__ = ["NO_HASHES", "Sketcher", "Sketches"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NO_HASHES: Hashes = np.empty(0, np.uint64)


@dataclass(frozen=True)
class Sketches:
    """The kernel's results for n documents.

    `minima` (n, num_perm) are datasketch's affine32 hash values; `bands` (n, bands) band hashes; `content` (n, 2)
    128-bit hashes of the bytes (in NFC); `sizes` (n,) numbers of shingles, counting repetitions.
    """

    minima: npt.NDArray[np.uint32]
    bands: npt.NDArray[np.uint32]
    content: Hashes
    sizes: Ints


class Sketcher:
    """The kernel with its tables for one scheme. It has no state between calls, so threads may share it."""

    def __init__(self, scheme: Scheme, ignored: Hashes = NO_HASHES) -> None:
        self.scheme = scheme
        self._ignored = ignored
        self._a, self._b = permutations(scheme.num_perm, scheme.seed)
        self._kinds, self._folded = fold_table()

    def sketch(self, texts: TextBuffers, salts: Hashes | None = None, *, minima: bool = True) -> Sketches:
        """Sketch documents; those with different `salts` (n,) never share a band.

        Without `minima`, that array of the result has a single meaningless row.
        """
        n, scheme, texts = len(texts), self.scheme, normalise_unicode(texts)
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

    def sets_into(self, out: Hashes, texts: TextBuffers, sizes: Ints) -> Ints:
        """Write the sorted shingle sets one after another into `out`; returns where each ends, (n,).

        `sizes` are those of `sketch`, and `out` must have room for their sum. A size of -1 skips a document. Raises
        `InputError` when a document has more shingles than its size: the corpus has changed since it was sketched.
        """
        texts = normalise_unicode(texts)
        ends, capacity = np.empty(len(texts), np.int64), max(BLOCK, int(sizes.max(initial=0)))
        words, hashes, text = scratch()
        grown = kernels.shingles(
            texts.memory, texts.starts, texts.ends, sizes, self.scheme.ngram, self._ignored, self._kinds, self._folded,
            words, hashes, text, np.empty(capacity, np.uint64), np.empty(2 * capacity + 2, np.int64), out, ends,
        )  # fmt: skip
        if grown >= 0:
            raise InputError("the corpus changed while it was read", fix="Try again when nothing is writing to it")
        return ends
