"""Indexes a run's journal: what was spent on what, and where a judge's replies are; nothing else."""

import sqlite3
from typing import Any

from pydantic_core import from_json

from docgen.explorer.index.schema import get_meta, put_meta
from docgen.files.append_log import read_lines
from docgen.files.run_folder.run_folder import RunFolder

__all__ = ["JUDGE_STAGE", "index_journal"]

JUDGE_STAGE = "judge_document"
TEXT = b',"text":"'
"""Before a reply, which is last on its line; quotes inside values are escaped."""


def index_journal(connection: sqlite3.Connection, folder: RunFolder) -> bool:
    """Index the lines since the last time; returns whether there were a judge's replies among them."""
    if not folder.journal.exists():
        return False
    note: dict[str, Any] = get_meta(connection, "journal", {"end": 0, "spent": {}})
    if note["end"] > folder.journal.stat().st_size:
        note = {"end": 0, "spent": {}}
    places, judged = list[tuple[bytes, int, int]](), False
    for at, line in read_lines(folder.journal, note["end"]):
        note["end"] = at + len(line) + 1
        entry = _head(line)
        if entry is None:
            continue
        # Calls, tokens in, tokens out, tokens cached, dollars and calls without a price, by stage and model.
        usage, dollars = [*(entry.get("usage") or ()), 0, 0, 0, 0], entry.get("dollars")
        name = f"{entry.get('stage', '')}\t{entry.get('model', '')}"
        total = note["spent"].setdefault(name, [0, 0, 0, 0, 0.0, 0])
        for place, value in enumerate((1, usage[0], usage[1], usage[2] + usage[3], dollars or 0.0, dollars is None)):
            total[place] += value
        if entry.get("stage") == JUDGE_STAGE:
            places.append((bytes.fromhex(entry["key"]), at, len(line)))
        if len(places) >= 50_000:  # some 10 MB in memory
            judged |= _write(connection, note, places)
            places = []
    return _write(connection, note, places) or judged


def _write(connection: sqlite3.Connection, note: dict[str, Any], places: list[tuple[bytes, int, int]]) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO judged VALUES (?, ?, ?)", places)
    put_meta(connection, "journal", note)
    connection.execute("COMMIT")
    return bool(places)


def _head(line: bytes) -> dict[str, Any] | None:
    """The entry without its text: it takes a tenth of the time, and no text of a prompt or reply gets into the
    index."""
    cut = line.find(TEXT)
    try:
        entry = from_json(line[:cut] + b"}" if cut > 0 else line)
        bytes.fromhex(entry["key"])  # raises for what is not a key
        numbers = [*(entry.get("usage") or ()), entry.get("dollars") or 0.0]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return entry if all(isinstance(value, int | float) for value in numbers) else None
