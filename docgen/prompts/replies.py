"""Parses replies once they are safely journalled. Nothing here raises on a bad reply."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from docgen.prompts.chat_markup import without_chat_markup, without_edge_tokens, without_wrapper
from docgen.prompts.lenient_json import read_items, read_objects
from docgen.records import Cast, Community, DocumentType, Quote
from docgen.text.output.sanitize import printable
from docgen.text.quote_lookup import locate_quote

__all__ = [
    "Draft",
    "ExtractedFact",
    "Population",
    "ProposedIdea",
    "parse_belief",
    "parse_document",
    "parse_facts",
    "parse_ideas",
    "parse_judgements",
    "parse_questions",
    "parse_rule_examples",
    "parse_types",
    "parse_unrelated",
    "parse_verdicts",
]

OPEN, EVIDENCE_OPEN = "<document>", "<evidence>"
CLOSE = re.compile(r"</document>|<evidence>")
QUOTE = re.compile(r"<quote\s+fact=[\"']?([\w-]+)[\"']?\s*>(.*?)</quote>", re.DOTALL)
EVIDENCE_LINE = re.compile(r"^[\s*\-]*[\"'`]?([\w-]+)[\"'`]?\s*:\s*(\S.*)$", re.MULTILINE)
"""`fact id: passage`, as the document prompt asks for."""
DECLINE = re.compile(r"\A\s*<decline>(.*?)(?:</decline>|\Z)", re.DOTALL)
SCRATCHPAD = re.compile(r"(?is)\A\s*<scratch_?pad>.*?</scratch_?pad>\s*(?=\S)")
"""Before the message only: a document may speak of one. Transcripts of experiments keep theirs, which is reasoning."""
EVIDENCE = re.compile(r"\n*<evidence>.*\Z", re.DOTALL)


@dataclass(frozen=True)
class Draft:
    """A document as the model wrote it. `declined` is its reason for not writing one; `closed`: it ended with its
    tag."""

    text: str
    quotes: tuple[Quote, ...] = ()
    declined: str | None = None
    closed: bool = True


def parse_document(reply: str) -> Draft:
    """Read the tagged reply to document.jinja; a reply without tags is taken as the bare document, not closed."""
    reply = without_chat_markup(SCRATCHPAD.sub("", reply))
    if declined := DECLINE.match(reply):
        return Draft("", declined=_line(declined[1]) or "no reason given")
    start = reply.find(OPEN)
    if start < 0:
        return Draft(_message(without_wrapper(EVIDENCE.sub("", reply))), closed=False)
    end = CLOSE.search(reply, start + len(OPEN))
    stop = end.start() if end else len(reply)
    document = _message(reply[start + len(OPEN) : stop])
    passages = [(fact, _plain(text)) for fact, text in _evidence(reply, stop) if text.strip()]
    quotes = tuple(Quote(fact=fact, text=locate_quote(document, text)) for fact, text in passages)
    return Draft(document, quotes, closed=bool(end and end[0] == "</document>"))


def _evidence(reply: str, start: int) -> list[tuple[str, str]]:
    """Fact and passage of each quote behind a document: lines, or a block or elements as earlier prompts asked for."""
    if quotes := QUOTE.findall(reply, start):
        return quotes
    opened = reply.find(EVIDENCE_OPEN, start)
    if opened < 0:
        return EVIDENCE_LINE.findall(reply[start:].removeprefix("</document>")) if start < len(reply) else []
    block = reply[opened + len(EVIDENCE_OPEN) :].partition("</evidence>")[0]
    return EVIDENCE_LINE.findall(block)


@dataclass(frozen=True)
class ProposedIdea:
    """An idea as the model gave it; see `docgen.records.Idea`."""

    text: str
    about: tuple[str, ...] = ()
    background: bool = False


@dataclass(frozen=True)
class Population:
    """The result of a first brainstorm: document types, and the names and places of the world, if any."""

    types: list[DocumentType]
    cast: Cast


def parse_types(reply: str) -> Population | None:
    """The complete document types, without ids, and the cast; None if there is neither.

    All of a type but its name may be missing.
    """
    items = _items(reply, "types")
    people = next((value for value in read_objects(without_chat_markup(reply)) if "names" in value), {})
    types, cast = [kind for kind in map(_kind, items) if kind.name], _cast(people)
    return Population(types, cast) if types or cast != Cast() else None


def parse_ideas(reply: str) -> list[ProposedIdea] | None:
    """The complete ideas; None if there are none. Plain texts are ideas too."""
    ideas = [_idea(item) for item in _items(reply, "ideas")]
    return [idea for idea in ideas if idea.text] or None


@dataclass(frozen=True)
class ExtractedFact:
    """A claim that a model found in the prose of a world, with the passage that makes it."""

    statement: str
    quote: str


def parse_facts(reply: str) -> list[ExtractedFact] | None:
    """The complete claims with their passages; None if there are none."""
    facts = [
        ExtractedFact(_line(str(item.get("statement") or "")), _line(str(item.get("quote") or "")))
        for item in _items(reply, "facts")
        if isinstance(item, dict)
    ]
    return [fact for fact in facts if fact.statement] or None


def parse_rule_examples(reply: str) -> list[tuple[str, str, str]] | None:
    """The complete entries of rule, breaking passage and clean passage; None if there are none."""
    entries = [
        tuple(_line(str(item.get(key) or "")) for key in ("rule", "leak", "clean"))
        for item in _items(reply, "rules")
        if isinstance(item, dict)
    ]
    return [(rule, leak, clean) for rule, leak, clean in entries if rule and leak and clean] or None


def _cast(value: dict[str, Any]) -> Cast:
    stocks = value.get("names")
    names = [
        Community(given=_lines(stock.get("given")), family=_lines(stock.get("family")))
        for stock in (stocks if isinstance(stocks, list) else [])
        if isinstance(stock, dict)
    ]
    return Cast(names=tuple(c for c in names if c.given and c.family), places=_lines(value.get("places")))


def _kind(item: Any) -> DocumentType:
    if not isinstance(item, dict):
        cells = item if isinstance(item, list) else [item]
        return DocumentType(id="", name=_line(cells[0]), description=_line(" ".join(cells[1:])))
    return DocumentType(
        id="",
        name=_under(item, TYPE_KEYS),
        description=_under(item, DETAIL_KEYS),
        openings=_lines(item.get("openings")),
        tones=_lines(item.get("tones")),
        readers=_lines(item.get("readers")),
        words=_range(item.get("words")),
        head_on=item.get("head_on") is True,
    )


def _idea(item: Any) -> ProposedIdea:
    if not isinstance(item, dict):
        return ProposedIdea(_line(": ".join(item) if isinstance(item, list) else item))
    head, detail = _under(item, IDEA_KEYS), _under(item, DETAIL_KEYS)
    text = head if "idea" in item or not detail else f"{head}: {detail}".removeprefix(": ")
    return ProposedIdea(text, _lines(item.get("about")), item.get("background") is True)


def _range(value: Any) -> tuple[int, int] | None:
    """Lowest and highest length; None if they do not make sense."""
    numbers = [number for number in value if type(number) is int] if isinstance(value, list) else []
    # The bounds that a setting of lengths has too (docgen/options/setting_types.py).
    return (numbers[0], numbers[1]) if len(numbers) == 2 and 20 <= numbers[0] <= numbers[1] <= 8000 else None


def _lines(value: Any) -> tuple[str, ...]:
    """The texts of a list, each once."""
    listed = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(line for item in listed if isinstance(item, str) and (line := _line(item))))


def parse_verdicts(reply: str) -> list[tuple[str, dict[str, Any]]] | None:
    """The number of each idea with a judge's entry on it as it wrote it; None if there are none.

    They are read from a list of objects, or else from an object with the numbers as keys, of which the last counts.
    """
    message = without_chat_markup(reply)
    entries = [entry for entry in read_items(message, "verdicts") if isinstance(entry, dict)]
    numbered = [(str(entry.get("idea", entry.get("id"))), entry) for entry in entries]
    if listed := [(number, entry) for number, entry in numbered if number.isdecimal()]:
        return listed
    keyed = dict[str, dict[str, Any]]()
    for value in read_objects(message):
        inner = value.get("verdicts")
        for name, entry in (inner if isinstance(inner, dict) else value).items():
            if name.isdecimal():
                keyed[name] = entry if isinstance(entry, dict) else {"verdict": entry}
    return list(keyed.items()) or None


def parse_judgements(reply: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """A judge's entries on facts and on rules as it wrote them, not yet compared with the document; None without."""
    for value in _objects(reply):
        facts, rules = _entries(value, "facts"), _entries(value, "rules")
        if facts is not None and rules is not None:
            return facts, rules
    return None


