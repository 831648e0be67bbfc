"""Texts as the kernel takes them: one array of UTF-8 bytes and where each document ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.dedupe import kernel, sets
from docgen.dedupe.alphabet import fold_table
from docgen.dedupe.schemes import Scheme, permutations

__all__ = ["Sketcher", "Sketches", "encode"]

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

NOTHING: Hashes = np.empty(0, np.uint64)


def encode(texts: Sequence[str]) -> tuple[Bytes, Ints]:
    """(bytes, offsets): document i is bytes[offsets[i]:offsets[i + 1]]. Lone surrogates pass; they are no letters."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return np.frombuffer(b"".join(parts), np.uint8), offsets


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
        self._ignored = ignored.copy()  # from another process it comes read-only, which the kernel does not take
        self._a, self._b = permutations(scheme.num_perm, scheme.seed)
        self._tables = fold_table()

    def sketch(self, data: Bytes, offsets: Ints, salts: Hashes | None = None, *, minima: bool = True) -> Sketches:
        """Sketch documents given as by `encode`; documents with different salts share no band.

        Without `minima` the result has one row of them, meaning nothing.
        """
        n, scheme = len(offsets) - 1, self.scheme
        result = Sketches(
            np.empty((n if minima else 1, scheme.num_perm), np.uint32),
            np.empty((n, scheme.bands), np.uint32),
            np.empty((n, 2), np.uint64),
            np.empty(n, np.int64),
        )
        salts = np.zeros(n, np.uint64) if salts is None else salts
        fixed = (scheme.ngram, self._a, self._b, scheme.rows, self._ignored, self._tables)
        kernel.sketch(data, offsets, salts, *fixed, result.minima, result.bands, result.content, result.sizes)
        return result

    def sets_into(self, out: Hashes, data: Bytes, offsets: Ints, sizes: Ints) -> Ints:
        """Write the sorted shingle sets one after the other into `out`; returns where each ends.

        `sizes` are those of `sketch`; `out` must hold their sum. A size of -1 leaves a document out.
        """
        ends = np.empty(len(offsets) - 1, np.int64)
        sets.shingles(data, offsets, sizes, self.scheme.ngram, self._ignored, self._tables, out, ends)
        return ends
