"""An in-memory index of accepted documents that tells whether a new text is a near-duplicate of one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus.text_buffers import encode
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher

__all__ = ["Duplicate", "KeptTable", "NearDuplicateIndex", "near_duplicates"]

CHUNK_TEXTS, CHUNK_CHARACTERS = 1024, 1 << 22
"""Texts sketched in one call of the kernel. Chosen to bound the scratch memory."""
FIRST_CAPACITY = 1024  # documents; doubled and rehashed as the index grows

T = TypeVar("T", bound=np.generic)
Ints = npt.NDArray[np.int64]
Checks = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A text is a near-duplicate of the accepted document `kept_id`; `jaccard` is exact, over sets of word n-grams."""

    kept_id: int
    jaccard: float


class KeptTable:
    """Hash tables of the bands of kept documents, which are numbered 0, 1, ... in the order they were kept."""

    def __init__(self, bands: int, capacity: int = FIRST_CAPACITY) -> None:
        self.count = 0
        self._bands = bands
        self._slots = np.full((bands, 2), -1, np.int32)
        self._checks = np.empty((0, bands), np.uint32)
        self._chain = np.empty((0, bands), np.int32)
        self._sets = np.empty((0, 3), np.int64)
        self._stamps = np.zeros(1, np.int64)
        self._reserve(capacity)

    def place(
        self, bands: Checks, order: Ints, spans: Ints, threshold: float, store: SetStore, check: bool, compact: bool
    ) -> tuple[Ints, npt.NDArray[np.float64]]:
        """Place documents in `order`: keep each one or find the kept document that it duplicates.

        Returns `at` (n,), the number of the duplicated document or -1, and `jaccards` (n,). Calls `kernels.place` after
        making room. `spans` (n, 3) are start, size and group of each document's set in `store`.
        """
        self._reserve(self.count + len(order) + 1)
        at, jaccards = np.empty(len(bands), np.int64), np.empty(len(bands), np.float64)
        store.used = kernels.place(
            *(
                bands,
                order,
                spans,
                threshold,
                check,
                compact,
                store.used,
                store.base,
                store.filed,
                store.tail,
                self.count,
            ),
            *(self._slots, self._checks, self._chain, self._sets, self._stamps, at, jaccards),
        )
        self.count += int((at[order] < 0).sum())
        return at, jaccards

    def preload(self, bands: Checks, spans: Ints, store: SetStore) -> None:
        """Keep documents of an earlier run without checking them; their sets are in `store.base`."""
        self.place(bands, np.arange(len(bands)), spans, 1.0, store, check=False, compact=False)

    def neighbours(
        self, first: int, last: int, threshold: float, store: SetStore
    ) -> tuple[Ints, npt.NDArray[np.float64]]:
        """Pairs (document, earlier document) at or above the threshold, and their Jaccard similarities."""
        room = 4 * (last - first)  # a first guess; the kernel returns the number needed
        while True:
            pairs, jaccards = np.empty((room, 2), np.int64), np.empty(room)
            count = kernels.neighbours(
                *(first, last, threshold, store.base, store.filed, store.tail),
                *(self._chain, self._sets, self._stamps, pairs, jaccards),
            )
            if count <= room:
                return pairs[:count], jaccards[:count]
            room = count

    def mark_known(self, bands: Checks, rows: Ints, known: npt.NDArray[np.bool_]) -> None:
        """Set known[row] for each of `rows` that shares a band with a kept document."""
        kernels.mark_known(bands, rows, self._slots, self._checks, known)

    @property
    def nbytes(self) -> int:
        """Bytes of memory used, not counting the shingle sets."""
        return sum(part.nbytes for part in (self._slots, self._checks, self._chain, self._sets, self._stamps))

    def _reserve(self, count: int) -> None:
        capacity = len(self._checks)
        if count <= capacity:
            return
        capacity = max(count, capacity + capacity // 2)
        self._checks, self._chain = _grown(self._checks, capacity), _grown(self._chain, capacity)
        self._sets = _grown(self._sets, capacity)
        stamps = np.zeros(capacity + 1, np.int64)
        stamps[-1] = self._stamps[-1]  # the last element counts the queries
        self._stamps = stamps
        if capacity * 3 > self._slots.shape[1] * 2:
            self._slots = np.full((self._bands, 1 << int(capacity * 1.5).bit_length()), -1, np.int32)
            kernels.rebuild(self.count, self._slots, self._checks, self._chain)


def _grown(array: npt.NDArray[T], capacity: int) -> npt.NDArray[T]:
    bigger = np.empty((capacity, *array.shape[1:]), array.dtype)
    bigger[: len(array)] = array
    return bigger


class NearDuplicateIndex:
    """An index of accepted texts against which new texts are checked, strictly in order.

    A text is compared with every text accepted before it, including those earlier in the same call, so the answers do
    not depend on how texts are divided among calls. Candidates come from MinHash bands and are then compared exactly.
    Memory is about 500 bytes a document and 8 bytes a word; word hashes beyond `memory_limit` bytes go to a temporary
    file. Not thread-safe; a call releases the GIL while it computes.
    """

    def __init__(
        self,
        threshold: float = 0.8,
        ngram: int = 5,
        *,
        bands: int | None = None,
        rows: int | None = None,
        memory_limit: int = 1 << 28,
    ) -> None:
        self.scheme = Scheme.of(threshold, ngram, bands, rows)
        self._sketcher = Sketcher(self.scheme)
        self._table = KeptTable(self.scheme.bands)
        self._store = SetStore(memory_limit)
        self._ids: list[int] = []

    def __len__(self) -> int:
        return len(self._ids)

    def check_and_add(self, ids: Sequence[int], texts: Sequence[str]) -> list[Duplicate | None]:
        """For each text the accepted text that it duplicates, or None if it was itself accepted under its id."""
        return self._place(ids, texts, check=True)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Accept texts without checking them, such as those accepted before an interruption."""
        self._place(ids, texts, check=False)

    @property
    def nbytes(self) -> int:
        """Bytes of memory used."""
        return self._table.nbytes + self._store.used * 8

    def _place(self, ids: Sequence[int], texts: Sequence[str], check: bool) -> list[Duplicate | None]:
        if len(ids) != len(texts):
            raise ValueError(f"{len(ids)} ids for {len(texts)} texts")
        answers: list[Duplicate | None] = []
        for low, high in _chunks(texts):
            answers += self._place_chunk(ids[low:high], texts[low:high], check)
        return answers

    def _place_chunk(self, ids: Sequence[int], texts: Sequence[str], check: bool) -> list[Duplicate | None]:
        encoded = encode(texts)
        sketches = self._sketcher.sketch(encoded, minima=False)
        room = self._store.room(int(sketches.sizes.sum()))
        ends = self._sketcher.sets_into(room, encoded, sketches.sizes)
        spans = np.zeros((len(texts), 3), np.int64)
        spans[1:, 0] = ends[:-1]
        spans[:, 0] += self._store.end
        spans[:, 1] = np.diff(ends, prepend=0)
        order = np.arange(len(texts))
        at, jaccards = self._table.place(
            sketches.bands, order, spans, self.scheme.threshold, self._store, check, compact=True
        )
        self._ids.extend(ids[row] for row in np.flatnonzero(at < 0).tolist())
        return [
            None if position < 0 else Duplicate(self._ids[position], jaccard)
            for position, jaccard in zip(at.tolist(), jaccards.tolist(), strict=True)
        ]


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of at most CHUNK_TEXTS texts and about CHUNK_CHARACTERS characters."""
    low = characters = 0
    for i, text in enumerate(texts):
        characters += len(text)
        if characters >= CHUNK_CHARACTERS or i + 1 - low >= CHUNK_TEXTS:
            yield low, i + 1
            low, characters = i + 1, 0
    if low < len(texts):
        yield low, len(texts)


def near_duplicates(
    texts: Sequence[str],
    threshold: float = 0.8,
    ngram: int = 5,
    *,
    bands: int | None = None,
    rows: int | None = None,
) -> list[Duplicate | None]:
    """For each text the earlier kept text that it duplicates, by position in `texts`, or None if it is kept.

    For short texts such as titles and ideas use `ngram` 1 or 2: a text with fewer words than `ngram` duplicates only
    texts of exactly the same words. Raises `ConfigError` for a threshold outside [0.01, 1] or other invalid settings.
    """
    index = NearDuplicateIndex(threshold, ngram, bands=bands, rows=rows, memory_limit=1 << 24)
    return index.check_and_add(range(len(texts)), texts)
