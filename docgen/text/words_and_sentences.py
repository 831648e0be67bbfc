"""Basic pure functions on text: words, sentences, normal form, lengths, slugs, digests."""

import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterator

from docgen.text.unicode_forms import Folded, compose, fold, is_composed
from docgen.text.word_definition import (
    SPACELESS_LETTER,
    WORD,
    find_words,
    has_spaceless,
    latin_rest,
    spaceless_count,
)

__all__ = [
    "CLOSERS",
    "ENDS",
    "SENTENCE_BREAK",
    "WORD",
    "Folded",
    "compose",
    "digest",
    "find_normalised",
    "find_words",
    "fold",
    "is_composed",
    "normalise",
    "runs_of",
    "sentence_pieces",
    "sentences",
    "slug",
    "token_estimate",
    "tokens_in",
    "trimmed",
    "word_count",
    "words",
]

ENDS = "。！？｡．؟۔।॥။។៕።፧‽…"
"""Marks that end a sentence in addition to ".", "!" and "?", with white space after them or without."""
CLOSERS = "\"')\\]\u2019\u201d\u201c\u00bb\u00ab\u203a\u2039」』）】》〉＂"
"""What closes a quotation or bracket after the end of a sentence; in German “ does, and in Danish «."""
SENTENCE_BREAK = re.compile(
    rf"[.!?\n{ENDS}](?:(?<![\n{ENDS}])[{CLOSERS}]*\s+|(?<=\n)(?:\s*\n|(?=\s*[-*#\d>|]))"
    rf"|(?<=[{ENDS}])(?<!\d[．…](?=\d))[{ENDS}!?.]*[{CLOSERS}]*\s*)"
)
"""It opens with a set of characters so that `re` can skip to the next of them; a full stop belongs to its sentence."""
WORD_OR_SPACE = bytes(ord(" ") if chr(byte).isspace() else ord("x") for byte in range(128)) + b"x" * 128
"""What `bytes.translate` makes of UTF-8 for `runs_of`; all bytes of a character beyond ASCII are parts of a word."""
SPACES = frozenset(chr(code) for code in (*range(0x80, 0x250), *range(0x2000, 0x2070)) if chr(code).isspace())
"""White space that is not ASCII, of the characters that `is_latin` lets pass."""
TOKENS_PER_WORD, TOKENS_PER_LETTER, TOKENS_PER_FOREIGN_LETTER = 1.35, 1.2, 0.5
"""English prose with a current tokenizer; a letter of a script without spaces; a letter of other scripts that are not
Latin (Cyrillic, Arabic, Devanagari, Hangul). Rough, and used only where no real count is at hand."""
FOREIGN = re.compile(r"[^\W\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]")

_FOLD = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u00a0": " "}
)


def digest(*parts: str | bytes, size: int = 16) -> str:
    """Hex digest (2 * size characters) of the parts; ("ab", "c") and ("a", "bc") differ."""
    h = hashlib.blake2b(digest_size=size)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        h.update(len(data).to_bytes(8, "little"))
        h.update(data)
    return h.hexdigest()


def words(text: str) -> list[str]:
    """Lower-case words (see `docgen.text.word_definition`), in order."""
    return find_words(text.lower())


def word_count(text: str) -> int:
    """The length as a writer counts it: words between white space; in scripts without spaces, letters."""
    latin = _latin_word_count(text)
    if latin is not None:
        return latin
    if not has_spaceless(text):
        return len(text.split())
    pieces = SPACELESS_LETTER.sub(" ", text).split()
    return spaceless_count(text) + sum(WORD.search(piece) is not None for piece in pieces)


def _latin_word_count(text: str) -> int | None:
    """`word_count` of a text that `is_latin`, else None."""
    if not text.isascii():
        rest = latin_rest(text)
        if rest is None:
            return None
        for character in SPACES.intersection(rest):
            text = text.replace(character, " ")
    return runs_of(text.encode().translate(WORD_OR_SPACE))


def runs_of(marks: bytes) -> int:
    """How many runs of "x" stand between spaces: without a list of words, which would take four times as long.

    With NumPy, if somebody has loaded it: in a third of the time.
    """
    if "numpy" not in sys.modules:
        return marks.count(b"x ") + marks.endswith(b"x")
    import numpy as np

    codes = np.frombuffer(marks, np.uint8)
    return int(np.count_nonzero(codes[:-1] > codes[1:])) + marks.endswith(b"x")


def token_estimate(text: str) -> int:
    """Rough number of LLM tokens in `text`."""
    latin_words = _latin_word_count(text)
    if latin_words is not None:
        return tokens_in(latin_words)
    letters = spaceless_count(text)
    foreign = len(FOREIGN.findall(text)) - letters
    words = word_count(text) - letters
    share = foreign / max(1, len(text))  # a text of foreign letters is counted by them, not by its words as well
    latin = words * max(0.0, 1 - 1.2 * share)
    return round(latin * TOKENS_PER_WORD + letters * TOKENS_PER_LETTER + foreign * TOKENS_PER_FOREIGN_LETTER)


def tokens_in(words: int) -> int:
    """Rough number of LLM tokens in so many English words."""
    return round(words * TOKENS_PER_WORD)


def normalise(text: str) -> str:
    """Case-folded words joined by one space: equal for texts that differ only in case, quotes, dashes, punctuation."""
    return " ".join(find_words(fold(text.translate(_FOLD))))


def find_normalised(text: str, phrase: str) -> tuple[int, int] | None:
    """Span (start, end) in `text` of the first place whose words are those of `phrase`, or None.

    Case, punctuation, white space between the words and Unicode's forms of one text (NFC, NFD, full width) do not
    matter; an empty phrase occurs nowhere.
    """
    phrase_words = normalise(phrase).split()
    if not phrase_words:
        return None
    escaped = map(re.escape, phrase_words)
    pattern = r"[\W_]*".join(escaped) if has_spaceless(phrase) else r"(?<!\w)" + r"\W+".join(escaped) + r"(?!\w)"
    folded = Folded(text.translate(_FOLD))
    match = re.search(pattern, folded.text)
    return folded.span(*match.span()) if match else None


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Spans (start, end) of the sentences and line items of `text`, without surrounding white space."""
    return (span for start, end in sentence_pieces(text) if (span := trimmed(text, start, end)))


def sentence_pieces(text: str) -> list[tuple[int, int]]:
    """The same, unprocessed and quicker: with surrounding white space and empty ones."""
    ends = [match.span() for match in SENTENCE_BREAK.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(at + (text[at] != "\n") for at, _ in ends), len(text)]
    return list(zip(starts, stops, strict=True))


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without surrounding white space, None if nothing is left."""
    piece = text[start:end].rstrip()
    body = piece.lstrip()
    return (start + len(piece) - len(body), start + len(piece)) if body else None


def slug(text: str, length: int = 48) -> str:
    """A lower-case ASCII name for files and ids; "x" if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:length].strip("-") or "x"
