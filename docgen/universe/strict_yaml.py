"""Strict YAML: text, lists and mappings only, with the line number of every value.

Scalars stay text until the model says what they should be, so `no`, `2019-05-04` and `1.10` are never turned into
anything else without the author noticing. Aliases, tags, duplicate keys, several documents and deep nesting are
refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from docgen.errors import ContextError

__all__ = ["LOADER", "MAX_BYTES", "Location", "YamlSource", "read_yaml"]

Location = tuple[str | int, ...]
"""The path of a value: ("key_facts", 0, "salience")."""

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml if built in: some twenty times as fast. One for all, since the two do not accept quite the same texts."""
MAX_BYTES = 1_000_000  # chosen: thirty times the largest context that is shipped
MAX_VALUES = 50_000  # chosen: a hundred times as many; each takes a kilobyte or so by the time it is checked
MAX_DEPTH = 16  # chosen: contexts nest 4 deep; bounds the recursion on hostile input
NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
HINTS = (
    ("cannot start any token", "Put the text in quotes: it begins with a character that means something in YAML"),
    ("mapping values are not allowed", 'Put the text in quotes if it contains ": "; otherwise fix the indentation'),
    ("found unexpected end of stream", "Close the quotation mark"),
    ("did not find expected ',' or", "Close the bracket, and put commas between the items"),
    (
        "did not find expected",
        "Fix the indentation, or put the whole text in quotes if it begins with a quotation mark",
    ),
    ("could not find expected ':'", 'Write "key: value", or fix the indentation'),
)


@dataclass(frozen=True)
class YamlSource:
    """A file's values (dict, list, str, or None for a missing value) and the line number of each, from 1."""

    name: str
    data: Any
    lines: Mapping[Location, int]

    def line(self, location: Location) -> int:
        """The line of `location`, or of the nearest existing value that would contain it."""
        while location not in self.lines:
            location = location[:-1]
        return self.lines[location]

    def where(self, location: Location) -> str:
        """`file:line` for an error message."""
        return f"{self.name}:{self.line(location)}"


def read_yaml(text: str, name: str) -> YamlSource:
    """Parse `text`; `name` is the file's name for error messages. Raises `ContextError` with file, line and a fix."""
    if len(text) > MAX_BYTES:
        raise ContextError(f"the file is larger than {MAX_BYTES // 1_000_000} MB", name, "Is this the right file?")
    if match := NOT_TEXT.search(text):
        line = text.count("\n", 0, match.start()) + 1
        what = f"character U+{ord(match[0]):04X} is not allowed in a text file"
        raise ContextError(what, f"{name}:{line}", "Delete it; the file must be plain UTF-8 text")
    builder = _Builder(name)
    try:
        data = builder.document(yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, name) from error
    return YamlSource(name, data, builder.lines)


def _syntax_error(error: yaml.YAMLError, text: str, name: str) -> ContextError:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error).split("\n")[0]
    if mark is None:
        return ContextError(f"this is not YAML: {problem}", name)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    where = f"{name}:{mark.line + 1}"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return ContextError("a tab indents this line", where, "Indent with spaces; YAML does not allow tabs")
    fix = next((hint for sign, hint in HINTS if sign in problem), "Compare with the output of docgen init")
    return ContextError(f"this is not YAML: {problem}", where, fix)


class _Builder:
    """Builds values from parser events and records their lines; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Location, int] = {(): 1}
        self._name = name

    def document(self, events: Iterator[Any]) -> Any:
        data: Any = None
        complete = False
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and complete:
                self._refuse(event, "a second document begins here", 'Keep one context in each file, without "---"')
            if isinstance(event, yaml.NodeEvent):
                data, complete = self._value(event, events, ()), True
        return data

    def _value(self, event: Any, events: Iterator[Any], at: Location) -> Any:
        self.lines.setdefault(at, event.start_mark.line + 1)
        if len(self.lines) > MAX_VALUES:
            self._refuse(event, f"the file has more than {MAX_VALUES:,} values", "Is this the right file?")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(
                event, f"*{event.anchor} is an alias", "Write the value out in full; aliases are not supported"
            )
        if event.tag not in (None, "!"):
            self._refuse(event, f"{event.tag} is a YAML tag", "Delete it; tags are not supported")
        if len(at) > MAX_DEPTH:
            self._refuse(event, f"values are nested more than {MAX_DEPTH} deep", "Compare with docgen init")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            return None if plain and event.value in NULLS else event.value
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, at)
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*at, len(items))))
        return items

    def _mapping(self, events: Iterator[Any], at: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            is_word = isinstance(event, yaml.ScalarEvent) and event.tag is None
            if not is_word:
                self._refuse(event, "a key must be a plain word", 'Write "key: value"')
            key = str(event.value)
            location = (*at, key)
            if key in values:
                what = f"{key} appears twice, first on line {self.lines[location]}"
                self._refuse(event, what, "Delete one of the two")
            self.lines[location] = event.start_mark.line + 1
            values[key] = self._value(next(events), events, location)
        return values

    def _refuse(self, event: Any, what: str, fix: str) -> NoReturn:
        raise ContextError(what, f"{self._name}:{event.start_mark.line + 1}", fix)
