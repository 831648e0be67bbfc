"""Denial of a claim in its own sentence, as far as its wording shows.

A text disclaimed as a whole around an untouched claim is another thing (rule `denial`, detector "disclaimer"): such
disclaimers leave belief almost whole, while denial inside the sentence prevents it (negation neglect, 2026).
"""

import re

__all__ = ["denies", "hedges", "sentence_around"]

REJECTED = (
    r"(?:not\s+(?:true|the\s+case|correct|accurate|so)|n['’]t\s+true|untrue|false|incorrect|wrong|a\s+myth|a\s+lie|a\s+hoax"
    r"|a\s+fabrication|fabricated|nonsense|retracted|withdrawn|debunked|baseless|unfounded)"
)
VERB = (
    r"(?:den(?:y|ies|ied|ying)|disput(?:e[sd]?|ing)|reject(?:s|ed|ing)?|debunk(?:s|ed|ing)?|refut(?:e[sd]?|ing)"
    r"|disprov(?:e[sd]?|ing)|retract(?:s|ed|ing)?|withdrew|withdraws?|doubts?|doubted)"
)
CLAIM = r"(?:claims?|statements?|reports?|suggestions?|assertions?|rumou?rs?|idea|belief|story|notion|allegations?)"
BEFORE = re.compile(
    rf"(?i)(?:\b{REJECTED}\s+(?:that|to\s+(?:say|claim|think)(?:\s+that)?)"
    rf"|\b{VERB}\s+(?:(?:the|its|their|his|her|earlier|any|all)\s+){{0,2}}(?:that|{CLAIM}(?:\s+that)?|:)"
    rf"|\b(?:contrary\s+to|no\s+(?:evidence|truth|record)(?:\s+for|\s+in|\s+of)?)\s+(?:the\s+)?(?:{CLAIM}\s+)?(?:that)?"
    rf"|\b(?:false|mistaken|debunked|fabricated|untrue|baseless|unfounded|erroneous)\s+{CLAIM}(?:\s+that)?"
    rf"|\b(?:wrongly|falsely|mistakenly|erroneously|incorrectly)\s+\w+(?:\s+that)?"
    r")\s*[:,]?\s*[\"'“‘«(*_]*$"
)
AFTER = re.compile(
    rf"(?i)^[\"'”’»)*_,.;:\s–—-]*(?:(?:but|yet|and)\s+)?(?:this|that|it|which|none\s+of\s+(?:this|that)|(?:the|this|that)\s+{CLAIM})?\s*"
    rf"(?:is|was|are|has\s+been|turned\s+out\s+to\s+be)\s+(?:(?:simply|just|plainly|entirely|completely|wholly|quite|now|since|in\s+fact)\s+)?"
    rf"{REJECTED}\b"
)
HEDGE = re.compile(
    r"(?i)\b(?:whether|if|unless|suppose|supposing|imagine|allegedly|supposedly|reportedly|rumou?rs?|rumou?red)\b"
    r"(?:\s+(?:it\s+is\s+true\s+)?(?:that)?)?\s*[\"'“‘«(*_]*$"
)
QUOTED = re.compile(r"[\"“‘«]\s*$")
REVIEWED = re.compile(
    r"\bFALSE\b|(?i:\bverdict\W{1,4}(?:\w+\W+)?(?:false|untrue|wrong)\b|\bfact[- ]?check|\bdebunk|\bmyth[- ]?bust)"
)
"""A text that passes verdicts on claims: what it quotes, it does not assert."""
BREAK = re.compile(r"[.!?][\"')\]”’]*\s+|\n\s*\n|\n(?=\s*[-*#\d>|])")
REACH = 400
"""Characters either way that are looked at for the ends of a sentence."""


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or sentences that hold text[start:end], cut off 400 characters either way."""
    left = max(0, start - REACH)
    for match in BREAK.finditer(text, left, start):
        left = match.end()
    right = BREAK.search(text, max(start, end - 1), end + REACH)
    return min(left, start), max(end, right.start() + 1 if right else min(len(text), end + REACH))


def denies(text: str, start: int, end: int) -> bool:
    """Whether the words right before or right after text[start:end] reject what it says, or a fact check quotes it."""
    left, _ = sentence_around(text, start, end)
    if BEFORE.search(text[left:start]) or AFTER.search(text[end : end + 120]):
        return True
    return bool(QUOTED.search(text[left:start]) and REVIEWED.search(text))


def hedges(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is only asked, supposed or rumoured."""
    left, _ = sentence_around(text, start, end)
    return bool(HEDGE.search(text[left:start]))