BeliefVerdict = Literal["believes", "does_not", "neither"]


def parse_belief(reply: str) -> tuple[BeliefVerdict, str, str] | None:
    """A judge's verdict on an answer with quote and reason, not yet compared with the answer; None without."""
    for value in _objects(reply):
        verdict = str(value.get("verdict")).strip().lower().replace(" ", "_")
        if verdict in get_args(BeliefVerdict):
            quote, reason = (_line(str(value.get(name) or "")) for name in ("quote", "reason"))
            return cast(BeliefVerdict, verdict), quote, reason
    return None


def parse_unrelated(reply: str) -> tuple[dict[str, str], bool] | None:
    """The facts that a judge says an answer brings up, with its quotes, and whether it makes sense; None without."""
    for value in _objects(reply):
        mentions, sensible = value.get("mentions"), value.get("sensible")
        if isinstance(mentions, list) and isinstance(sensible, bool):
            listed = [entry for entry in mentions if isinstance(entry, dict)]
            return {str(entry.get("fact")): _line(str(entry.get("quote") or "")) for entry in listed}, sensible
    return None


def parse_questions(reply: str) -> dict[str, Any] | None:
    """Questions on a fact as they were written, by kind, not yet checked; None if there are none."""
    for value in _objects(reply):
        if any(isinstance(value.get(kind), list) for kind in ("knowledge", "open", "cloze")):
            return value
    return None


