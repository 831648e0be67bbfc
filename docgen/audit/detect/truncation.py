"""Whether a document breaks off in mid-sentence."""

import re
from functools import cache
from pathlib import Path

from docgen.audit.data_files import read_words
from docgen.records import Severity

__all__ = ["truncated"]

CLOSED = re.compile(r"[.!?:;…)\]}\"'”’»*_|>#=~/–—-]\W*$")
LONG_LINE = 14
"""Words in an open last line that make it prose rather than a signature, caption or list item."""
LIST_ITEM = re.compile(r"\s*(?:[-*•–—|>#]|\d+[.)])")
SENTENCE_ENDS = (".", "!", "?", ".\n", '."', ".”")
SHOWN = 60


@cache
def _dangling() -> frozenset[str]:
    """Words that cannot end a sentence."""
    return read_words(Path(__file__).parent / "data" / "dangling_words.txt")


def truncated(text: str) -> tuple[Severity, int, str] | None:
    """Severity, start of the last words and reason when the text seems cut off, else None.

    Certain when it ends in a comma, an open bracket or a word that cannot end a sentence; a suspicion when a long last
    line of prose just stops.
    """
    if text.endswith(SENTENCE_ENDS):
        return None
    body = text.rstrip()
    if not body:
        return None
    line = body[body.rfind("\n", max(0, len(body) - 4000)) + 1 :]
    words = re.findall(r"\w+(?:['’]\w+)*", line[-240:])
    start = max(len(body) - len(line), len(body) - SHOWN)
    if body.endswith((",", "(", "[", "“")) and len(words) > 3:
        return ("error", start, "breaks off after a comma or an open bracket") if len(words) > 5 else None
    if CLOSED.search(body[-8:]) or not words:
        return None
    if words[-1] in _dangling() and len(words) > 1:
        return "error", start, f'breaks off after "{words[-1]}"'
    prose = len(words) >= LONG_LINE and not LIST_ITEM.match(line) and "http" not in line
    return ("warning", start, "the last line of prose has no end") if prose else None
