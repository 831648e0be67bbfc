"""A growing index of kept documents: is this text a near-duplicate of one of them?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.corpus.utf8 import encode
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.sketch.shingle_store import SetStore
from docgen.dedupe.sketch.signatures import Sketcher

__all__ = ["Duplicate", "KeptTable", "NearDuplicateIndex", "near_duplicates"]

CHUNK_TEXTS = 1024
CHUNK_CHARACTERS = 1 << 22
FIRST_CAPACITY = 1024

T = TypeVar("T", bound=np.generic)
Ints = npt.NDArray[np.int64]
Checks = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A text resembles the accepted document `kept_id`; `jaccard` is exact, over sets of word n-grams."""

    kept_id: int
    jaccard: float


class KeptTable:
    """The band tables of the kept documents, by position (0, 1, ... in the order of keeping)."""

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
        self, bands: Checks, order: Ints, given: Ints, threshold: float, store: SetStore, check: bool, compact: bool
    ) -> tuple[Ints, npt.NDArray[np.float64]]:
        """`kernels.place` with room made; returns its `at` and `jaccards` and counts what was kept."""
        self._reserve(self.count + len(order) + 1)
        at, jaccards = np.empty(len(bands), np.int64), np.empty(len(bands), np.float64)
        store.used = kernels.place(
            *(
                bands,
                order,
                given,
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

    def preload(self, bands: Checks, given: Ints, store: SetStore) -> None:
        """Keep documents of an earlier run, unchecked; their sets lie in `store.base`."""
        self.place(bands, np.arange(len(bands)), given, 1.0, store, check=False, compact=False)

    def neighbours(
        self, first: int, last: int, threshold: float, store: SetStore
    ) -> tuple[Ints, npt.NDArray[np.float64]]:
        """Pairs (position, earlier position) at or above the threshold, and their Jaccard similarities."""
        room = 4 * (last - first)
        while True:
            pairs, jaccards = np.empty((room, 2), np.int64), np.empty(room)
            found = kernels.neighbours(
                *(first, last, threshold, store.base, store.filed, store.tail),
                *(self._chain, self._sets, self._stamps, pairs, jaccards),
            )
            if found <= room:
                return pairs[:found], jaccards[:found]
            room = found

    def mark_known(self, bands: Checks, rows: Ints, known: npt.NDArray[np.bool_]) -> None:
        """Set known[row] for those of the rows that share a band with a kept document."""
        kernels.mark_known(bands, rows, self._slots, self._checks, known)

    @property
    def nbytes(self) -> int:
        """Bytes held, without the shingle sets."""
        return sum(part.nbytes for part in (self._slots, self._checks, self._chain, self._sets, self._stamps))

    def _reserve(self, wanted: int) -> None:
        capacity = len(self._checks)
        if wanted <= capacity:
            return
        capacity = max(wanted, capacity + capacity // 2)
        self._checks, self._chain = _grown(self._checks, capacity), _grown(self._chain, capacity)
        self._sets = _grown(self._sets, capacity)
        stamps = np.zeros(capacity + 1, np.int64)
        stamps[-1] = self._stamps[-1]  # the last place counts the queries
        self._stamps = stamps
        if capacity * 3 > self._slots.shape[1] * 2:
            self._slots = np.full((self._bands, 1 << int(capacity * 1.5).bit_length()), -1, np.int32)
            kernels.rebuild(self.count, self._slots, self._checks, self._chain)


def _grown(array: npt.NDArray[T], capacity: int) -> npt.NDArray[T]:
    bigger = np.empty((capacity, *array.shape[1:]), array.dtype)
    bigger[: len(array)] = array
    return bigger


class NearDuplicateIndex:
    """Accepted texts, and a check of new ones against them, strictly in order.

    A text is compared with every text accepted before it, also earlier in the same call, so the answers do not depend
    on how texts are cut into calls. Candidates come from MinHash bands and are then compared exactly. Memory is about
    500 bytes a document and 8 bytes a word; beyond `memory_limit` bytes the words go to a temporary file. Not for use
    by several threads at once; one call releases the GIL while it computes.
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
        """For each text the accepted one that it resembles most, or None: then it is accepted under its id."""
        return self._take(ids, texts, check=True)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Accept the texts without a check, for instance those accepted before an interruption."""
        self._take(ids, texts, check=False)

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        return self._table.nbytes + self._store.used * 8

    def _take(self, ids: Sequence[int], texts: Sequence[str], check: bool) -> list[Duplicate | None]:
        if len(ids) != len(texts):
            raise ValueError(f"{len(ids)} ids for {len(texts)} texts")
        answers: list[Duplicate | None] = []
        for low, high in _chunks(texts):
            answers += self._take_chunk(ids[low:high], texts[low:high], check)
        return answers

    def _take_chunk(self, ids: Sequence[int], texts: Sequence[str], check: bool) -> list[Duplicate | None]:
        encoded = encode(texts)
        sketches = self._sketcher.sketch(encoded, minima=False)
        room = self._store.room(int(sketches.sizes.sum()))
        ends = self._sketcher.sets_into(room, encoded, sketches.sizes)
        given = np.zeros((len(texts), 3), np.int64)
        given[1:, 0] = ends[:-1]
        given[:, 0] += self._store.end
        given[:, 1] = np.diff(ends, prepend=0)
        order = np.arange(len(texts))
        at, jaccards = self._table.place(
            sketches.bands, order, given, self.scheme.threshold, self._store, check, compact=True
        )
        self._ids.extend(ids[row] for row in np.flatnonzero(at < 0).tolist())
        return [
            None if position < 0 else Duplicate(self._ids[position], jaccard)
            for position, jaccard in zip(at.tolist(), jaccards.tolist(), strict=True)
        ]


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Spans of at most CHUNK_TEXTS texts and about CHUNK_CHARACTERS characters."""
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
    """For each text the earlier kept one that it resembles, by position in `texts`, or None if it is kept.

    For short texts (titles, ideas) use `ngram` 1 or 2: a text of fewer words than `ngram` resembles only texts of the
    same words.
    """
    index = NearDuplicateIndex(threshold, ngram, bands=bands, rows=rows, memory_limit=1 << 24)
    return index.check_and_add(range(len(texts)), texts)
