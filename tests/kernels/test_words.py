"""Compiled code cuts any text into the words of `docgen.text.WORD`."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen import kernels
from docgen.corpus.text_buffers import encode
from docgen.kernels.alphabet import LAST, fold_table
from docgen.kernels.scratch import scratch
from docgen.text import WORD
from docgen.text.word_definition import MARK_RUNS

KINDS, FOLDED = fold_table()


def hashes(*texts: str) -> list[int]:
    """The hash of every word of the texts, in order, as the kernels see them."""
    memory = encode(texts)
    out, ends = np.empty(int(memory.sizes.sum()) + 1, np.uint64), np.empty(len(texts), np.int64)
    count = kernels.grams(memory.memory, memory.starts, memory.ends, 1, KINDS, FOLDED, *scratch(), out, ends)
    return [int(value) for value in out[:count]]


ANY = st.characters(codec="utf-8", max_codepoint=0x323AF)
USUAL = st.sampled_from("aB9_ .,-'\n\u00a0ßŒ\u2019Жǆ\u0301\u0345\u0130漢かﾊไั๑हिन्")


@given(st.text(st.one_of(USUAL, ANY), max_size=200))
def test_compiled_code_sees_the_words_that_python_sees(text: str) -> None:
    words = WORD.findall(text.casefold())
    assert hashes(text) == hashes(*words)
    assert len(hashes(text)) == len(words)


@given(st.text(st.sampled_from("ab \u0301ß"), max_size=120), st.text("xy ", max_size=12))
def test_what_stands_before_and_after_a_word_does_not_change_it(text: str, before: str) -> None:
    alone = hashes(text)
    assert hashes(f"{before} {text} {before}") == [*hashes(before), *alone, *hashes(before)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("東京 ok", ["東", "京", "ok"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("\u0130stanbul", ["i\u0307stanbul"]),
    ],
)
def test_marks_continue_a_word_and_scripts_without_spaces_are_cut_by_character(text: str, words: list[str]) -> None:
    assert hashes(text) == hashes(*words)
    assert len(hashes(text)) == len(words)


def test_every_combining_mark_is_known_as_one() -> None:
    marks = {point for first, last in MARK_RUNS for point in range(first, last + 1)}
    categories = map(unicodedata.category, map(chr, range(LAST)))
    assert marks == {point for point, category in enumerate(categories) if category in ("Mn", "Mc")}
