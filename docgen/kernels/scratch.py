"""Working space that callers hand to kernels, which own no memory; and the sizes that it follows from."""

import numpy as np

from docgen.kernels.compilation.array_types import Bytes, Hashes

__all__ = ["BLOCK", "LONGEST", "SCRATCH", "scratch"]

BLOCK = 8192
"""Bytes of a document that are looked at together."""
LONGEST = 1024
"""Bytes of a word; longer ones are cut into pieces of this length, so that texts without spaces need no more memory."""
SCRATCH = BLOCK + 2 * LONGEST
"""Words and shingles of a block: at most one for each byte, and those carried over."""
TEXT = 5 * BLOCK + 2 * LONGEST
"""Bytes of a block once folded: two bytes become nine at most."""


def scratch() -> tuple[Hashes, Hashes, Bytes]:
    """(words, hashes, text): room for one block, for one thread."""
    return np.empty(SCRATCH, np.uint64), np.empty(SCRATCH, np.uint64), np.empty(TEXT, np.uint8)
