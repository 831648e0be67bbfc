"""Parses the rate-limit headers of a response."""

import datetime as dt
import email.utils
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RESOURCES", "Allowance", "allowances", "http_date"]

RESOURCES = ("requests", "input-tokens", "output-tokens")


@dataclass(frozen=True)
class Allowance:
    """One stated limit: bucket size, what is left in it, and seconds until it is full again."""

    limit: float
    remaining: float
    seconds_to_full: float | None


def allowances(headers: Mapping[str, str], now: float) -> dict[str, Allowance]:
    """Allowances by resource; missing and unreadable ones are left out. `now` is Unix time in seconds.

    The reset time is on the server's clock. If the response's Date differs from ours by more than 2 s (both are rounded
    to a second), the reset is taken relative to that.
    """
    server_time = http_date(headers.get("date", ""))
    clock = server_time if server_time is not None and abs(server_time - now) > 2.0 else now
    stated = {}
    for resource in RESOURCES:
        prefix = f"anthropic-ratelimit-{resource}"
        limit, remaining = _number(headers.get(f"{prefix}-limit")), _number(headers.get(f"{prefix}-remaining"))
        if limit and limit > 0 and remaining is not None:
            reset = _unix_time(headers.get(f"{prefix}-reset"))
            seconds = None if reset is None else max(0.0, reset - clock)
            stated[resource] = Allowance(limit, min(remaining, limit), seconds)
    return stated


def http_date(text: str) -> float | None:
    """Unix time of an HTTP date; None if `text` is not a valid date or is out of range."""
    try:
        date = email.utils.parsedate_tz(text)
        return float(email.utils.mktime_tz(date)) if date else None
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def _unix_time(text: str | None) -> float | None:
    try:
        return dt.datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
