"""Indexes what a run has besides its attempts: facts, document types, ideas, and where each slot is."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from docgen.explorer.index.column_segments import append
from docgen.explorer.index.schema import get_meta, put_meta
from docgen.files.run_folder.run_folder import RunFolder

__all__ = ["describe_world", "index_catalogue"]


def index_catalogue(connection: sqlite3.Connection, folder: RunFolder) -> None:
    """Index what changed in run.json, the context, types, ideas and slots since the last time."""
    stamps: dict[str, list[int]] = get_meta(connection, "catalogue", {})
    now = {name: _stamp(folder.path / name) for name in ("run.json", "context.yaml", "types.jsonl", "ideas.jsonl")}
    now["slots.jsonl"] = _stamp(folder.slots)
    changed = {name for name, stamp in now.items() if stamp != stamps.get(name)}
    if not changed:
        return
    connection.execute("BEGIN IMMEDIATE")
    if changed & {"run.json", "context.yaml"}:
        put_meta(connection, "world", _world(folder))
    if "types.jsonl" in changed:
        connection.execute("DELETE FROM kind")
        rows = ((kind.id, kind.name, kind.description) for kind in folder.read_types())
        connection.executemany("INSERT OR REPLACE INTO kind VALUES (?, ?, ?)", rows)
    if "ideas.jsonl" in changed:
        connection.execute("DELETE FROM idea")
        ideas = ((idea.id, idea.doc_type, idea.text) for idea in folder.read_ideas())
        connection.executemany("INSERT OR REPLACE INTO idea VALUES (?, ?, ?)", ideas)
    if "slots.jsonl" in changed:
        _take_slots(connection, folder.slots)
    put_meta(connection, "catalogue", now)
    connection.execute("COMMIT")


def _stamp(file: Path) -> list[int]:
    return [file.stat().st_size, file.stat().st_mtime_ns] if file.exists() else []


def _world(folder: RunFolder) -> dict[str, Any]:
    from docgen.options.run import RunConfig
    from docgen.pipeline.inputs.setup import read_recorded
    from docgen.universe.context_files import load_context

    config = RunConfig.recorded(read_recorded(folder)["config"]).model_dump(mode="json")
    settings = {name: config.get(name) for name in ("n", "engine", "model", "seed", "salience", "max_attempts")}
    if not folder.context.exists():
        return {"id": "", "title": folder.name, "facts": [], "config": settings}
    return describe_world(load_context(folder.context), config.get("salience") or {}) | {"config": settings}


def describe_world(context: Any, salience: dict[str, float]) -> dict[str, Any]:
    """Title and facts of a context, with the shares that were asked for; `salience` overrides the context's own."""
    facts = [
        {"id": fact.id, "statement": fact.statement, "asked": salience.get(fact.id, fact.salience)}
        for fact in context.key_facts
    ]
    return {"id": context.id, "title": context.title, "facts": facts, "config": {}}


def _take_slots(connection: sqlite3.Connection, file: Path) -> None:
    """The byte at which each slot's line begins; slots are in order."""
    connection.execute("DELETE FROM segment WHERE name = 'plan'")
    if not file.exists() or not file.stat().st_size:
        return
    ends, place = [], 0
    with file.open("rb") as opened:
        while block := opened.read(8 << 20):  # large enough for numpy, and memory stays flat for a plan of any size
            ends.append(np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + place + 1)
            place += len(block)
    starts = np.concatenate([[0], *ends])
    append(connection, "plan", 0, starts)
    put_meta(connection, "slots", len(starts) - 1)