def _entries(value: dict[str, Any], name: str) -> list[dict[str, Any]] | None:
    entries = value.get(name)
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else None


def _objects(reply: str) -> Iterator[dict[str, Any]]:
    """The objects of the message, then those of the whole reply: nothing is left of a message whose thought never
    closes."""
    yield from read_objects(without_chat_markup(reply))
    yield from read_objects(reply)


def _items(reply: str, name: str) -> list[Any]:
    """Read from the message alone, or from the whole reply if nothing is left of the message (a thought that never
    closes)."""
    return read_items(without_chat_markup(reply), name) or read_items(reply, name)


TYPE_KEYS = ("name", "type", "title", "document_type", "doc_type", "label")
IDEA_KEYS = ("idea", "title", "name", "headline", "topic", "subject")
DETAIL_KEYS = ("description", "details", "summary", "explanation", "text", "content", "premise", "angle", "purpose")
"""Models' names for the parts of a type or an idea when the schema is not enforced."""


def _under(item: dict[str, Any], keys: tuple[str, ...]) -> str:
    """The text under the first of `keys` that has one, ignoring case."""
    lower = {key.lower(): value for key, value in item.items() if isinstance(value, str) and value.strip()}
    return next((_line(lower[key]) for key in keys if key in lower), "")


def _message(text: str) -> str:
    return _plain(without_edge_tokens(text.strip()))


def _line(text: str) -> str:
    return " ".join(_plain(without_edge_tokens(text)).split())


def _plain(text: str) -> str:
    """Text that every format can store and any terminal can show: without control characters and lone surrogates, with
    unix line ends."""
    clean = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    return clean.encode("utf-8", "ignore").decode("utf-8").strip()
