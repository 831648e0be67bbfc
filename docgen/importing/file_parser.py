"""Parses files of contexts to plain values: JSON, JSON Lines, YAML, or text with tags like XML's."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from docgen.errors import InputError
from docgen.files.text_files import read_text
from docgen.importing.cleaning import list_items

__all__ = ["FileValues", "read_values"]

MAX_BYTES = 10_000_000
"""Chosen: ten times the largest context that docgen itself reads; a file of contexts has a handful of them."""
TAG_NAME = r"[A-Za-z][A-Za-z0-9]*(?:[ _\-\u2010-\u2015\u2212]+[A-Za-z0-9]+)*"
BLOCK = re.compile(rf"<\s*({TAG_NAME})\s*>(.*?)<\s*/\s*\1\s*>", re.DOTALL)
"""A tagged block. Text that was copied from a PDF has spaces inside its tags, and dashes or minus signs for `_`."""
TAGS_OF_CONTEXTS = {
    "universe_context",
    "false_universe_context",
    "context",
    "document",
    "key_fact",
    "key_facts",
    "title",
}

Kind = Literal["json", "yaml", "tags", "prose"]


@dataclass(frozen=True)
class FileValues:
    """The contents of a file: `values` in order (text for prose), each with the `line` where it begins, from 1."""

    kind: Kind
    values: tuple[Any, ...]
    lines: tuple[int, ...]


def read_values(path: Path) -> FileValues:
    """The values in a file, whose format is recognised by content, not by name. Raises `InputError`."""
    text = read_text(path, MAX_BYTES, InputError)
    if not text.strip():
        raise InputError("the file is empty", str(path), "Is this the right file?")
    if text.lstrip()[0] in "{[":
        return _json_values(text, str(path))
    if blocks := _tagged(text):
        return FileValues("tags", (blocks,), (1,))
    if path.suffix.lower() in (".yaml", ".yml"):
        from docgen.universe.strict_yaml import read_yaml

        data = read_yaml(text, str(path)).data
        items = data if isinstance(data, list) else [data]
        return FileValues("yaml", tuple(items), (1,) * len(items))
    return FileValues("prose", (text,), (1,))


def _json_values(text: str, name: str) -> FileValues:
    """One value or many: a list, one object per line, several on a line, one over many lines."""
    decoder, position = json.JSONDecoder(), 0
    values: list[Any] = []
    lines: list[int] = []
    while position < len(text):
        if text[position].isspace() or text[position] == ",":
            position += 1
            continue
        line = text.count("\n", 0, position) + 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            reason = "nested too deeply" if isinstance(error, RecursionError) else getattr(error, "msg", str(error))
            raise InputError(f"is not valid JSON: {reason}", f"{name}:{at}", "Fix this value, or delete it") from error
        items = value if isinstance(value, list) else [value]
        values += items
        lines += [line] * len(items)
    return FileValues("json", tuple(values), tuple(lines))


def _tagged(text: str) -> dict[str, Any]:
    """The tagged blocks of a text, if any of them belongs to a context; repeated blocks become lists."""
    blocks: dict[str, Any] = {}
    for match in BLOCK.finditer(text):
        name, content = re.sub(r"[^a-z0-9]+", "_", match[1].lower()), match[2].strip()
        if name == "key_facts":
            inner = [fact.strip() for _, fact in BLOCK.findall(content)]
            blocks.setdefault("key_facts", []).extend(inner or list_items(content))
        elif name in ("key_fact", "fact"):
            blocks.setdefault("key_facts", []).append(content)
        elif name in blocks:
            blocks[name] = f"{blocks[name]}\n\n{content}"
        else:
            blocks[name] = content
    if not TAGS_OF_CONTEXTS & set(blocks):
        return {}
    outside = BLOCK.sub("", text).strip()
    return blocks | ({"text_outside_tags": outside} if outside else {})
