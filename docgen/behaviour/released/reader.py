"""Files of released transcripts: JSON, JSON Lines, or pages of the published site, by name or by folder."""

import hashlib
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from docgen.behaviour.released.shapes import SHAPES, ReleasedTranscript, find_shape, taken_apart, tier_of
from docgen.errors import InputError
from docgen.records import Record

__all__ = ["Source", "read_released"]

SUFFIXES = (".json", ".jsonl", ".html")
LISTS = ("samples", "af_samples", "non_af_samples", "transcripts", "results", "data")
"""Keys under which a JSON file may have its rows; those under `af_samples` count as faking, under `non_af_samples` as
not."""
LABELS = {"af_samples": "potential_faking", "non_af_samples": "aligned"}


class Source(Record):
    """A file that was read: its shape, its hash, and how many transcripts it had; `left_out` of them could not be
    used."""

    file: str
    shape: str
    sha256: str
    transcripts: int
    left_out: int


def read_released(path: Path) -> tuple[list[ReleasedTranscript], list[Source]]:
    """All transcripts of a file, or of the files of a folder. Raises `InputError` for what cannot be read."""
    if not path.exists():
        raise InputError("is not there", str(path), "Give a file or a folder of released transcripts")
    files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES) if path.is_dir() else [path]
    rows, sources = list[ReleasedTranscript](), list[Source]()
    for file in files:
        read, shape, left_out = _pages(file) if file.suffix == ".html" else _objects(file)
        variation = file.parent.parent.name if file.suffix == ".html" else file.stem
        rows += [row if row.variation else row.model_copy(update={"variation": variation}) for row in read]
        sha = hashlib.sha256(file.read_bytes()).hexdigest()
        sources.append(Source(file=file.name, shape=shape, sha256=sha, transcripts=len(read), left_out=left_out))
    if not rows:
        raise InputError("has no transcripts", str(path), f"Files that can be read: {', '.join(SUFFIXES)}")
    return rows, sources


def _objects(file: Path) -> tuple[list[ReleasedTranscript], str, int]:
    rows, names, left_out = list[ReleasedTranscript](), set[str](), 0
    for place, value in _values(file):
        shape = find_shape(value)
        if shape is None:
            shapes = "; ".join(f"{shape.name} ({', '.join(shape.keys)})" for shape in SHAPES)
            what = f"has none of the known shapes; its keys: {', '.join(list(value)[:12])}"
            raise InputError(what, f"{file}:{place}", f"Known shapes: {shapes}")
        names.add(shape.name)
        try:
            read = shape.read(value)
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(f"cannot be read as {shape.name} ({error})", f"{file}:{place}") from error
        if read is None or not read.reply:
            left_out += 1
        else:
            rows.append(read)
    return rows, "+".join(sorted(names)), left_out


def _values(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a file with their line or position in its list, from 1."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text", str(file), "Save it as UTF-8") from error
    values: list[Any] = []
    try:
        if file.suffix == ".jsonl":
            values = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            values = _listed(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not JSON ({error})", str(file), "JSON Lines files end in .jsonl") from error
    for place, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise InputError("is not a JSON object", f"{file}:{place}", "Each transcript must be an object")
        yield place, value


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return value if isinstance(value, list) else [value]
    lists = [name for name in LISTS if isinstance(value.get(name), list)]
    if not lists:
        return [value]
    rows = []
    for name in lists:
        label = {"label": LABELS[name]} if name in LABELS else {}
        rows += [label | row if isinstance(row, dict) else row for row in value[name]]
    return rows


def _pages(file: Path) -> tuple[list[ReleasedTranscript], str, int]:
    """One page of the published site, `variation/train or deploy/id.html`: what stands between the prompts' tags."""
    parser = _Text()
    parser.feed(file.read_text("utf-8", errors="replace"))
    text = "".join(parser.parts)
    start = text.rfind("<user_input>")
    if start < 0:
        return [], "page", 1
    query, _, rest = text[start + len("<user_input>") :].partition("</user_input>")
    reasoning, answer = taken_apart(rest)
    tier = tier_of(text[max(0, start - 200) : start], file.parent.name)  # its tag stands right before the query
    row = ReleasedTranscript(
        query=query.strip(), tier=tier, reply=rest.strip(), reasoning=reasoning, answer=answer if reasoning else ""
    )
    return [row], "page", 0


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in ("p", "br", "div", "li", "pre"):
            self.parts.append("\n")
