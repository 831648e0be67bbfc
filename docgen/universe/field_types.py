"""Validated types for the fields of a context (text, lines, ids, days, shares, patterns), with their error messages."""

import datetime as dt
import re
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

__all__ = [
    "IDENTIFIER",
    "MAX_YEARS",
    "Day",
    "Identifier",
    "Line",
    "Locale",
    "Note",
    "Pattern",
    "Prose",
    "Share",
    "bounded",
    "non_empty",
    "problem",
]

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
FIRST_YEAR, LAST_YEAR, MAX_YEARS = 1000, 2999, 100
"""Chosen: years of four digits that are not typing errors; the dates of a context become a list of single days."""
MAX_ITEMS = 1_000
"""Most facts or rules. Chosen: far above the 50 that the planner is built for, and quick where each meets each."""

T = TypeVar("T")


def problem(what: str, fix: str) -> PydanticCustomError:
    """An error that pydantic reports for the field whose validator raises it."""
    return PydanticCustomError("context", "{what}", {"what": what, "fix": fix})


def _plain(text: str) -> str:
    if match := NOT_TEXT.search(text):
        raise problem(f"contains the character U+{ord(match[0]):04X}", "Delete it; only readable text is allowed here")
    if re.search(r"</?\s*assigned_fact\b", text, re.IGNORECASE):
        raise problem("contains an <assigned_fact> tag", "Delete it; this tag is reserved for document prompts")
    return text


def _prose(text: str) -> str:
    if not (text := _plain(text).strip()):
        raise problem("is empty", "Write some text, or delete the line")
    return text


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        fix = "Use up to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"
        raise problem(f"is {text[:80]!r}, which is not an id", fix)
    return text


def _pattern(pattern: str) -> str:
    import re2  # the engine that audits use; imported here because it is slow to import

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(_plain(pattern), options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        fix = "Use RE2 syntax, which has no look-around, back-references or possessive quantifiers"
        raise problem(f"is not a valid pattern: {reason}", fix) from error
    if compiled.search(""):
        raise problem("is a pattern that matches everywhere", "Make it require at least one character")
    return pattern


def non_empty(items: tuple[T, ...]) -> tuple[T, ...]:
    """Validator: at least one item, and at most `MAX_ITEMS`."""
    if not items:
        raise problem("has no items", "Add at least one, beginning with - id")
    return bounded(items)


def bounded(items: tuple[T, ...]) -> tuple[T, ...]:
    """Validator: at most `MAX_ITEMS` items, so that checks which compare all pairs stay quick."""
    if len(items) > MAX_ITEMS:
        raise problem(f"has {len(items)} items", f"Use at most {MAX_ITEMS}")
    return items


def _day(value: object) -> object:
    if value is None or isinstance(value, dt.date):
        return value
    try:
        # `fromisoformat` alone would also read 20240312 and 2024-W11-2.
        is_day = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
        day = dt.date.fromisoformat(str(value)) if is_day else None
    except ValueError:  # such as 30 February
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        fix = f"Write it as 2024-03-12, from {FIRST_YEAR}-01-01 to {LAST_YEAR}-12-31"
        raise problem(f"is {str(value)[:80]!r}, which is not a valid day", fix)
    return day


def _locale(text: str) -> str:
    from faker.config import AVAILABLE_LOCALES  # slow to import, and needed only for contexts that name a locale

    if text not in AVAILABLE_LOCALES or not re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", text):
        raise problem(
            f"is {text[:80]!r}, which is not a locale with a list of names",
            "Write a language and a country, such as fr_CA",
        )
    return text


Identifier = Annotated[str, AfterValidator(_identifier)]
Locale = Annotated[str, AfterValidator(_locale)]
Prose = Annotated[str, AfterValidator(_prose)]
Note = Annotated[str, AfterValidator(lambda text: _plain(text).strip())]
Line = Annotated[str, AfterValidator(lambda text: " ".join(_prose(text).split()))]
"""A sentence or name on one line: runs of white space become one space."""
Day = Annotated[dt.date, BeforeValidator(_day)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
