"""Search by words: which documents match, how many there are, and in what order."""

import re
from dataclasses import dataclass

import numpy as np

from docgen.explorer.index.column_segments import Array
from docgen.explorer.index.frequent_word_masks import WORD, fold_word, read_frequent
from docgen.explorer.read.snapshot import Snapshot

__all__ = ["MAX_RANKED", "Query", "clause_pattern", "matching", "parse", "ranked"]

MAX_RANKED = 20_000
"""Matches up to which they can be ranked. Measured on a million documents: FTS5 takes about 12 ms for each 10,000 that
it has to weigh (bench/view.py); above it they are in the order of the corpus, and the page says so."""
PART = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True)
class Query:
    """What was typed: groups of alternatives, one of which must match, and what must not occur, each in FTS5's syntax.

    `words` are to be marked in texts.
    """

    typed: str
    groups: tuple[tuple[str, ...], ...] = ()
    without: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def match(self) -> str:
        """The whole query for FTS5; empty if there is nothing to look for."""
        groups = " AND ".join(f"({' OR '.join(group)})" for group in self.groups)
        return f"({groups}) NOT ({' OR '.join(self.without)})" if groups and self.without else groups

    @property
    def pattern(self) -> "re.Pattern[str] | None":
        """Finds the words in a text."""
        return _pattern(self.words)


def parse(typed: str) -> Query:
    """Words that must all occur, "phrases", -without, prefix*, and OR between alternatives; never an error."""
    groups: list[tuple[str, ...]] = []
    without, words, is_or = list[str](), list[str](), False
    for minus, phrase, word in PART.findall(typed.replace("\0", " ")):  # for FTS5 a NUL ends the query
        if word == "OR" and groups:
            is_or = True
            continue
        negative, body, prefix = bool(minus), phrase, ""
        if word:
            negative, body = word.startswith("-") and len(word) > 1, word.lstrip("-")
            prefix = "*" if body.endswith("*") else ""
        parts = WORD.findall(body)
        if not parts:
            continue
        clause = '"' + " ".join(parts) + '"' + prefix
        if negative:
            without.append(clause)
            continue
        words.append(" ".join(parts) + prefix)
        groups = [*groups[:-1], (*groups[-1], clause)] if is_or else [*groups, (clause,)]
        is_or = False
    return Query(typed, tuple(groups), tuple(without), tuple(words))


def _pattern(words: tuple[str, ...]) -> "re.Pattern[str] | None":
    if not words:
        return None
    alternatives = []
    for word in sorted(words, key=len, reverse=True):
        body = r"\W+".join(map(re.escape, word.rstrip("*").split()))
        alternatives.append(rf"\b{body}" + (r"\w*" if word.endswith("*") else r"\b"))
    return re.compile("|".join(alternatives), re.IGNORECASE)


def clause_pattern(clause: str) -> "re.Pattern[str]":
    """A pattern that finds one clause of a query, as written for FTS5, in a text."""
    prefix = "*" if clause.endswith("*") else ""
    pattern = _pattern((clause.strip('"*') + prefix,))
    assert pattern is not None  # a clause has at least one word
    return pattern


def matching(snapshot: Snapshot, query: Query) -> Array:
    """Which documents match: booleans."""
    return snapshot.remember(("matching", query.match), lambda: _matching(snapshot, query), most=4)


def _matching(snapshot: Snapshot, query: Query) -> Array:
    mask = np.ones(snapshot.documents, bool)
    for group in query.groups:
        mask &= np.logical_or.reduce([_holding(snapshot, clause) for clause in group])
    for clause in query.without:
        mask &= ~_holding(snapshot, clause)
    return mask


def _holding(snapshot: Snapshot, clause: str) -> Array:
    """Which documents contain a word or phrase: from its mask if it is a frequent word, and documents added since."""
    return snapshot.remember(("holding", clause), lambda: _look_up(snapshot, clause), most=6)


def _look_up(snapshot: Snapshot, clause: str) -> Array:
    """One string with all numbers is by far the quickest result to get from SQLite."""
    word = clause.strip('"')
    rows = snapshot.rows("SELECT upto, mask FROM frequent WHERE word = ?", fold_word(word)) if "*" not in clause else []
    upto, mask = read_frequent(rows, snapshot.documents)
    if upto < snapshot.documents:
        query = "SELECT group_concat(rowid) FROM words WHERE words MATCH ? AND rowid >= ?"
        listed = snapshot.rows(query, clause, upto)[0][0]
        if listed:
            docs = np.fromstring(listed, np.int32, sep=",")
            mask[docs[docs < snapshot.documents]] = True
    return mask


def ranked(snapshot: Snapshot, query: Query) -> Array | None:
    """The documents that match, best first by BM25; None if there are too many, which would take too long."""
    if np.count_nonzero(matching(snapshot, query)) > MAX_RANKED:
        return None
    return snapshot.remember(("ranked", query.match), lambda: _ranked(snapshot, query.match), most=4)


def _ranked(snapshot: Snapshot, match: str) -> Array:
    """The order is one string, as in `_look_up`; an index that has grown since may have a few more."""
    inner = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
    listed = snapshot.rows(f"SELECT group_concat(rowid) FROM ({inner})", match, 2 * MAX_RANKED)[0][0]
    docs = np.fromstring(listed or "", np.int32, sep=",")
    return docs[docs < snapshot.documents]
