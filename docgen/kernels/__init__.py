# mypy: disable-error-code="empty-body"
"""Everything that is compiled: the functions that see every byte of a corpus, and those that compare documents.

Declared here with their types, written in numba's Python in the modules named, compiled once (`build`), fetched from
disk and called without numba (`native`). They let go of Python's lock, own no memory and change only the arrays named
as outputs.

Documents are given as `memory`, an address, and where in it each starts and ends (`docgen.corpus.utf8`). `kinds` and
`folded` are `alphabet.fold_table()`; `words`, `hashes` and `text` are `scratch.scratch()`. A table of hashes is an
open-addressing one, a power of two long, in which 0 is empty.
"""

from docgen.kernels.native import (
    Address,
    Bytes,
    Flags,
    Floats,
    Hashes,
    HashTable,
    Ints,
    IntTable,
    Places,
    PlaceTable,
    Words,
    WordTable,
    kernel,
)

__all__ = [
    "add_to_cells", "bands_of", "contain", "count_suspects", "file_keys", "find_keys", "grams", "hash_set",
    "mark_known", "mark_shared", "neighbours", "place", "rebuild", "rehash", "shingles", "sketch",
]  # fmt: skip


@kernel("minhash")
def sketch(
    memory: Address, starts: Ints, ends: Ints, salts: Hashes, ngram: int, a: Words, b: Words, rows: int,
    ignored: Hashes, kinds: Bytes, folded: WordTable, words: Hashes, hashes: Hashes, text: Bytes, low: Words,
    minima: WordTable, bands: WordTable, content: HashTable, sizes: Ints,
) -> None:  # fmt: skip
    """Sketch documents: words to n-gram hashes to minima to bands in one pass.

    Writes, a row for each document: `minima` (one for each permutation a * x + b), `bands` (32-bit hashes of `rows`
    minima each; the salts keep documents of different groups apart), `content` (128-bit hash of the bytes), `sizes`
    (number of shingles with repetitions, at least 1). `minima` may have one row only, working space for all. Shingles
    of the table `ignored` do not count. `low` is as long as `hashes`.
    """


@kernel("shingles")
def shingles(
    memory: Address, starts: Ints, ends: Ints, sizes: Ints, ngram: int, ignored: Hashes, kinds: Bytes,
    folded: WordTable, words: Hashes, hashes: Hashes, text: Bytes, spare: Hashes, places: Ints,
    out: Hashes, out_ends: Ints,
) -> int:  # fmt: skip
    """Sorted shingle sets of the documents with sizes[i] > 0, one after the other in `out`.

    `sizes` are those that `sketch` found, or more; `out` must hold their sum, `spare` the largest, `places` twice that
    and 2. out_ends[i] is where the set of document i ends. Returns the first document that has more shingles than its
    size says, at which it stops, or -1.
    """


@kernel("lookup")
def rebuild(count: int, slots: PlaceTable, checks: WordTable, chain: PlaceTable) -> None:
    """Fill the empty (-1) `slots` with the first `count` kept documents."""


@kernel("lookup")
def place(
    bands: WordTable, order: Ints, given: IntTable, threshold: float, check: bool, compact: bool, used: int,
    base: Hashes, filed: Hashes, tail: Hashes, kept: int, slots: PlaceTable, checks: WordTable, chain: PlaceTable,
    sets: IntTable, stamps: Ints, at: Ints, jaccards: Floats,
) -> int:  # fmt: skip
    """Decide for each document of `order`, one after the other: duplicate of one that was kept, or kept itself.

    `given` holds start, size and group of each document's shingle set; starts count over `base`, `filed` and `tail`.
    For a duplicate at[row] is the position of the kept document and jaccards[row] their similarity; for a kept one
    at[row] is -1 - its position. Without `check` all are kept. With `compact` the sets lie in `tail` from `used` on in
    order, and those of kept documents are moved together. Returns the place in `tail` after the last set kept.
    """


