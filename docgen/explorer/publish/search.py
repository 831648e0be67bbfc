"""The search index of a published site: scripts, since pages opened from a disk may not load anything else.

`search/documents-N.js` say what is known about each document, `search/words-XY.js` in which documents each word that
begins with XY occurs, as differences in base 36. A page loads what it needs.
"""

import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from docgen.explorer.index.frequent_word_masks import WORD, fold_word

__all__ = ["SearchFiles"]

DOCUMENTS_PER_CHUNK = 2_000
"""Documents in a file. Chosen: about a megabyte of titles and excerpts, loaded at once."""


class SearchFiles:
    """Collects documents as they are published; `write` writes the files. `unit` is what one is called, `listed` the
    page that lists all."""

    def __init__(self, unit: str = "document", listed: str = "documents.html") -> None:
        self._unit, self._listed = unit, listed
        self._rows: list[dict[str, Any]] = []
        self._words: dict[str, list[int]] = defaultdict(list)

    def add(self, row: dict[str, Any], text: str) -> None:
        """One more document: what a list says about it, and its text."""
        # What has more than 40 letters is hardly a word: a key, a line of underscores.
        for word in sorted({fold_word(word) for word in set(WORD.findall(text.lower())) if len(word) <= 40}):
            self._words[word].append(len(self._rows))
        self._rows.append(row)

    def write(self, folder: Path) -> None:
        """Write all files."""
        folder.mkdir(parents=True, exist_ok=True)
        chunks = [
            self._rows[first : first + DOCUMENTS_PER_CHUNK] for first in range(0, len(self._rows), DOCUMENTS_PER_CHUNK)
        ]
        for number, chunk in enumerate(chunks):
            _write(folder / f"documents-{number}.js", "documents", number, chunk)
        shards: dict[str, dict[str, str]] = defaultdict(dict)
        common = []
        for word, docs in self._words.items():
            # Words of more than half the documents say little about any, and are left out and ignored.
            if len(docs) > max(20, 0.5 * len(self._rows)):
                common.append(word)
            else:
                # The file of a word: its first two letters, as code points, which any file system accepts.
                prefix = "-".join(f"{ord(letter):x}" for letter in word[:2])
                shards[prefix][word] = " ".join(_base36(doc - last) for last, doc in pairwise([0, *docs]))
        for prefix, words in shards.items():
            _write(folder / f"words-{prefix}.js", "words", prefix, words)
        about = {
            "documents": len(self._rows),
            "unit": self._unit,
            "list": self._listed,
            "chunk": DOCUMENTS_PER_CHUNK,
            "chunks": len(chunks),
            "shards": sorted(shards),
            "common": sorted(common),
        }
        _write(folder / "about.js", "about", "", about)


def _write(file: Path, kind: str, name: object, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    file.write_text(f"docgenSearch({json.dumps(kind)},{json.dumps(name)},{text});\n", "utf-8")


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
        if not number:
            return digits
