"""Bit masks of the documents that contain each frequent word, since SQLite would take long to list them all."""

import re
import sqlite3
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable

import numpy as np

from docgen.explorer.index.column_segments import Array
from docgen.explorer.index.schema import get_meta, put_meta

__all__ = ["fold_word", "index_frequent_words", "read_frequent"]

FREQUENT_SHARE, MAX_WORDS, SAMPLE_DOCUMENTS = 0.03, 400, 2_000
"""Share of the documents from which a word is frequent; most such words; documents looked at to find them. Chosen: what
is rarer is listed within some 10 ms at a million documents, and 400 masks take 30 MB at most."""
MIN_DOCUMENTS = 50_000
"""Number of documents below which a search for any word is quick."""
WORD = re.compile(r"\w+")


def fold_word(word: str) -> str:
    """A word in the index's form: lower case, without diacritics."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def index_frequent_words(connection: sqlite3.Connection, text_of: Callable[[int], str]) -> None:
    """Build the masks, if the corpus is large and has grown much since."""
    documents, upto = int(get_meta(connection, "documents", 0)), int(get_meta(connection, "frequent", 0))
    # After growth by a quarter they are built anew; until then documents added since are listed as for other words.
    if documents < max(MIN_DOCUMENTS, 1.25 * upto):
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM frequent")
    counts: Counter[str] = Counter()
    for doc in np.linspace(0, documents - 1, SAMPLE_DOCUMENTS):
        beginning = text_of(int(doc))[:20_000].lower()  # of a book in one document the rest would say little more
        counts.update({fold_word(word) for word in set(WORD.findall(beginning))})
    for word in [word for word, count in counts.most_common(MAX_WORDS) if count >= FREQUENT_SHARE * SAMPLE_DOCUMENTS]:
        mask = np.zeros(documents, bool)
        query = "SELECT group_concat(rowid) FROM words WHERE words MATCH ?"
        listed = connection.execute(query, (f'"{word}"',)).fetchone()[0]
        if listed:
            mask[np.fromstring(listed, np.int32, sep=",")] = True
            packed = zlib.compress(np.packbits(mask).tobytes(), 1)
            connection.execute("INSERT INTO frequent VALUES (?, ?, ?)", (word, documents, packed))
    put_meta(connection, "frequent", documents)
    connection.execute("COMMIT")


def read_frequent(rows: list[tuple[int, bytes]], documents: int) -> tuple[int, Array]:
    """(documents covered, mask over all) of a row of the table; (0, nothing) without one."""
    mask = np.zeros(documents, bool)
    if not rows:
        return 0, mask
    upto, packed = rows[0]
    bits = np.unpackbits(np.frombuffer(zlib.decompress(packed), np.uint8), count=upto)[:documents]
    mask[: len(bits)] = bits
    return min(upto, documents), mask
