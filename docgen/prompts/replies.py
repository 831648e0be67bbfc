"""What a model's raw text says, read once it is safely journalled. Nothing here raises on a bad reply."""

import json
import re
from dataclasses import dataclass
from typing import Any

from docgen.records import Cast, Community, DocumentType, Quote
from docgen.text.quotes import whole_quote
from docgen.text.sanitize import printable

__all__ = [
    "Draft",
    "ProposedIdea",
    "parse_cast",
    "parse_document",
    "parse_ideas",
    "parse_judgements",
    "parse_types",
    "parse_verdicts",
]

OPEN = "<document>"
CLOSE = re.compile(r"</document>|<evidence>")
QUOTE = re.compile(r"<quote\s+fact=[\"']?([\w-]+)[\"']?\s*>(.*?)</quote>", re.DOTALL)
DECLINE = re.compile(r"\A\s*<decline>(.*?)(?:</decline>|\Z)", re.DOTALL)
RANGE_ENDS, LENGTHS = 2, (20, 8000)
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
    document = _plain(reply[start + len(OPEN) : stop])
    found = [(fact, _plain(text)) for fact, text in QUOTE.findall(reply, stop) if text.strip()]
    quotes = tuple(Quote(fact=fact, text=whole_quote(document, text)) for fact, text in found)
    return Draft(document, quotes, closed=bool(end and end[0] == "</document>"))


@dataclass(frozen=True)
class ProposedIdea:
    """An idea as the model gave it; see `docgen.records.Idea`."""

    text: str
    about: tuple[str, ...] = ()
    background: bool = False


def parse_types(reply: str) -> list[DocumentType] | None:
    """Document types without ids, or None when the reply is not what was asked. All but the name may be missing."""
    items = _items(reply, "types")
    if items is None:
        return None
    kinds = [DocumentType(id="", name=_line(item)) if isinstance(item, str) else _kind(item) for item in items]
    return [kind for kind in kinds if kind.name]


def parse_ideas(reply: str) -> list[ProposedIdea] | None:
    """Ideas, or None when the reply is not what was asked. Plain texts are ideas too."""
    items = _items(reply, "ideas")
    if items is None:
        return None
    ideas = [ProposedIdea(_line(item)) if isinstance(item, str) else _idea(item) for item in items]
    return [idea for idea in ideas if idea.text]


def parse_cast(reply: str) -> Cast:
    """The names and places that came with the document types; empty when there are none."""
    value = _json(reply)
    if not isinstance(value, dict):
        return Cast()
    stocks = value.get("names")
    names = [
        Community(given=_lines(stock.get("given")), family=_lines(stock.get("family")))
        for stock in (stocks if isinstance(stocks, list) else [])
        if isinstance(stock, dict)
    ]
    return Cast(names=tuple(c for c in names if c.given and c.family), places=_lines(value.get("places")))


def _kind(item: Any) -> DocumentType:
    if not isinstance(item, dict):
        return DocumentType(id="", name="")
    return DocumentType(
        id="",
        name=_text(item.get("name")),
        description=_text(item.get("description")),
        openings=_lines(item.get("openings")),
        tones=_lines(item.get("tones")),
        readers=_lines(item.get("readers")),
        words=_range(item.get("words")),
        head_on=item.get("head_on") is True,
    )


def _idea(item: Any) -> ProposedIdea:
    if not isinstance(item, dict):
        return ProposedIdea("")
    text = _text(item.get("idea") if "idea" in item else item.get("text"))
    return ProposedIdea(text, _lines(item.get("about")), item.get("background") is True)


def _range(value: Any) -> tuple[int, int] | None:
    """Lowest and highest length; None when they make no sense."""
    numbers = [number for number in value if type(number) is int] if isinstance(value, list) else []
    if len(numbers) != RANGE_ENDS or not LENGTHS[0] <= numbers[0] <= numbers[1] <= LENGTHS[1]:
        return None
    return numbers[0], numbers[1]


def _lines(value: Any) -> tuple[str, ...]:
    """The texts of a list, each once."""
    listed = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(line for item in listed if isinstance(item, str) and (line := _line(item))))


def _text(value: Any) -> str:
    return _line(value) if isinstance(value, str) else ""


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


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Text that every format can hold and any terminal show: no controls, no lone surrogates, unix line ends."""
    clean = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    return clean.encode("utf-8", "ignore").decode("utf-8").strip()
