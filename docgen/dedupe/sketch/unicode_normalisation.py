"""Normalises texts to Unicode NFC, so that a decomposed copy counts as the same text."""

import unicodedata

import numpy as np

from docgen.corpus.text_buffers import TextBuffers

__all__ = ["normalise_unicode"]


def normalise_unicode(texts: TextBuffers) -> TextBuffers:
    """The texts in NFC; the same object where all of them are already.

    Text by text: what lies between them may not be memory at all.
    """
    rows = [texts.bytes_of(row) for row in range(len(texts))]
    changed = {number: form for number, row in enumerate(rows) if (form := _composed(row)) is not row}
    return _joined([changed.get(number, row) for number, row in enumerate(rows)]) if changed else texts


def _composed(data: bytes) -> bytes:
    """One text in NFC; the same bytes where it is already."""
    if data.isascii():
        return data
    text = data.decode("utf-8", "surrogateescape")
    if unicodedata.is_normalized("NFC", text):
        return data
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")


def _joined(parts: list[bytes]) -> TextBuffers:
    """Texts that are UTF-8 already, one after the other."""
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return TextBuffers(np.frombuffer(b"".join(parts), np.uint8), starts, ends)
