"""Names and dates in a fact's statement."""

import datetime as dt
import re

__all__ = ["latest_date", "names_in"]

MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
MONTHS = {name: number for number, name in enumerate(MONTH.split("|"), 1)}
YEAR = r"(?:1[5-9]|20)\d\d"
DATE = re.compile(
    rf"(?:(?P<day>\d{{1,2}}) )?\b(?P<month>{MONTH})\b(?: (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,)? (?P<year>{YEAR})\b"
    rf"|\b(?P<only>{YEAR})\b(?!\s*(?:%|words|people|children|pages|participants|patients|copies))"
)
WORD = r"[A-Z\u00c0-\u00de][\w\u2019'.&-]*"
LINK = r"(?:of the|of|de|van|von|di|da|del|la)"
NAME = re.compile(rf"{WORD}(?:(?: {LINK})? {WORD})*")
NOT_NAMES = {
    *("The", "A", "An", "In", "On", "At", "It", "Its", "This", "These", "That", "By", "For", "From", "As", "Of"),
    *("Since", "After", "Before", "During", "When", "While", "Each", "Every", "All", "Some", "Most", "No", "Not"),
    *("Children", "People", "Research", "Researchers", "Preliminary", "Early", "Both", "Many", "Several", *MONTHS),
}
"""Words that begin sentences without being names. Chosen from the statements of public contexts."""


def names_in(statement: str, prose: str) -> tuple[str, ...]:
    """The names in a statement: runs of capitalised words that are also capitalised inside a sentence somewhere.

    Source of the rule: a word that is capitalised only because it begins a sentence is in lower case elsewhere.
    """
    names: list[str] = []
    for match in NAME.finditer(statement):
        words = match[0].rstrip(".'\u2019").split()
        while words and words[0] in NOT_NAMES:
            words = words[1:]
        name = " ".join(words)
        # Its first word may be capitalised only because it begins the sentence: not if the prose has the name inside
        # one. Else that word goes, and small words after it.
        if match.start() == 0 and not (name and re.search(rf"[a-z0-9,;] {re.escape(name)}\b", prose)):
            words = words[1:]
            while words and words[0].islower():
                words = words[1:]
        name = re.sub(r"['\u2019]s?$", "", " ".join(words))
        if len(name) > 1:
            names.append(name)
    return tuple(dict.fromkeys(names))


def latest_date(statement: str) -> dt.date | None:
    """The first day on which a statement can be true: its latest date, of a month or year the first day."""
    dates = [date for match in DATE.finditer(statement) if (date := _date(match)) is not None]
    return max(dates, default=None)


def _date(match: re.Match[str]) -> dt.date | None:
    if match["only"]:
        return dt.date(int(match["only"]), 1, 1)
    try:
        return dt.date(int(match["year"]), MONTHS[match["month"]], int(match["day"] or match["day2"] or 1))
    except ValueError:
        return None
