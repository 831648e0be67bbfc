"""Locates quotes in a text: a passage given by its first and last words, completed."""

import re

from docgen.text import find_normalised, normalise

__all__ = ["locate_quote"]

OMISSION = re.compile(r"\s*(?:\u2026|\[?\.{3,}\]?|\. \. \.)\s*")
WORD, INSIDE = re.compile(r"\w"), re.compile(r"\w\w")
MAX_PASSAGE_CHARS = 1_200
"""Most characters of a passage: one or two sentences, the longest that people write."""


def locate_quote(text: str, quote: str) -> str:
    """The passage of `text` that a quote such as "The light went out \u2026 by the spring tide" stands for.

    Case, punctuation and white space do not matter, words do: what is not in the text word for word, at both ends, is
    evidence of nothing. Such a quote, and one without a gap, comes back as it is. Of several passages with these ends
    the shortest is meant: a few words recur ("The study of", "at the University").
    """
    if _is_verbatim(text, quote) or find_normalised(text, quote):
        return quote
    ends = [end for end in OMISSION.split(quote) if normalise(end)]
    if len(ends) < 2:
        return quote
    start, best = 0, ""
    while head := _span(text, ends[0], start):
        tail = _span(text, ends[-1], head[0])
        if tail is None:
            break
        length = max(tail[1], head[1]) - head[0]
        if length <= min(MAX_PASSAGE_CHARS, len(best) - 1 if best else MAX_PASSAGE_CHARS):
            best = text[head[0] : head[0] + length]
        start = head[0] + 1  # the same words may be closer to the given end
    return best or quote


def _is_verbatim(text: str, quote: str) -> bool:
    """Whether an ASCII quote occurs in the text verbatim, as whole words: `find_normalised` finds it too."""
    start = text.find(quote)
    before, after = text[max(start - 1, 0) : max(start, 0)], text[start + len(quote) : start + len(quote) + 1]
    edges = (before + quote[:1], quote[-1:] + after)
    return (
        start >= 0
        and (quote + before + after).isascii()
        and WORD.search(quote) is not None
        and not any(len(edge) == 2 and INSIDE.match(edge) for edge in edges)
    )


def _span(text: str, words: str, start: int) -> tuple[int, int] | None:
    """Where the words are, from `start` on."""
    span = find_normalised(text[start:], words)
    return (start + span[0], start + span[1]) if span else None
