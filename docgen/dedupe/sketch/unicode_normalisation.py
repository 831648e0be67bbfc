"""Normalises texts to Unicode NFC, so that a decomposed copy counts as the same text."""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus.text_buffers import TextBuffers

__all__ = ["INERT", "normalise_unicode"]

INERT = (
    (0x0080, 0x02FF),  # Latin, IPA
    (0x03A3, 0x0482),  # Greek from capital sigma on, Cyrillic
    (0x0488, 0x052F),  # Cyrillic
    (0x0559, 0x058A),  # Armenian
    (0x05D0, 0x05EA),  # Hebrew letters
    (0x061B, 0x064A),  # Arabic letters
    (0x0660, 0x066F),
    (0x0671, 0x06D5),
    (0x10D0, 0x10FF),  # Georgian
    (0x1D00, 0x1DBF),  # phonetic extensions
    (0x1E00, 0x1F15),  # Latin with marks, as in Vietnamese
    (0x2002, 0x2064),  # punctuation, spaces
    (0x2066, 0x2071),
    (0x20A0, 0x20C0),  # currencies
    (0x2100, 0x2125),
    (0x212C, 0x218B),  # letter-like signs, fractions
    (0x2190, 0x2328),  # arrows, mathematics, technical signs
    (0x232B, 0x2426),
    (0x2460, 0x2ADB),  # frames, shapes, dingbats
    (0x3000, 0x3029),  # ideographic punctuation
    (0x3041, 0x3096),  # Hiragana
    (0x309B, 0x30FF),  # Katakana
    (0x3105, 0x312F),  # Bopomofo
    (0x3131, 0x318E),  # single Hangul letters that do not combine
    (0x3220, 0xA48C),  # Han, Yi
    (0xAC00, 0xD7A3),  # Hangul syllables
    (0xE000, 0xF8FF),  # private use
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFE30, 0xFE52),
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFF01, 0xFFBE),  # full and half width
    (0xFFFC, 0xFFFD),
    (0x1F300, 0x1F6D7),  # emoji
    (0x1F900, 0x1FA53),
    (0x20000, 0x2A6DF),  # Han
)
"""First and last code point of stretches that NFC neither changes nor composes with what stands before.

A text of such characters and ASCII is in NFC (Unicode annex 15, section 9, quick check: each has combining class 0 and
NFC_QC=Yes). All of them are assigned in Unicode 14, so by the stability policy later versions hold it as well;
tests/dedupe goes through every code point. Scripts whose texts are full of marks, such as Devanagari, are left out.
"""


def normalise_unicode(texts: TextBuffers) -> TextBuffers:
    """The texts in NFC; the same object where all of them are already.

    Text by text: what lies between them may not be memory at all.
    """
    may_compose = np.empty(len(texts), np.bool_)
    kernels.flag_composing(texts.memory, texts.starts, texts.ends, _inert(), may_compose)
    changed = {row: form for row in np.flatnonzero(may_compose).tolist() if (form := _changed(texts.bytes_of(row)))}
    if not changed:
        return texts
    memory, places = texts.memory.data, zip(texts.starts.tolist(), texts.ends.tolist(), strict=True)
    parts = [changed.get(row) or memory[start:end] for row, (start, end) in enumerate(places)]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return TextBuffers(np.frombuffer(b"".join(parts), np.uint8), starts, ends)


@cache
def _inert() -> npt.NDArray[np.bool_]:
    """Whether each code point up to the last of INERT is in one of its stretches."""
    table = np.zeros(INERT[-1][1] + 1, np.bool_)
    for first, last in INERT:
        table[first : last + 1] = True
    return table


def _changed(data: bytes) -> bytes | None:
    """One text in NFC; None where it is already."""
    text = data.decode("utf-8", "surrogateescape")
    if unicodedata.is_normalized("NFC", text):
        return None
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
