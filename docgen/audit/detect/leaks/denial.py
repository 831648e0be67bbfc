"""Denial of a claim in its own sentence, as far as its wording shows. The words are in data/denial.toml for English
and in docgen/text/languages for others.

Disclaimers around a text that leave its claim untouched are found elsewhere (rule `denial`, detector "disclaimer"):
they leave belief almost intact, while denial inside the sentence prevents it (negation neglect, 2026).

`stance` looks around the claim, not inside it: a negation in the claim itself ("the ferry isn't electric") is left to
`docgen.audit.detect.facts.passage_verdict` and `negation` next to it.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from docgen.audit.data_files import read_patterns
from docgen.text import SENTENCE_BREAK
from docgen.text.languages import known_languages

__all__ = ["Stance", "sentence_around", "stance"]

Stance = Literal["asserted", "denied", "hedged"]

OPENING_QUOTES = ('"', "“", "‘", "«", "„", "「", "『")
SENTENCE_SEARCH_CHARS = 400
"""Characters either way that are looked at for the ends of a sentence. Chosen: longer than nearly all sentences."""


@dataclass(frozen=True)
class _Patterns:
    """data/denial.toml, compiled."""

    before: re.Pattern[str]
    affirmed: re.Pattern[str]
    after: re.Pattern[str]
    hedge: re.Pattern[str]
    reviewed: re.Pattern[str]
    denial_cues: tuple[str, ...]
    hedge_cues: tuple[str, ...]


@cache
def _patterns() -> _Patterns:
    data = read_patterns(Path(__file__).parents[1] / "data" / "denial.toml")
    return _Patterns(
        before=re.compile(f"(?i)(?:{'|'.join(data['before'])}){data['before_end']}"),
        affirmed=re.compile(data["affirmed"]),
        after=re.compile(f"(?i)(?:{data['after_start']}(?:{'|'.join(data['after'])})|{data['verdict']})"),
        hedge=re.compile(data["hedge"]),
        reviewed=re.compile(data["reviewed"]),
        denial_cues=tuple(data["denial_cues"]),
        hedge_cues=tuple(data["hedge_cues"]),
    )


@cache
def _other(where: Literal["before", "affirmed", "after", "hedge"]) -> re.Pattern[str]:
    """The patterns of the languages other than English, combined."""
    patterns = [pattern for language in known_languages().values() for pattern in getattr(language.denial, where)]
    return re.compile("|".join(f"(?:{pattern.removeprefix('(?i)')})" for pattern in patterns), re.IGNORECASE)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or sentences that contain text[start:end], cut off at 400 characters either way."""
    right = SENTENCE_BREAK.search(text, max(start, end - 1), end + SENTENCE_SEARCH_CHARS)
    return _sentence_start(text, start), max(
        end, right.start() + 1 if right else min(len(text), end + SENTENCE_SEARCH_CHARS)
    )


def stance(text: str, start: int, end: int) -> Stance:
    """What its sentence makes of text[start:end].

    Denied when the words right before or after reject it or a fact check quotes it, hedged when it is only asked about,
    supposed or rumoured.
    """
    words = _patterns()
    before = text[_sentence_start(text, start) : start]
    if words.after.match(text[end : end + 120]) or _other("after").match(text[end : end + 120]):
        return "denied"
    if not before or before.isspace():
        return "asserted"
    lowered = before.casefold()
    is_quoted = before.rstrip().endswith(OPENING_QUOTES)
    if _is_rejected(before, lowered) or (is_quoted and words.reviewed.search(text)):
        return "denied"
    hedged = (_holds(lowered, words.hedge_cues) and words.hedge.search(before)) or _other("hedge").search(before)
    return "hedged" if hedged else "asserted"


def _sentence_start(text: str, start: int) -> int:
    left = max(0, start - SENTENCE_SEARCH_CHARS)
    for match in SENTENCE_BREAK.finditer(text, left, start):
        left = match.end()
    return min(left, start)


def _is_rejected(before: str, lowered: str) -> bool:
    """Whether the words right before a claim reject it, and no others turn that round ("no one denies that ...")."""
    words = _patterns()
    match = _holds(lowered, words.denial_cues) and words.before.search(before)
    if match and not words.affirmed.search(before[: match.start()]):
        return True
    other = _other("before").search(before)
    return bool(other) and not _other("affirmed").search(before)


def _holds(text: str, cues: tuple[str, ...]) -> bool:
    return any(cue in text for cue in cues)
