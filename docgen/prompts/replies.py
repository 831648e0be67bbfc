"""What a model's raw text says, read once it is safely journalled. Nothing here raises on a bad reply."""

import json
import re
from dataclasses import dataclass
from typing import Any

from docgen.records import Quote
from docgen.text.sanitize import printable

__all__ = ["Draft", "parse_document", "parse_ideas", "parse_judgements", "parse_types", "parse_verdicts"]

OPEN = "<document>"
CLOSE = re.compile(r"</document>|<evidence>")
QUOTE = re.compile(r"<quote\s+fact=[\"']?([\w-]+)[\"']?\s*>(.*?)</quote>", re.DOTALL)
DECLINE = re.compile(r"\A\s*<decline>(.*?)(?:</decline>|\Z)", re.DOTALL)
EVIDENCE = re.compile(r"\n*<evidence>.*\Z", re.DOTALL)


@dataclass(frozen=True)
class Draft:
    """A document as the model wrote it. `declined` holds its reason when it gave none; `closed` is the end tag."""

    text: str
    quotes: tuple[Quote, ...] = ()
    declined: str | None = None
    closed: bool = True


def parse_document(reply: str) -> Draft:
    """Read the tagged reply to document.jinja; a reply without tags is taken as the bare document, not closed."""
    if declined := DECLINE.match(reply):
        return Draft("", declined=_line(declined[1]) or "no reason given")
    start = reply.find(OPEN)
    if start < 0:
        return Draft(_plain(EVIDENCE.sub("", reply)), closed=False)
    end = CLOSE.search(reply, start + len(OPEN))
    stop = end.start() if end else len(reply)
    quotes = tuple(Quote(fact=fact, text=_plain(text)) for fact, text in QUOTE.findall(reply, stop) if text.strip())
    return Draft(_plain(reply[start + len(OPEN) : stop]), quotes, closed=bool(end and end[0] == "</document>"))


def parse_types(reply: str) -> list[tuple[str, str]] | None:
    """(name, description) pairs, or None when the reply is not what was asked."""
    items = _items(reply, "types")
    if items is None:
        return None
    pairs = [(item, "") if isinstance(item, str) else _pair(item) for item in items]
    return [(name, description) for name, description in pairs if name]


def parse_ideas(reply: str) -> list[str] | None:
    """Ideas, or None when the reply is not what was asked."""
    items = _items(reply, "ideas")
    if items is None:
        return None
    texts = [item if isinstance(item, str) else _pair(item, "idea")[0] for item in items]
    return [_line(text) for text in texts if text.strip()]


def parse_verdicts(reply: str) -> list[dict[str, Any]] | None:
    """A judge's verdicts as it wrote them, not yet compared with its material; None when there is no list of them."""
    return _entries(_json(reply, openers="{"), "verdicts")


def parse_judgements(reply: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """A judge's entries on facts and on rules as it wrote them, not yet compared with the document; None without."""
    value = _json(reply, openers="{")
    facts, rules = _entries(value, "facts"), _entries(value, "rules")
    return None if facts is None or rules is None else (facts, rules)


def _entries(value: Any, name: str) -> list[dict[str, Any]] | None:
    entries = value.get(name) if isinstance(value, dict) else None
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else None


def _items(reply: str, name: str) -> list[Any] | None:
    value = _json(reply)
    items = value.get(name) if isinstance(value, dict) else value
    return items if isinstance(items, list) else None


def _json(reply: str, openers: str = "{[") -> Any:
    """The JSON value in `reply`, also inside a code fence or prose; None when there is none."""
    starts = [at for at in map(reply.find, openers) if at >= 0]
    if not starts:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(reply, min(starts))[0]
    except (ValueError, RecursionError):  # ValueError also covers an integer of more than 4,300 digits
        return None


def _pair(item: Any, name: str = "name") -> tuple[str, str]:
    if not isinstance(item, dict):
        return "", ""
    value, description = item.get(name), item.get("description")
    return (
        _line(value) if isinstance(value, str) else "",
        _line(description) if isinstance(description, str) else "",
    )


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Text that every format can hold and any terminal show: no controls, no lone surrogates, unix line ends."""
    clean = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    return clean.encode("utf-8", "ignore").decode("utf-8").strip()
