"""What the fields of a context may hold: plain text, lines, ids, days, shares, patterns; each with its error."""

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
    "few",
    "problem",
    "some",
]

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
LOCALE = re.compile(r"[a-z]{2,3}_[A-Z]{2}")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_YEAR, LAST_YEAR, MAX_YEARS = 1000, 2999, 100
PROMPT_TAG = re.compile(r"</?\s*assigned_fact\b", re.IGNORECASE)
MAX_ITEMS = 1_000
"""Facts, or rules; the planner is built for 50. Keeps the checks that compare each with each quick on any input."""

T = TypeVar("T")


def problem(what: str, fix: str) -> PydanticCustomError:
    """An error that pydantic reports for the field whose validator raises it."""
    return PydanticCustomError("context", "{what}", {"what": what, "fix": fix})


def _plain(text: str) -> str:
    if match := NOT_TEXT.search(text):
        raise problem(f"holds the character U+{ord(match[0]):04X}", "Delete it; only readable text can stand here")
    if PROMPT_TAG.search(text):
        raise problem("holds an <assigned_fact> tag", "Delete it; document prompts need this tag for themselves")
    return text


def _prose(text: str) -> str:
    if not (text := _plain(text).strip()):
        raise problem("is empty", "Write something, or delete the line")
    return text


def _line(text: str) -> str:
    return " ".join(_prose(text).split())


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        fix = "Use up to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"
        raise problem(f"is {text[:80]!r}, which is not an id", fix)
    return text


def _pattern(pattern: str) -> str:
    import re2  # the engine that audits search with; here to keep it out of start-up

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(_plain(pattern), options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        fix = "Use RE2 syntax: without look-around, back references and possessive quantifiers"
        raise problem(f"is not a usable pattern: {reason}", fix) from error
    if compiled.search(""):
        raise problem("is a pattern that matches everywhere", "Make at least one character obligatory")
    return pattern


def some(items: tuple[T, ...]) -> tuple[T, ...]:
    """At least one, and not too many."""
    if not items:
        raise problem("has no items", "Add at least one, beginning with - id")
    return few(items)


def few(items: tuple[T, ...]) -> tuple[T, ...]:
    """Not so many that checks which compare each with each would take long."""
    if len(items) > MAX_ITEMS:
        raise problem(f"has {len(items)} items", f"Keep it to {MAX_ITEMS}")
    return items


def _day(value: object) -> object:
    if value is None or isinstance(value, dt.date):
        return value
    try:
        day = dt.date.fromisoformat(value) if isinstance(value, str) and ISO_DAY.fullmatch(value) else None
    except ValueError:  # the thirtieth of February
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        fix = f"Write it as 2024-03-12, from {FIRST_YEAR}-01-01 to {LAST_YEAR}-12-31"
        raise problem(f"is {str(value)[:80]!r}, which is not a day that can be taken", fix)
    return day


def _locale(text: str) -> str:
    from faker.config import AVAILABLE_LOCALES  # only for contexts that name one: it takes long to import

    if text not in AVAILABLE_LOCALES or not LOCALE.fullmatch(text):
        raise problem(
            f"is {text[:80]!r}, which is not a locale that names can be drawn from",
            "Write language and country, such as fr_CA",
        )
    return text


Identifier = Annotated[str, AfterValidator(_identifier)]
Locale = Annotated[str, AfterValidator(_locale)]
Prose = Annotated[str, AfterValidator(_prose)]
Note = Annotated[str, AfterValidator(lambda text: _plain(text).strip())]
Line = Annotated[str, AfterValidator(_line)]
"""A sentence or name: white space of any kind counts as one space."""
Day = Annotated[dt.date, BeforeValidator(_day)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
