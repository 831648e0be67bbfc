"""Texts are put into NFC as Python's unicodedata does it, although few of them reach it."""

import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from docgen.corpus.text_buffers import TextBuffers, encode
from docgen.dedupe.sketch.unicode_normalisation import INERT, normalise_unicode

HANGUL_LETTERS = range(0x1100, 0x1200)


def composed_last() -> frozenset[int]:
    """Every code point that some other one composes with to the left."""
    pairs = (unicodedata.decomposition(chr(point)).split() for point in range(0x110000))
    return frozenset(int(pair[1], 16) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<"))


def test_composition_leaves_alone_every_character_that_is_said_to_be_inert() -> None:
    """Unchanged by itself, of combining class 0, and never the second part of a composition: then any text of such
    characters is in NFC."""
    last = composed_last()
    for point in (point for first, end in INERT for point in range(first, end + 1)):
        character = chr(point)
        assert unicodedata.normalize("NFC", character) == character, hex(point)
        assert unicodedata.combining(character) == 0, hex(point)
        assert point not in last, hex(point)
        assert point not in HANGUL_LETTERS, hex(point)


def rows(texts: TextBuffers) -> list[bytes]:
    return [texts.bytes_of(row) for row in range(len(texts))]


SOME = st.sampled_from("aeo \n.,’“—éñ가한각\u1100\u1161\u11a8\u0301\u0327\u0308\u0345\u0958\u212b漢か\u3099か🙂\ufeff")
ANY = st.characters(codec="utf-8")


@given(st.lists(st.text(st.one_of(SOME, ANY), max_size=40), max_size=8))
def test_texts_are_composed_as_python_composes_them(texts: list[str]) -> None:
    assert rows(normalise_unicode(encode(texts))) == [unicodedata.normalize("NFC", text).encode() for text in texts]


PIECES = st.sampled_from([b"a", b"e\xcc\x81", b"\xcc\x81", b"\xe2", b"\xf0", b"\xc3", b"\x80", b"\xed\xa0\x80"])


@given(st.lists(st.lists(PIECES).map(b"".join), max_size=4))
def test_malformed_bytes_are_left_as_they_are(parts: list[bytes]) -> None:
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    given_texts = TextBuffers(np.frombuffer(b"".join(parts), np.uint8), starts, ends)
    decoded = [part.decode("utf-8", "surrogateescape") for part in parts]
    expected = [unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape") for text in decoded]
    assert rows(normalise_unicode(given_texts)) == expected


def test_texts_in_nfc_are_not_copied() -> None:
    texts = encode(["plain", "caffè “quoted”", "漢字かな", "한국어"])
    assert normalise_unicode(texts) is texts
