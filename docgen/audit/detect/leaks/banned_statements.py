"""Banned statements found near-verbatim in many documents at once: candidates from compiled 4-gram containment, each
then looked at word by word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from docgen import kernels
from docgen.audit.detect.facts.known_wordings import WordingIndex, Words, letter_pairs, words_of
from docgen.corpus.text_buffers import TextBuffers, encode
from docgen.kernels.alphabet import fold_table
from docgen.kernels.scratch import scratch
from docgen.text import compose
from docgen.text.word_definition import is_spaceless

__all__ = ["StatementIndex", "StatementMatch"]

NGRAM = 4
"""Words of the passages that are looked up. Chosen: four changed words in 25 leave a fifth of the grams of four
(CANDIDATE_SHARE); longer ones would leave fewer, shorter ones recur by chance more often."""
MOST_HITS = 1 << 16
"""Hits of one document that are weighed together; a longer list is weighed in parts. Bounds the memory of a search."""
CANDIDATE_SHARE = 0.2
"""Share of a statement's rarer 4-grams that makes a candidate: about what is left when 4 words in 25 are changed."""
MIN_GRAM_SHARE = 0.3
"""Share of its three-word grams that must occur close together; half a statement has nearly half of them ..."""
LEAST_STEMS = 0.35
"""... and share of its content words, so that stock phrases do not count."""
LEAST_LETTERS = 0.5
"""Both, of statements in a script without spaces, where three letters are little more than a word."""
MAX_STATEMENTS_PER_GRAM = 256
"""A gram that occurs in more statements than this points to none of them and is not used to find candidates."""
MIN_FUZZY_WORDS = 5
"""Statements with fewer words are only found verbatim."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StatementMatch:
    """Document (by position in the batch) holds a statement (by position in the index) at text[start:end].

    `share` of the statement's three-word grams occur there; `exact` when verbatim.
    """

    document: int
    statement: int
    share: float
    exact: bool
    start: int
    end: int


@dataclass(frozen=True)
class _Known:
    """What a candidate for a statement is compared with, word by word: compiled at the first one."""

    index: WordingIndex
    stems: frozenset[str]
    least_stems: float

    @classmethod
    def of(cls, words: Sequence[str]) -> "_Known":
        by_letter = 2 * sum(map(is_spaceless, words)) > len(words)
        least, least_stems = (LEAST_LETTERS, LEAST_LETTERS) if by_letter else (MIN_GRAM_SHARE, LEAST_STEMS)
        return cls(WordingIndex([words], least=least, shortest=MIN_FUZZY_WORDS), letter_pairs(words), least_stems)


class StatementIndex:
    """Statements compiled for search. Pure after that; its search releases the GIL, so threads may share one."""

    def __init__(self, statements: Sequence[str]) -> None:
        self.statements = tuple(statements)
        self._words = [tuple(Words(text).words) for text in self.statements]
        self._kinds, self._folded = fold_table()
        short = [number for number, words in enumerate(self._words) if 0 < len(words) < MIN_FUZZY_WORDS]
        self._short = short
        self._known: dict[int, _Known] = {}
        self._short_index = WordingIndex([self._words[number] for number in short], least=1.0, shortest=MIN_FUZZY_WORDS)

    def search(self, texts: Sequence[str]) -> list[StatementMatch]:
        """All matches in a batch of texts, by document."""
        folded = encode([compose(text, compatible=True) for text in texts])
        matches = [match for row, number in self.candidates(folded) for match in self._look(row, number, texts[row])]
        if self._short:
            matches += [match for row, text in enumerate(texts) for match in self._short_matches(row, text)]
        return sorted(matches, key=lambda match: (match.document, match.start, match.statement))

    def search_utf8(self, texts: TextBuffers) -> list[StatementMatch]:
        """The same over UTF-8 (`docgen.corpus.Batch.utf8`), without statements of fewer than five words."""
        matches = []
        for row, statement in self.candidates(texts):
            matches += list(self._look(row, statement, texts.bytes_of(row).decode("utf-8", "replace")))
        return matches

    def candidates(self, texts: TextBuffers) -> Iterator[tuple[int, int]]:
        """(document, statement) pairs by containment alone."""
        yield from dict.fromkeys((int(row), int(statement)) for row, statement, *_ in self._contained(texts))

    def documents(self, texts: TextBuffers) -> Ints:
        """Positions of the documents that hold a good part of any statement, by containment alone."""
        return np.unique(self._contained(texts)[:, 0])

    def _contained(self, texts: TextBuffers) -> Ints:
        if not self.statements:
            return np.empty((0, 4), np.int64)
        words, hashes, text = scratch()
        sieve, keys, firsts, statements, places, sizes = self._table
        hits, found_at, order = (np.empty(MOST_HITS, np.int64) for _ in range(3))
        seen = np.empty(sizes.max(initial=1), np.int64)
        out = np.empty((max(1024, 8 * len(texts)), 4), np.int64)
        while True:
            count = kernels.contain(
                texts.memory, texts.starts, texts.ends, NGRAM, self._kinds, self._folded, words, hashes, text,
                sieve, keys, firsts, statements, places, sizes, CANDIDATE_SHARE, hits, found_at, order, seen, out,
            )  # fmt: skip
            if count < len(out):
                return out[:count]
            out = np.empty((4 * len(out), 4), np.int64)

    def _look(self, row: int, statement: int, text: str) -> Iterator[StatementMatch]:
        """The matches of one candidate, word by word."""
        words = words_of(text)
        if statement not in self._known:
            self._known[statement] = _Known.of(self._words[statement])
        known = self._known[statement]
        for hit in known.index.hits(words.words):
            there = letter_pairs(words.words[hit.first : hit.last + 1])
            if hit.exact or len(known.stems & there) >= known.least_stems * len(known.stems):
                yield StatementMatch(row, statement, hit.share, hit.exact, *words.span(hit.first, hit.last))

    def _short_matches(self, row: int, text: str) -> Iterator[StatementMatch]:
        words = words_of(text)
        for hit in self._short_index.hits(words.words):
            yield StatementMatch(row, self._short[hit.wording], 1.0, True, *words.span(hit.first, hit.last))

    @cached_property
    def _table(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], Ints, Ints, Ints, Ints]:
        """(sieve, keys, firsts, statements, places, sizes) as `kernels.contain` takes them; for the first search."""
        values, statements, places, sizes = self._grams()
        slots_wanted = 1 << max(6, int(2 * len(values)).bit_length())
        keys, sieve = np.zeros(slots_wanted, np.uint64), np.zeros(max(1 << 12, slots_wanted // 8), np.uint64)
        kernels.file_keys(values, keys, sieve)
        slots = np.empty(len(values), np.int64)
        kernels.find_keys(values, keys, slots)
        order = np.argsort(slots, kind="stable")
        firsts = np.zeros(slots_wanted + 1, np.int64)
        np.cumsum(np.bincount(slots, minlength=slots_wanted), out=firsts[1:])
        return sieve, keys, firsts, statements[order], places[order], sizes

    def _grams(self) -> tuple[npt.NDArray[np.uint64], Ints, Ints, Ints]:
        """Gram hashes with statement and place, common ones left out, and the number left for each statement."""
        texts = encode([compose(statement, compatible=True) for statement in self.statements])
        given = (texts.memory, texts.starts, texts.ends, NGRAM, self._kinds, self._folded)
        values, ends = np.empty(int(texts.sizes.sum()) + 1, np.uint64), np.empty(len(texts), np.int64)
        values = values[: kernels.grams(*given, *scratch(), values, ends)]
        counts = np.diff(ends, prepend=0)
        statements = np.repeat(np.arange(len(self.statements)), counts)
        places = np.arange(len(values)) - np.repeat(ends - counts, counts)
        _, inverse, often = np.unique(values, return_inverse=True, return_counts=True)
        rare = often[inverse] <= MAX_STATEMENTS_PER_GRAM
        sizes = np.bincount(statements[rare], minlength=len(self.statements)).astype(np.int64)
        keep = rare | (sizes[statements] == 0)
        sizes = np.maximum(sizes, np.where(sizes == 0, counts, 0))
        return values[keep], statements[keep], places[keep], sizes
