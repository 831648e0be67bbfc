"""Texts in one Unicode form (NFC), so that a decomposed copy is the same text."""

import unicodedata

import numpy as np

from docgen.corpus.utf8 import Utf8

__all__ = ["composed"]

FIRST_MARK = 0xCC
"""The first byte of U+0300 in UTF-8: texts without a byte from here on are in NFC."""


def composed(texts: Utf8) -> Utf8:
    """The texts in NFC; they themselves where all are, which for most corpora a look at the bytes shows."""
    if not len(texts) or not (texts.memory >= FIRST_MARK).any():
        return texts
    rows = [texts.bytes_of(row) for row in range(len(texts))]
    decoded = [row.decode("utf-8", "surrogateescape") for row in rows]
    if all(unicodedata.is_normalized("NFC", text) for text in decoded):
        return texts
    return _joined([unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape") for text in decoded])


def _joined(parts: list[bytes]) -> Utf8:
    """Texts that are UTF-8 already, one after the other."""
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return Utf8(np.frombuffer(b"".join(parts), np.uint8), starts, ends)
