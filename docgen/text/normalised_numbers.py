"""Numbers, sums and dates of a text in one normal form, whatever the notation, for finding facts with figures.

"1,872", "1 872" and "1872" are one number, "15m", "15 million" and "15,000,000" another; "14 October 2021",
"October 14, 2021", "2021-10-14" and "14/10/2021" one day, which is also a day of that month and of that year.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from docgen.text.unicode_forms import compose
from docgen.text.word_definition import SPACELESS_CLASS

__all__ = ["HAN_DATE", "MONTHS", "figures"]

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?\\.?" for name in MONTHS)
DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH}),? (\d{{4}})\b", re.IGNORECASE)
MONTH_FIRST = re.compile(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
MONTH_ALONE = re.compile(rf"\b({_MONTH}),? (?:of )?(\d{{4}})\b", re.IGNORECASE)
NUMERIC = re.compile(r"(?<![\d.,/-])(?:(\d{4})-(\d{2})-(\d{2})|(\d{1,2})[./](\d{1,2})[./](\d{4}))(?![\d/-])")
NUMBER = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    r"(?:\s?(?:to|-|\u2013)\s?(\d+(?:[.,]\d+)?))?"
    r"\s?-?(thousand|million|billion|trillion|[kmb]n?(?!\w)|M|bn)?(?![\d])",
)
HAN_DATE = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?[日号일])?")
BESIDE_LETTER = re.compile(rf"(?<=\d)(?={SPACELESS_CLASS})|(?<={SPACELESS_CLASS})(?=\d)")
"""Between a digit and a letter of a script without spaces, where `NUMBER` looks for the end of a word."""
CURRENCY = re.compile(r"[\u00a3$\u20ac\u00a5]|\b(?:USD|EUR|GBP|US)(?=[\d$])")
BETWEEN = re.compile(r"\bbetween\s+(\d+(?:[.,]\d+)?)\s+and\s+(?=\d)", re.IGNORECASE)
SCALES = {"k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9}
_LISTED = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
UNITS = _LISTED.split()
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TENS, _UNITS = "|".join(TENS), "|".join(UNITS)
SPELT = re.compile(rf"\b(?:({_TENS})(?:[- ]({_UNITS}))?|({_UNITS}))(?:[- ](hundred|thousand|million|billion))?\b", re.I)
NAMED_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}


def figures(text: str) -> frozenset[str]:
    """Every number, day ("2021-10-14"), month ("2021-10") and year of a text; "one" is left out as a mere article."""
    plain = BETWEEN.sub(r"\1 to ", CURRENCY.sub(" ", text if text.isascii() else compose(text, compatible=True)))
    forms = set[str]()
    if not plain.isascii():
        for match in HAN_DATE.finditer(plain):
            forms.update(_parts(match[1], match[2], match[3] or ""))
        plain = BESIDE_LETTER.sub(" ", HAN_DATE.sub(" ", plain))
    # Dates come first and are taken out, so that the 14 of one is not a number as well.
    for pattern in (DAY_FIRST, MONTH_FIRST, MONTH_ALONE, NUMERIC):
        for match in pattern.finditer(plain):
            forms.update(_date(pattern, match))
        plain = pattern.sub(" ", plain)
    for match in NUMBER.finditer(plain):
        first, second, scale = match.groups()
        factor = SCALES.get((scale or " ")[0].lower(), 1) if scale != "trillion" else 10**12
        forms.update(_canonical(_value(number) * factor) for number in (first, second) if number)
    forms.update(value for match in SPELT.finditer(plain) if (value := _spelt(match)) != "1")
    return frozenset(forms)


def _date(pattern: re.Pattern[str], match: re.Match[str]) -> Iterator[str]:
    groups = match.groups()
    if pattern is NUMERIC:
        year, month, day = groups[:3] if groups[0] else (groups[5], groups[4], groups[3])
    elif pattern is MONTH_ALONE:
        year, month, day = groups[1], _month(groups[0]), ""
    else:
        first = pattern is DAY_FIRST
        year, month, day = groups[2], _month(groups[1 if first else 0]), groups[0 if first else 1]
    yield from _parts(str(year), str(month), str(day or ""))


def _parts(year: str, month: str, day: str) -> Iterator[str]:
    yield year
    yield f"{year}-{int(month):02d}"
    if day:
        yield f"{year}-{int(month):02d}-{int(day):02d}"


def _month(name: str) -> str:
    return str(next(number for number, month in enumerate(MONTHS, start=1) if month.startswith(name[:3].lower())))


def _value(number: str) -> Decimal:
    """A comma before three digits separates thousands; any other is a decimal point."""
    plain = re.sub(r"[\u00a0\u202f ]", "", number)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        return Decimal(plain.replace(",", ""))
    return Decimal(plain.replace(",", "."))


def _spelt(match: re.Match[str]) -> str:
    tens, unit, small, scale = match.groups()
    value = (TENS.index(tens.lower()) + 2) * 10 if tens else 0
    last = unit or small
    value += UNITS.index(last.lower()) if last else 0
    return _canonical(Decimal(value * NAMED_SCALES[scale.lower()] if scale else value))


def _canonical(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return text or "0"
