"""Reads lists from replies that should be JSON but are not quite: every item that is complete.

Strict JSON is read by the standard library. An item that it refuses (single quotes, trailing commas, quotation marks
that are not escaped) goes to json_repair, by itself: its time grows with the square of a text's length. An item that
was cut off has no end and is left out.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import json_repair

__all__ = ["read_items", "read_objects"]

MOST_PLACES = 100
"""Most brackets in a reply at which a list is looked for."""
MOST_CHARS = 4000
"""Most characters of an item that is repaired."""
DECODER = json.JSONDecoder(strict=False)
SKIPPED = re.compile(r"(?:[\s,]|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
ENDS = {
    '"': re.compile(r'"(?=\s*(?:,\s*["{\[\'\]]|\]|\n\s*"))'),
    "'": re.compile(r"'(?=\s*(?:,\s*[\"{\['\]]|\]|\n\s*'))"),
    "“": re.compile(r"”(?=\s*(?:,\s*[“\"\]]|\]|\n\s*“))"),
    "{": re.compile(r"\}(?=\s*(?:,\s*[{\]]|\]|\{))"),
}
"""Where an item that begins this way ends, by what follows it."""


def read_items(reply: str, name: str) -> list[Any]:
    """Strings and objects of the list under the key `name`; else of the longest list; else the objects themselves."""
    lists = list(_lists(reply))
    named = [items for at, items in lists if _key_before(reply, at) == name.lower()]
    best: list[Any] = max(reversed(named or [items for _, items in lists]), key=len, default=[])
    return best or _loose_objects(reply, name)


def read_objects(reply: str) -> Iterator[dict[str, Any]]:
    """Every complete outermost object, in order."""
    at, places = reply.find("{"), 0
    while at >= 0 and places < MOST_PLACES:
        places += 1
        value, end = _decoded(reply, at)
        if isinstance(value, dict):
            yield value
        at = reply.find("{", max(end, at + 1))


def _lists(reply: str) -> Iterator[tuple[int, list[Any]]]:
    """(position, usable items) of every list that has any; lists within a list that was read are not looked at."""
    at, places = reply.find("["), 0
    while at >= 0 and places < MOST_PLACES:
        places += 1
        items, end = _list_at(reply, at + 1)
        usable = [item for item in items if isinstance(item, str | dict) or _is_row(item)]
        if usable:
            yield at, usable
        at = reply.find("[", end if usable else at + 1)


def _list_at(reply: str, at: int) -> tuple[list[Any], int]:
    """The complete items from `at` on, and where they end."""
    items: list[Any] = []
    while True:
        at = _skip(reply, at)
        if at >= len(reply) or reply[at] == "]":
            return items, at
        value, end = _decoded(reply, at)
        after = _skip(reply, end, commas=False)
        # Whole only if another item follows, or the list's end, or nothing more; a quotation mark may be unescaped.
        if end > at and (
            after >= len(reply) or reply[after] in ",]" or (reply[after] in '"{' and "\n" in reply[end:after])
        ):
            items.append(value)
            at = end
            continue
        value, end = _repaired(reply, at)
        if end == at:
            return items, at
        if value is not None:
            items.append(value)
        at = end


def _repaired(reply: str, at: int) -> tuple[Any, int]:
    """(item or None, end) of an item that is not JSON; (None, at) for one without an end."""
    pattern = ENDS.get(reply[at])
    match = pattern.search(reply, at + 1) if pattern else None
    if match is None:
        return None, at
    text = reply[at : match.end()]
    if len(text) > MOST_CHARS:
        return None, match.end()
    try:
        value = json_repair.loads(f"[{text}]".replace("“", '"').replace("”", '"'))
    except (ValueError, RecursionError):
        return None, match.end()
    first = value[0] if isinstance(value, list) and value else None
    return (first if isinstance(first, str | dict) else None), match.end()


def _decoded(reply: str, at: int) -> tuple[Any, int]:
    """(value, end) of the JSON at `at`; (None, at) if there is none."""
    try:
        return DECODER.raw_decode(reply, at)
    except (ValueError, RecursionError):
        return None, at


def _skip(reply: str, at: int, commas: bool = True) -> int:
    if not commas:
        while at < len(reply) and reply[at].isspace():
            at += 1
        return at
    match = SKIPPED.match(reply, at)
    return match.end() if match else at


def _key_before(reply: str, at: int) -> str:
    """The key whose value begins at `at`, in lower case."""
    match = re.search(r"([\w-]+)\W{0,3}\s*[:=]\s*\Z", reply[max(0, at - 60) : at])
    return match[1].lower() if match else ""


def _is_row(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and all(isinstance(cell, str) for cell in item)


def _loose_objects(reply: str, name: str) -> list[Any]:
    """Items of a reply without a list: objects one after the other, or objects or texts under numbers."""
    items: list[Any] = []
    for value in read_objects(reply):
        inner = value.get(name)
        entries = inner if isinstance(inner, dict) else value
        several = all(key.strip("#. ").isdigit() for key in entries)
        if several or any(isinstance(entry, dict) for entry in entries.values()):
            items += [entry for entry in entries.values() if isinstance(entry, str | dict)]
        elif any(isinstance(entry, str) for entry in entries.values()):
            items.append(entries)
    return items
