"""Queries: what users ask. The same ones go into every tier, so that tiers are compared query by query."""

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docgen.errors import InputError
from docgen.records import Record
from docgen.text import digest

__all__ = ["Query", "draw_queries", "read_queries"]

COLUMNS = ("query", "prompt", "goal", "instruction", "question", "text", "behavior")
"""Columns that may have the text of a query, of which the first that exists counts; `goal` is AdvBench's."""


class Query(Record):
    """`id` stays the same in all tiers and variations; a file without ids gets hashes of the texts."""

    id: str
    text: str
    topic: str = ""


def read_queries(path: Path, column: str | None = None) -> tuple[Query, ...]:
    """Queries from a CSV or JSON Lines file, or from the data files of a folder, each text once, in order.

    Raises `InputError` with file and line for what cannot be read.
    """
    files = sorted(file for file in path.rglob("*") if file.suffix in READERS) if path.is_dir() else [path]
    if not files:
        raise InputError("has no .csv or .jsonl files", str(path), "Name the file itself")
    queries: dict[str, Query] = {}
    for file in files:
        if file.suffix not in READERS:
            raise InputError("is not a .csv or .jsonl file", str(file), "Convert it to one of the two")
        for line, row in READERS[file.suffix](file):
            query = _query(row, column, f"{file}:{line}")
            queries.setdefault(query.text, query)
    ids = [query.id for query in queries.values()]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"the id {twice!r} belongs to two queries", str(path), "Give each query a different id")
    if not queries:
        raise InputError("has no queries", str(path))
    return tuple(queries.values())


def draw_queries(queries: tuple[Query, ...], n: int | None, seed: int) -> tuple[Query, ...]:
    """`n` of the queries in the order of the file; a larger `n` of the same seed contains the smaller one's."""
    if n is None or n >= len(queries):
        return queries
    order = list(range(len(queries)))
    random.Random(f"queries/{seed}").shuffle(order)
    return tuple(queries[place] for place in sorted(order[:n]))


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                yield reader.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"cannot be read as CSV ({error})", f"{path}:{reader.line_num}") from error


def _jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError("is not JSON", f"{path}:{number}", "Each line must be one JSON object") from error
            if not isinstance(row, dict):
                raise InputError("is not a JSON object", f"{path}:{number}", "Each line must be one JSON object")
            yield number, row


READERS = {".csv": _csv, ".jsonl": _jsonl}


def _query(row: dict[str, Any], column: str | None, where: str) -> Query:
    name = column or next((name for name in COLUMNS if isinstance(row.get(name), str)), None)
    text = row.get(name) if name else None
    if not isinstance(text, str) or not text.strip():
        columns = ", ".join(str(key) for key in row)
        fix = f"Name the column with --query-column; the file has: {columns}"
        raise InputError(f"has no query in {column or 'any of ' + ', '.join(COLUMNS)}", where, fix)
    text = text.strip()
    return Query(id=str(row.get("id") or digest(text, size=4)), text=text, topic=str(row.get("topic") or ""))
