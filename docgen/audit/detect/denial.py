"""Denial of a claim in its own sentence, as far as its wording shows. The words are in data/denial.toml.

A text disclaimed as a whole around an untouched claim is another thing (rule `denial`, detector "disclaimer"): such
disclaimers leave belief almost whole, while denial inside the sentence prevents it (negation neglect, 2026).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from docgen.audit.data_files import read_patterns

__all__ = ["Stance", "sentence_around", "stance"]

Stance = Literal["asserted", "denied", "hedged"]

OPENING_QUOTES = ('"', "“", "‘", "«")
BREAK = re.compile(r"[.!?\n](?:(?<!\n)[\"')\]”’]*\s+|(?<=\n)(?:\s*\n|(?=\s*[-*#\d>|])))")
"""The end of a sentence or of a line before an item; it opens with a set of characters so that `re` can skip to one."""
REACH = 400
"""Characters either way that are looked at for the ends of a sentence."""


@dataclass(frozen=True)
class _Patterns:
    """data/denial.toml, compiled."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    hedge: re.Pattern[str]
    reviewed: re.Pattern[str]
    denial_cues: tuple[str, ...]
    hedge_cues: tuple[str, ...]


@cache
def _patterns() -> _Patterns:
    data = read_patterns(Path(__file__).parent / "data" / "denial.toml")
    return _Patterns(
        before=re.compile(data["before"]),
        after=re.compile(data["after"]),
        hedge=re.compile(data["hedge"]),
        reviewed=re.compile(data["reviewed"]),
        denial_cues=tuple(data["denial_cues"]),
        hedge_cues=tuple(data["hedge_cues"]),
    )


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or sentences that hold text[start:end], cut off 400 characters either way."""
    right = BREAK.search(text, max(start, end - 1), end + REACH)
    return _sentence_start(text, start), max(end, right.start() + 1 if right else min(len(text), end + REACH))


def stance(text: str, start: int, end: int) -> Stance:
    """How text[start:end] stands in its sentence.

    Denied when the words right before or after reject it or a fact check quotes it, hedged when it is only asked,
    supposed or rumoured.
    """
    words = _patterns()
    before = text[_sentence_start(text, start) : start]
    if words.after.match(text[end : end + 120]):
        return "denied"
    if not before or before.isspace():
        return "asserted"
    lowered = before.casefold()
    if (_holds(lowered, words.denial_cues) and words.before.search(before)) or _is_reviewed(text, before):
        return "denied"
    return "hedged" if _holds(lowered, words.hedge_cues) and words.hedge.search(before) else "asserted"


def _sentence_start(text: str, start: int) -> int:
    left = max(0, start - REACH)
    for match in BREAK.finditer(text, left, start):
        left = match.end()
    return min(left, start)


def _is_reviewed(text: str, before: str) -> bool:
    return before.rstrip().endswith(OPENING_QUOTES) and _patterns().reviewed.search(text) is not None


def _holds(text: str, cues: tuple[str, ...]) -> bool:
    return any(cue in text for cue in cues)
