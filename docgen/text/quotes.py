"""Quotes as writers give them: a passage by its first and last words, located in the text and completed."""

import re

from docgen.text import find_normalised, normalise

__all__ = ["whole_quote"]

OMISSION = re.compile(r"\s*(?:\u2026|\[?\.{3,}\]?|\. \. \.)\s*")
FARTHEST = 1_200
"""Characters that a passage has at most: one or two sentences, the longest that people write."""


def whole_quote(text: str, quote: str) -> str:
    """The passage of `text` that a quote such as "The light went out \u2026 by the spring tide" stands for.

    Case, punctuation and white space do not matter, words do: what is not in the text word for word, at both ends, is
    evidence of nothing. Such a quote, and one without a gap, comes back as it is. Of several passages with these ends
    the shortest is meant: a few words recur ("The study of", "at the University").
    """
    if find_normalised(text, quote):
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
        if length <= min(FARTHEST, len(best) - 1 if best else FARTHEST):
            best = text[head[0] : head[0] + length]
        start = head[0] + 1  # the same words may stand nearer to the end that was given
    return best or quote


def _span(text: str, words: str, start: int) -> tuple[int, int] | None:
    """Where the words stand, from `start` on."""
    found = find_normalised(text[start:], words)
    return (start + found[0], start + found[1]) if found else None
