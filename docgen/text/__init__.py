"""Text as every stage sees it: words, sentences, normal form, spans.

The names of `docgen.text.words_and_sentences`, which compiles what a word is in any script, are imported at their first
use: that takes 40 ms, and `docgen --help` reads no text.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docgen.text.words_and_sentences import (
        CLOSERS,
        ENDS,
        SENTENCE_BREAK,
        WORD,
        Folded,
        compose,
        digest,
        find_normalised,
        find_words,
        fold,
        is_composed,
        normalise,
        sentence_pieces,
        sentences,
        slug,
        token_estimate,
        tokens_in,
        trimmed,
        word_count,
        words,
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
    "sentence_pieces",
    "sentences",
    "slug",
    "token_estimate",
    "tokens_in",
    "trimmed",
    "word_count",
    "words",
]


def __getattr__(name: str) -> Any:
    """One of the names above."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from docgen.text import words_and_sentences

    globals()[name] = value = getattr(words_and_sentences, name)
    return value
