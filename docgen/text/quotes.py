"""Quotes as writers give them: a passage by its first and last words, located in the text and completed."""

import re

from docgen.text import find_normalised, normalise, sentences

__all__ = ["whole_quote"]

OMISSION = re.compile(r"\s*(?:\u2026|\[?\.{3,}\]?|\. \. \.)\s*")
FEWEST = 3
"""Words that must be there at an end for the place to be looked for."""
FARTHEST = 1_200
"""Characters that a passage has at most: one or two sentences, the longest that people write."""


def whole_quote(text: str, quote: str) -> str:
    """The passage of `text` that a quote such as "The light went out \u2026 by the spring tide" stands for.

    Case, punctuation and white space do not matter. Where one end alone is found, the passage goes on to the end of
    its sentence (or begins with it). A quote without a gap, or found nowhere, comes back as it is.
    """
    if find_normalised(text, quote):
        return quote
    ends = [end for end in OMISSION.split(quote) if normalise(end)]
    if len(ends) < 2:
        return quote
    head, tail = _span(text, ends[0], 0), None
    if head:
        tail = _span(text, ends[-1], head[0])
        if tail and tail[1] - head[0] <= FARTHEST:
            return text[head[0] : max(tail[1], head[1])]
    tail = _span(text, ends[-1], 0)
    if head:
        return text[head[0] : _sentence_of(text, head)[1]]
    return text[_sentence_of(text, tail)[0] : tail[1]] if tail else quote


def _span(text: str, words: str, start: int) -> tuple[int, int] | None:
    """Where the words stand, from `start` on; a first or last one that does not fit is given up."""
    listed = words.split()
    for part in (listed, listed[:-1], listed[1:]):
        if len(part) >= min(FEWEST, len(listed)) and (found := find_normalised(text[start:], " ".join(part))):
            return start + found[0], start + found[1]
    return None


def _sentence_of(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """The sentence that holds the beginning of a span."""
    return next(((first, last) for first, last in sentences(text) if first <= span[0] < last), span)
