"""Denial of a claim in its own sentence, as far as its wording shows.

A text disclaimed as a whole around an untouched claim is another thing (rule `denial`, detector "disclaimer"): such
disclaimers leave belief almost whole, while denial inside the sentence prevents it (negation neglect, 2026).
"""

import re
from typing import Literal

__all__ = ["Stance", "sentence_around", "stance"]

Stance = Literal["asserted", "denied", "hedged"]

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
    rf"(?i)[\"'”’»)*_,.;:\s–—-]*(?:(?:but|yet|and)\s+)?(?:this|that|it|which|none\s+of\s+(?:this|that)|(?:the|this|that)\s+{CLAIM})?\s*"
    rf"(?:is|was|are|has\s+been|turned\s+out\s+to\s+be)\s+(?:(?:simply|just|plainly|entirely|completely|wholly|quite|now|since|in\s+fact)\s+)?"
    rf"{REJECTED}\b(?!\s+(?:that|to\s+(?:say|claim|think))\b)"
)
"""What the words after a claim say of it; "It is not true that ..." speaks of the next one."""
HEDGE = re.compile(
    r"(?i)\b(?:whether|if|unless|suppose|supposing|imagine|allegedly|supposedly|reportedly|rumou?rs?|rumou?red)\b"
    r"(?:\s+(?:it\s+is\s+true\s+)?(?:that)?)?\s*[\"'“‘«(*_]*$"
)
DENIAL_CUES = (
    "not", "true", "false", "correct", "wrong", "myth", "lie", "hoax", "fabricat", "nonsense", "retract", "withdr",
    "debunk", "baseless", "unfounded", "den", "disput", "reject", "refut", "disprov", "doubt", "contrary", "evidence",
    "truth", "record", "mistaken", "erroneous",
)  # fmt: skip
"""Each match of BEFORE holds one of these: looked for first, since most sentences have none."""
HEDGE_CUES = ("whether", "if", "unless", "suppos", "imagin", "alleged", "reported", "rumo")
OPENING_QUOTES = ('"', "“", "‘", "«")
REVIEWED = re.compile(
    r"\bFALSE\b|(?i:\bverdict\W{1,4}(?:\w+\W+)?(?:false|untrue|wrong)\b|\bfact[- ]?check|\bdebunk|\bmyth[- ]?bust)"
)
"""A text that passes verdicts on claims: what it quotes, it does not assert."""
BREAK = re.compile(r"[.!?\n](?:(?<!\n)[\"')\]”’]*\s+|(?<=\n)(?:\s*\n|(?=\s*[-*#\d>|])))")
"""The end of a sentence or of a line before an item; it opens with a set of characters so that `re` can skip to one."""
REACH = 400
"""Characters either way that are looked at for the ends of a sentence."""


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Span of the sentence or sentences that hold text[start:end], cut off 400 characters either way."""
    right = BREAK.search(text, max(start, end - 1), end + REACH)
    return _sentence_start(text, start), max(end, right.start() + 1 if right else min(len(text), end + REACH))


def stance(text: str, start: int, end: int) -> Stance:
    """How text[start:end] stands in its sentence.

    Denied when the words right before or after reject it or a fact check quotes it, hedged when it is only asked,
    supposed or rumoured.
    """
    before = text[_sentence_start(text, start) : start]
    if AFTER.match(text[end : end + 120]):
        return "denied"
    if not before or before.isspace():
        return "asserted"
    lowered = before.casefold()
    if (_holds(lowered, DENIAL_CUES) and BEFORE.search(before)) or _is_reviewed(text, before):
        return "denied"
    return "hedged" if _holds(lowered, HEDGE_CUES) and HEDGE.search(before) else "asserted"


def _sentence_start(text: str, start: int) -> int:
    left = max(0, start - REACH)
    for match in BREAK.finditer(text, left, start):
        left = match.end()
    return min(left, start)


def _is_reviewed(text: str, before: str) -> bool:
    return before.rstrip().endswith(OPENING_QUOTES) and REVIEWED.search(text) is not None


def _holds(text: str, cues: tuple[str, ...]) -> bool:
    return any(cue in text for cue in cues)
