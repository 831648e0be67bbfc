"""Passages that many documents share, or that stand in a template: found, reported, and left out of comparison.

Headers and disclaimers make different documents look alike. `common_shingles` finds the shingles of more documents
than a cap, exactly: a first pass counts in cells (an upper bound), a second counts the suspects. Memory is 16 MB and 24
bytes a suspect.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus import Piece
from docgen.corpus.utf8 import encode
from docgen.dedupe.report.text_diff import word_spans
from docgen.dedupe.sketch.signatures import NOTHING, Sketcher
from docgen.dedupe.two_pass import in_order
from docgen.errors import ConfigError, InputError

__all__ = ["Common", "Passage", "common_shingles", "ignore_table", "passages", "template_shingles"]

CELLS = 1 << 22
FIRST_TABLE = 1 << 16

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Pieces = Callable[[], Iterable[Piece]]


@dataclass(frozen=True)
class Common:
    """Shingles of at least a certain number of documents: hash, number of documents, a row that has it."""

    hashes: Hashes
    counts: Ints
    rows: Ints


@dataclass(frozen=True)
class Passage:
    """A stretch of text all of whose n-grams are common; `documents` is the least count among them."""

    text: str
    documents: int
    words: int


def common_shingles(pieces: Pieces, sketcher: Sketcher, least: int, threads: int) -> Common:
    """The shingles that occur in `least` documents or more."""
    if least < 2:
        raise ConfigError(f"a cap of {least} documents ignores everything", "--ignore-common", "Give 2 or more")
    cells = np.zeros(CELLS, np.uint32)
    for _, sets, ends in _sets(pieces, sketcher, threads):
        kernels.add_to_cells(sets[: ends[-1]], cells)
    keys, counts, rows = _table(FIRST_TABLE)
    filled = 0
    for first_row, sets, ends in _sets(pieces, sketcher, threads):
        while filled + _suspects(sets[: ends[-1]], cells, least) > len(keys) // 2:
            old, (keys, counts, rows) = (keys, counts, rows), _table(len(keys) * 2)
            kernels.rehash(*old, keys, counts, rows)
        filled += kernels.count_suspects(sets, ends, first_row, cells, least, keys, counts, rows)
    found = np.flatnonzero(counts >= least)
    return Common(keys[found], counts[found], rows[found])


def _table(size: int) -> tuple[Hashes, Ints, Ints]:
    return np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)


def _suspects(values: Hashes, cells: npt.NDArray[np.uint32], least: int) -> int:
    return int((cells[values & np.uint64(CELLS - 1)] >= least).sum())


def _sets(pieces: Pieces, sketcher: Sketcher, threads: int) -> Iterator[tuple[int, Hashes, Ints]]:
    """(first row, shingle sets one after the other, where each ends) of each batch."""

    def one(piece: Piece) -> tuple[int, Hashes, Ints]:
        batch = piece()
        encoded = batch.utf8()
        most = encoded.sizes + 1  # no more words than bytes
        sets = np.empty(int(most.sum()), np.uint64)
        return batch.first_row, sets, sketcher.sets_into(sets, encoded, most)

    return in_order(one, pieces(), threads)


def template_shingles(files: Iterable[Path], sketcher: Sketcher) -> Hashes:
    """The shingles of template files, each file one text."""
    found = [NOTHING]
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"not readable as UTF-8 text ({error})", str(file)) from error
        found.append(_hashes([text], sketcher)[0])
    return np.unique(np.concatenate(found))


def _hashes(texts: list[str], sketcher: Sketcher) -> list[Hashes]:
    encoded = encode(texts)
    most = encoded.sizes + 1
    sets = np.empty(int(most.sum()), np.uint64)
    ends = sketcher.sets_into(sets, encoded, most)
    return np.split(sets[: ends[-1]], ends[:-1]) if len(ends) else []


def ignore_table(hashes: Hashes) -> Hashes:
    """The hash table by which the kernel leaves shingles out."""
    if not len(hashes):
        return NOTHING
    table = np.zeros(1 << int(2 * len(hashes)).bit_length(), np.uint64)
    kernels.hash_set(hashes, table)
    return table


def passages(common: Common, texts: dict[int, str], sketcher: Sketcher, most: int = 20) -> list[Passage]:
    """The passages that the common shingles of these rows' texts make up, the most repeated first.

    That is by documents times words. `texts` must hold rows named in `common.rows`.
    """
    counts = dict(zip(common.hashes.tolist(), common.counts.tolist(), strict=True))
    found: dict[str, Passage] = {}
    for text in texts.values():
        for passage in _passages_of(text, counts, sketcher):
            found.setdefault(passage.text.casefold(), passage)
    ordered = sorted(found.values(), key=lambda passage: (-passage.documents * passage.words, passage.text))
    return _without_parts(ordered, most)


def _without_parts(ordered: Iterable[Passage], most: int) -> list[Passage]:
    """The first `most` that are not part of one before, nor have one before as a part."""
    chosen: list[Passage] = []
    for passage in ordered:
        text = passage.text.casefold()
        if len(chosen) < most and not any(text in c.text.casefold() or c.text.casefold() in text for c in chosen):
            chosen.append(passage)
    return chosen


def _passages_of(text: str, counts: dict[int, int], sketcher: Sketcher) -> Iterator[Passage]:
    """Runs of n-grams that are common, cut where the number of documents changes by half or more."""
    spans, n = word_spans(text), sketcher.scheme.ngram
    starts = range(len(spans) - n + 1)
    grams = _hashes([text[spans[i][0] : spans[i + n - 1][1]] for i in starts], sketcher)
    documents = [counts.get(int(gram[0]), 0) if len(gram) == 1 else 0 for gram in grams]
    i = 0
    while i < len(documents):
        j = i
        while j < len(documents) and documents[j] and documents[i] / 2 < documents[j] < documents[i] * 2:
            j += 1
        if j > i:
            yield Passage(text[spans[i][0] : spans[j + n - 2][1]], min(documents[i:j]), j - i + n - 1)
        i = max(j, i + 1)
