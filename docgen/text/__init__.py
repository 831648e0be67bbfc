"""Text as every stage sees it: words, sentences, normal form, spans. Pure functions without dependencies."""

import re
import unicodedata
from collections.abc import Iterator

__all__ = [
    "WORD",
    "digest",
    "find_normalised",
    "normalise",
    "sentence_pieces",
    "sentences",
    "slug",
    "token_estimate",
    "tokens_in",
    "trimmed",
    "word_count",
    "words",
]

import hashlib

WORD = re.compile(r"\w+")
"""What a word is, everywhere: letters, digits and underscores on end, case-folded before they are compared.

Compiled code finds the same words, but for two kinds of script that it cuts better: see `docgen.kernels.alphabet`.
"""
SENTENCE_END = re.compile(r"[.!?\n](?:(?<!\n)[\"')\]\u2019\u201d]*\s+|(?<=\n)(?:\s*\n|(?=\s*[-*#\d>|])))")
"""It opens with a set of characters so that `re` can skip to the next of them; a full stop belongs to its sentence."""
WORD_OR_SPACE = bytes(ord(" ") if chr(byte).isspace() else ord("x") for byte in range(128)) + b"x" * 128
TOKENS_PER_WORD = 1.35
"""English prose with a current tokenizer; used only where no real count is at hand."""

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
    r"""Lower-cased `\w+` words, in order."""
    return WORD.findall(text.lower())


def word_count(text: str) -> int:
    """Number of white-space separated words: what a writer would call the length."""
    if not text.isascii():
        return len(text.split())
    marks = text.encode().translate(WORD_OR_SPACE)  # no list of words is made, which takes four times as long
    return marks.count(b"x ") + marks.endswith(b"x")


def token_estimate(text: str) -> int:
    """Rough number of LLM tokens in `text`."""
    return tokens_in(word_count(text))


def tokens_in(words: int) -> int:
    """Rough number of LLM tokens in so many words."""
    return round(words * TOKENS_PER_WORD)


def normalise(text: str) -> str:
    """Case-folded words joined by one space: equal for texts that differ only in case, quotes, dashes, punctuation."""
    return " ".join(WORD.findall(unicodedata.normalize("NFKC", text.translate(_FOLD)).casefold()))


def find_normalised(text: str, phrase: str) -> tuple[int, int] | None:
    """Span (start, end) in `text` of the first place whose words are those of `phrase`, or None.

    Case, punctuation and white space between the words do not matter; an empty phrase occurs nowhere.
    """
    wanted = normalise(phrase).split()
    if not wanted:
        return None
    pattern = r"(?<!\w)" + r"\W+".join(re.escape(word) for word in wanted) + r"(?!\w)"
    folded = text.translate(_FOLD)
    match = re.search(pattern, folded, re.IGNORECASE)
    return match.span() if match else None


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Spans (start, end) of the sentences and line items of `text`, without surrounding white space."""
    return (span for start, end in sentence_pieces(text) if (span := trimmed(text, start, end)))


def sentence_pieces(text: str) -> list[tuple[int, int]]:
    """The same as they stand, quicker: white space around them left on, empty ones left in."""
    ends = [match.span() for match in SENTENCE_END.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(at + (text[at] != "\n") for at, _ in ends), len(text)]
    return list(zip(starts, stops, strict=True))


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without white space around it, None when nothing is left."""
    piece = text[start:end].rstrip()
    body = piece.lstrip()
    return (start + len(piece) - len(body), start + len(piece)) if body else None


def slug(text: str, length: int = 48) -> str:
    """A lower-case ASCII name for files and ids; "x" when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:length].strip("-") or "x"
