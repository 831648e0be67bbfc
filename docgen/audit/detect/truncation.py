"""Whether a document breaks off in mid-sentence, as far as its language is known to mark the ends of sentences."""

import re
from functools import cache

from docgen.records import Severity
from docgen.text import CLOSERS, ENDS, find_words
from docgen.text.languages import detect_language, known_languages
from docgen.text.word_definition import has_spaceless

__all__ = ["find_truncation"]

CLOSED = re.compile(rf"[.!?:;)}}|>#*_=~/\u2013\u2014\u00b7\u061f\u061b\uff1a\uff1b{ENDS}{CLOSERS}-]\W*$")
OPEN_ENDINGS = (",", "(", "[", "\u201e", "、", "，", "،", "（", "「", "『", "【")
"""Characters that a finished text does not end with."""
OPENING = re.compile(r"(?:^|[\s(\[])[\u201c\u2018\u00ab]\s?$")
"""Marks that open a quotation, unless they directly follow a character: then they close one."""
LONG_LINE, LONG_SPACELESS = 14, 30
"""How many words, or letters of a script without spaces, make an unfinished last line prose rather than a signature,
caption or list item."""
UNMARKED = re.compile(r"[\u0e00-\u0eff]\W*$")
"""Thai and Lao end sentences with a space: only a judge can tell whether they end."""
LIST_ITEM = re.compile(r"\s*(?:[-*•–—|>#]|\d+[.)])")
SENTENCE_ENDS = (".", "!", "?", ".\n", '."', ".”", "。")
EVIDENCE_CHARS = 60
"""Most characters at the end of the text that are shown as evidence. Chosen: some ten words."""


def find_truncation(text: str) -> tuple[Severity, int, str] | None:
    """Severity, start of the last words and reason when the text seems cut off, else None.

    Certain when it ends in a comma, an open bracket or a word that cannot end a sentence of its language; a suspicion
    when a long last line of prose just stops.
    """
    if text.endswith(SENTENCE_ENDS):
        return None
    body = text.rstrip()
    if not body:
        return None
    line = body[body.rfind("\n", max(0, len(body) - 4000)) + 1 :]
    words = find_words(line[-240:])
    start = max(len(body) - len(line), len(body) - EVIDENCE_CHARS)
    if body.endswith(OPEN_ENDINGS) or OPENING.search(body[-3:]):
        return ("error", start, "breaks off after a comma or an open bracket") if len(words) > 5 else None
    if CLOSED.search(body[-8:]) or UNMARKED.search(body[-8:]) or not words:
        return None
    if last := _cannot_end(text, line, words):
        return "error", start, f'breaks off after "{last}"'
    long = LONG_SPACELESS if has_spaceless(words[-1]) else LONG_LINE
    prose = len(words) >= long and not LIST_ITEM.match(line) and "http" not in line
    return ("warning", start, "the last line of prose does not end") if prose else None


def _cannot_end(text: str, line: str, words: list[str]) -> str:
    """The last word if a sentence of the text's language cannot end with it, else an empty string."""
    if len(words) < 2:
        return ""
    spaceless = has_spaceless(words[-1])
    last = line.split()[-1]  # whole: the name Ng'ang'a does not end in an article
    ends = [end for end in _ends() if (line.endswith(end) if spaceless else last == end)]
    if not ends:  # in any language: to detect the text's own takes far longer
        return ""
    known = detect_language(text[-4000:]).cannot_end
    return next((end for end in known if end in ends), "")


@cache
def _ends() -> frozenset[str]:
    """What no sentence of one language or another can end with."""
    return frozenset[str]().union(*(known.cannot_end for known in known_languages().values()))
