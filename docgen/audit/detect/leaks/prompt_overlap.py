"""Long verbatim overlap of a document with the prompts that it was written from."""

from collections.abc import Iterator, Sequence
from itertools import compress

from docgen.audit.detect.facts.known_wordings import Words
from docgen.records import Finding, Severity

__all__ = ["ProseOverlap"]

GRAM_WORDS = 10
"""Words of a gram that is looked up. Chosen: so many in a row recur only by copying or in stock phrases."""
STRIDE = 4
"""Every fourth gram is looked up, so that no shared run of GRAM + STRIDE - 1 words or more is missed."""
WARNING_WORDS = 25
"""Shared words in a row from which a passage counts as copied, as a warning ..."""
ERROR_WORDS = 50
"""... and as an error."""


class ProseOverlap:
    """Finds runs of words that a document shares with `sources`; wordings in `allowed` may be copied anywhere."""

    def __init__(self, sources: Sequence[str], allowed: Sequence[str] = ()) -> None:
        self._sources = [Words(source).words for source in sources]
        free = {gram for text in allowed for gram in _grams(Words(text).words)}
        self._where = {
            gram: (number, position)
            for number, words in enumerate(self._sources)
            for position, gram in enumerate(_grams(words))
            if gram not in free
        }

    def findings(self, words: Words, idea: str = "") -> Iterator[Finding]:
        """Copied passages of 25 words or more; an idea copied whole counts from 12 words, as a warning."""
        done = -1
        strides = (words.words[offset::STRIDE] for offset in range(GRAM_WORDS))
        shared = list(map(self._where.get, zip(*strides, strict=False)))
        for stride, place in compress(enumerate(shared), shared):
            position = stride * STRIDE
            if position > done and place is not None:
                first, last = self._run(words.words, position, *place)
                done = last
                if last - first + 1 >= WARNING_WORDS:
                    severity: Severity = "error" if last - first + 1 >= ERROR_WORDS else "warning"
                    yield _finding(words, first, last, severity, "copied from the prompt")
        yield from _whole_idea(words, idea)

    def _run(self, words: Sequence[str], position: int, number: int, place: int) -> tuple[int, int]:
        """First and last word of the shared run around a shared gram."""
        source = self._sources[number]
        back = 0
        while position > back and place > back and words[position - back - 1] == source[place - back - 1]:
            back += 1
        ahead, most = GRAM_WORDS, min(len(words) - position, len(source) - place)
        while ahead < most and words[position + ahead] == source[place + ahead]:
            ahead += 1
        return position - back, position + ahead - 1


def _whole_idea(words: Words, idea: str) -> Iterator[Finding]:
    idea_words = Words(idea).words if idea else []
    if len(idea_words) < 12:
        return
    joined, needle = " ".join(words.words), " ".join(idea_words)
    at = joined.find(needle)
    if at >= 0:
        first = joined.count(" ", 0, at)
        yield _finding(words, first, first + len(idea_words) - 1, "warning", "copies its own idea")


def _grams(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + GRAM_WORDS]) for i in range(len(words) - GRAM_WORDS + 1))


def _finding(words: Words, first: int, last: int, severity: Severity, what: str) -> Finding:
    start, end = words.span(first, last)
    return Finding(
        rule="prompt_leak",
        severity=severity,
        detector="overlap",
        start=start,
        end=end,
        evidence=words.text[start:end],
        explanation=f"{last - first + 1} words in a row {what}",
    )
