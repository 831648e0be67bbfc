"""What every page needs to know about the whole corpus, counted once when the index is built."""

import sqlite3
from typing import Any

import numpy as np

from docgen.explorer.index.column_segments import read_column
from docgen.explorer.index.schema import get_meta, put_meta

__all__ = ["LENGTHS", "summarise"]

LENGTHS = (0, 50, 100, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 5000)
"""Lower bounds of the length classes, in words. Chosen: narrow up to 1,000, since runs write 300 to 900 by default."""


def summarise(connection: sqlite3.Connection) -> None:
    """Count facts, pairs of facts, types, rules, lengths and reasons, and record them."""
    documents = int(get_meta(connection, "documents", 0))
    query = "SELECT code FROM term WHERE kind = ? ORDER BY code"
    codes = {
        kind: [code for (code,) in connection.execute(query, (kind,))]
        for kind in ("fact", "rule", "type", "idea", "model")
    }
    facts = {code: read_column(connection, f"fact:{code}", documents) for code in codes["fact"]}
    present = {code: column > 0 for code, column in facts.items()}
    has_fact = np.zeros(documents, bool)
    for column in present.values():
        has_fact |= column
    rules = {code: read_column(connection, f"rule:{code}", documents) for code in codes["rule"]}
    words = read_column(connection, "words", documents)
    summary: dict[str, Any] = {
        "documents": documents,
        "words": int(words.sum(dtype=np.int64)),
        "tokens": int(read_column(connection, "tokens", documents).sum(dtype=np.int64)),
        "facts": {code: np.bincount(column, minlength=7).tolist() for code, column in facts.items()},
        "together": [[int(np.count_nonzero(a & b)) for b in present.values()] for a in present.values()],
        "rules": {code: np.bincount(column, minlength=4).tolist() for code, column in rules.items()},
        "types": np.bincount(read_column(connection, "type", documents), minlength=len(codes["type"])).tolist(),
        "models": np.bincount(read_column(connection, "model", documents), minlength=len(codes["model"])).tolist(),
        "tries": np.bincount(read_column(connection, "number", documents)).tolist(),
        "lengths": np.histogram(words, bins=[*LENGTHS, 1 << 31])[0].tolist(),
        "background": documents - int(np.count_nonzero(has_fact)),
        "reasons": connection.execute("SELECT code, count(DISTINCT attempt) FROM reason GROUP BY code").fetchall(),
        "subjects": _subjects(connection),
        "verdicts": dict(connection.execute("SELECT verdict, count(*) FROM attempt GROUP BY verdict").fetchall()),
    }
    put_meta(connection, "summary", summary)


def _subjects(connection: sqlite3.Connection) -> dict[str, list[tuple[str, int]]]:
    """By reason, what it was given for most often."""
    subjects: dict[str, list[tuple[str, int]]] = {}
    query = "SELECT code, subject, count(*) FROM reason WHERE subject != '' AND code != 'near_duplicate' GROUP BY 1, 2"
    for code, subject, count in sorted(connection.execute(query), key=lambda row: -row[2]):
        if len(subjects.setdefault(code, [])) < 60:  # facts or rules; contexts have at most a few dozen
            subjects[code].append((subject, count))
    return subjects
