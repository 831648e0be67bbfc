"""Boilerplate: passages that many documents share or that are in a template, excluded from comparison and reported.

Headers and disclaimers make different documents look alike. `common_shingles` finds exactly the shingles that are in at
least a given number of documents: a first pass counts in hash cells, which gives an upper bound, and a second counts
the candidates that remain. Memory is 16 MB and 24 bytes a candidate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus import Piece
from docgen.corpus.text_buffers import encode
from docgen.dedupe.report.text_diff import word_spans
from docgen.dedupe.sketch.signatures import NO_HASHES, Sketcher
from docgen.dedupe.two_pass import map_in_order
from docgen.errors import ConfigError, InputError
from docgen.files.text_files import LARGEST_TEXT, read_text

__all__ = ["Common", "Passage", "common_shingles", "ignore_table", "passages", "template_shingles"]

CELLS = 1 << 22  # 16 MB; more would leave fewer candidates for the second pass
FIRST_TABLE = 1 << 16  # places, 1.5 MB; doubled as it fills

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Pieces = Callable[[], Iterable[Piece]]


@dataclass(frozen=True)
class Common:
    """Common shingles: their hashes, the number of documents with each, and a row that has it."""

    hashes: Hashes
    counts: Ints
    rows: Ints


@dataclass(frozen=True)
class Passage:
    """A stretch of text whose n-grams are all common; `documents` is the smallest count among them."""

    text: str
    documents: int
    words: int


def common_shingles(pieces: Pieces, sketcher: Sketcher, minimum: int, threads: int) -> Common:
    """The shingles that occur in `minimum` documents or more."""
    if minimum < 2:
        raise ConfigError(f"{minimum} documents would ignore everything", "--ignore-common", "Give 2 or more")
    cells = np.zeros(CELLS, np.uint32)
    for _, sets, ends in _sets(pieces, sketcher, threads):
        kernels.add_to_cells(sets[: ends[-1]], cells)
    keys, counts, rows = _table(FIRST_TABLE)
    filled = 0
    for first_row, sets, ends in _sets(pieces, sketcher, threads):
        candidates = int((cells[sets[: ends[-1]] & np.uint64(CELLS - 1)] >= minimum).sum())
        while filled + candidates > len(keys) // 2:
            old, (keys, counts, rows) = (keys, counts, rows), _table(len(keys) * 2)
            kernels.rehash(*old, keys, counts, rows)
        filled += kernels.count_suspects(sets, ends, first_row, cells, minimum, keys, counts, rows)
    common = np.flatnonzero(counts >= minimum)
    return Common(keys[common], counts[common], rows[common])


def _table(size: int) -> tuple[Hashes, Ints, Ints]:
    return np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)


def _sets(pieces: Pieces, sketcher: Sketcher, threads: int) -> Iterator[tuple[int, Hashes, Ints]]:
    """(first row, concatenated shingle sets, end of each set) of each batch."""

    def batch_sets(piece: Piece) -> tuple[int, Hashes, Ints]:
        batch = piece()
        encoded = batch.utf8()
        limits = encoded.sizes + 1  # there are no more words than bytes
        sets = np.empty(int(limits.sum()), np.uint64)
        return batch.first_row, sets, sketcher.sets_into(sets, encoded, limits)

    return map_in_order(batch_sets, pieces(), threads)


def template_shingles(files: Iterable[Path], sketcher: Sketcher) -> Hashes:
    """The shingles of template files, each read as one text. Raises `InputError` for an unreadable file."""
    hashes = [NO_HASHES]
    for file in files:
        text = read_text(file, LARGEST_TEXT, InputError)
        hashes.append(_hashes([text], sketcher)[0])
    return np.unique(np.concatenate(hashes))


def _hashes(texts: list[str], sketcher: Sketcher) -> list[Hashes]:
    encoded = encode(texts)
    limits = encoded.sizes + 1
    sets = np.empty(int(limits.sum()), np.uint64)
    ends = sketcher.sets_into(sets, encoded, limits)
    return np.split(sets[: ends[-1]], ends[:-1]) if len(ends) else []


def ignore_table(hashes: Hashes) -> Hashes:
    """The hash table by which the kernel skips ignored shingles."""
    if not len(hashes):
        return NO_HASHES
    table = np.zeros(1 << int(2 * len(hashes)).bit_length(), np.uint64)
    kernels.hash_set(hashes, table)
    return table


def passages(common: Common, texts: dict[int, str], sketcher: Sketcher, limit: int = 20) -> list[Passage]:
    """At most `limit` passages made of common shingles in these texts, ordered by documents times words.

    `texts` are by row and must include the rows in `common.rows` of interest. A passage that contains another, or is
    contained in one, of those before it is left out.
    """
    counts = dict(zip(common.hashes.tolist(), common.counts.tolist(), strict=True))
    by_text: dict[str, Passage] = {}
    for text in texts.values():
        for passage in _passages_of(text, counts, sketcher):
            by_text.setdefault(passage.text.casefold(), passage)
    ordered = sorted(by_text.values(), key=lambda passage: (-passage.documents * passage.words, passage.text))
    chosen: list[Passage] = []
    for passage in ordered:
        text = passage.text.casefold()
        if len(chosen) < limit and not any(text in c.text.casefold() or c.text.casefold() in text for c in chosen):
            chosen.append(passage)
    return chosen


def _passages_of(text: str, counts: dict[int, int], sketcher: Sketcher) -> Iterator[Passage]:
    """Runs of common n-grams, split where the number of documents halves or doubles."""
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
