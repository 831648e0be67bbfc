"""What the rate-limit headers of a response say."""

import datetime as dt
import email.utils
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RESOURCES", "Allowance", "allowances", "http_date"]

RESOURCES = ("requests", "input-tokens", "output-tokens")
PREFIX = "anthropic-ratelimit-"


@dataclass(frozen=True)
class Allowance:
    """One limit as a server stated it: bucket size, what is left in it, seconds until it is full again."""

    limit: float
    remaining: float
    seconds_to_full: float | None


def allowances(headers: Mapping[str, str], now: float) -> dict[str, Allowance]:
    """Allowances by resource; those absent or unreadable are left out. `now` is Unix time.

    `reset` is on the server's clock, so it is taken relative to the response's own Date where that differs by much.
    """
    found = {}
    for resource in RESOURCES:
        limit = _number(headers.get(f"{PREFIX}{resource}-limit"))
        remaining = _number(headers.get(f"{PREFIX}{resource}-remaining"))
        if limit and limit > 0 and remaining is not None:
            reset = _unix(headers.get(f"{PREFIX}{resource}-reset"))
            seconds = None if reset is None else max(0.0, reset - _server_now(headers, now))
            found[resource] = Allowance(limit, min(remaining, limit), seconds)
    return found


def http_date(text: str) -> float | None:
    """Unix time of an HTTP date; None if it is none, or one that no clock reaches."""
    try:
        date = email.utils.parsedate_tz(text)
        return float(email.utils.mktime_tz(date)) if date else None
    except (ValueError, OverflowError):
        return None


def _server_now(headers: Mapping[str, str], now: float, tolerated: float = 2.0) -> float:
    server = http_date(headers.get("date", ""))
    return server if server is not None and abs(server - now) > tolerated else now


def _number(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def _unix(text: str | None) -> float | None:
    try:
        return dt.datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