@kernel("lookup")
def mark_shared(bands: WordTable, rows: Ints, table: Places, shared: Flags) -> None:
    """Set shared[row] for each of `rows` that has a band hash in common with another of them.

    `table` is working space, a power of two longer than twice the rows.
    """


@kernel("lookup")
def mark_known(bands: WordTable, rows: Ints, slots: PlaceTable, checks: WordTable, known: Flags) -> None:
    """Set known[row] for each of `rows` that has a band hash in common with a kept document."""


@kernel("lookup")
def bands_of(minima: WordTable, rows: int, salts: Hashes, bands: WordTable) -> None:
    """Band hashes of stored minima, as `sketch` makes them."""


@kernel("lookup")
def neighbours(
    first: int, last: int, threshold: float, base: Hashes, filed: Hashes, tail: Hashes, chain: PlaceTable,
    sets: IntTable, stamps: Ints, pairs: IntTable, jaccards: Floats,
) -> int:  # fmt: skip
    """Pairs (position, earlier position) at or above the threshold, for the positions from `first` to before `last`.

    Returns how many there are; only as many as `pairs` has rows are written.
    """


@kernel("counting")
def add_to_cells(values: Hashes, cells: Words) -> None:
    """Count each value in the cell of its low bits; the number of cells is a power of two."""


@kernel("counting")
def count_suspects(
    values: Hashes, ends: Ints, first_row: int, cells: Words, least: int, keys: Hashes, counts: Ints, rows: Ints
) -> int:
    """Count exactly, in the table `keys`, the values whose cell reached `least`; notes where each was first seen.

    values[ends[i - 1]:ends[i]] are the distinct shingles of document first_row + i. Returns the number of new keys.
    """


@kernel("counting")
def rehash(keys: Hashes, counts: Ints, rows: Ints, new_keys: Hashes, new_counts: Ints, new_rows: Ints) -> None:
    """Move a table into a larger, empty one."""


@kernel("counting")
def hash_set(values: Hashes, table: Hashes) -> None:
    """Fill an empty table as `sketch` looks it up."""


@kernel("containment")
def grams(
    memory: Address, starts: Ints, ends: Ints, ngram: int, kinds: Bytes, folded: WordTable, words: Hashes,
    hashes: Hashes, text: Bytes, out: Hashes, out_ends: Ints,
) -> int:  # fmt: skip
    """Hashes of every document's n-grams, in order, into `out`; out_ends[i] is where document i ends.

    Returns the total.
    """


@kernel("containment")
def contain(
    memory: Address, starts: Ints, ends: Ints, ngram: int, kinds: Bytes, folded: WordTable, words: Hashes,
    hashes: Hashes, text: Bytes, sieve: Hashes, keys: Hashes, firsts: Ints, statements: Ints, places: Ints,
    sizes: Ints, least: float, hits: Ints, found_at: Ints, order: Ints, seen: Ints, out: IntTable,
) -> int:  # fmt: skip
    """Find, for each document, the statements of whose grams a share >= `least` stands close together in it.

    `keys` is a table of gram hashes with `sieve` (a bit for each of the hashes' low bits) before it; slot s has the
    postings firsts[s] to firsts[s + 1] in `statements` and `places` (offset in the statement). `sizes` counts each
    statement's grams. `hits`, `found_at` and `order` are working space for the hits of a document, beyond which they
    are weighed in parts; `seen` for the longest statement. Writes rows (document, statement, distinct grams found, word
    position) and returns their number, at most len(out).
    """


@kernel("containment")
def file_keys(values: Hashes, keys: Hashes, sieve: Hashes) -> None:
    """Enter `values` into the table and set their bits in the sieve."""


@kernel("containment")
def find_keys(values: Hashes, keys: Hashes, slots: Ints) -> None:
    """slots[i] becomes the place of values[i] in the table."""
