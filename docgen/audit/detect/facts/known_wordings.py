"""Known wordings found in a text in one pass: normalised words, three-word grams, spans back in the raw text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import compress, pairwise
from pathlib import Path

from docgen.audit.data_files import read_words
from docgen.text import Folded
from docgen.text.languages import all_negations, known_languages
from docgen.text.word_definition import find_words, is_spaceless, word_edges

__all__ = [
    "Hit",
    "WordingIndex",
    "Words",
    "content_prefixes",
    "empty_words",
    "evidence_weight",
    "function_words",
    "letter_pairs",
    "negating_words",
    "ordinary_words",
    "position_of",
    "stem_set",
    "words_of",
]

GRAM_WORDS = 3
"""Words of a gram. Chosen: an edited word spoils three of them, so that 12 words with two edits keep 4 of their 10, the
share that `fact_detector` asks for."""
DATA = Path(__file__).parents[1] / "data"


@cache
def negating_words() -> frozenset[str]:
    """Words that negate, in any language with a data file."""
    return all_negations()


@cache
def function_words() -> frozenset[str]:
    """English words that carry grammar and little meaning; those that negate are not among them."""
    return read_words(DATA / "function_words.txt")


@cache
def ordinary_words() -> frozenset[str]:
    """Words that occur in many English documents, in lower case; see bench/reference_words.py."""
    sections = map(str.split, (DATA / "reference_words.txt").read_text("utf-8").split("# ")[1:])
    return frozenset(word for name, *own in sections if name in ("common", "usual") for word in own)


@cache
def function_letters() -> frozenset[str]:
    """Letters of Chinese that carry grammar and little meaning."""
    return known_languages()["zh"].stop_words


@cache
def empty_words() -> frozenset[str]:
    """Words without a meaning of their own."""
    return function_words() | negating_words() | function_letters()


class Words:
    r"""The words of a text as `docgen.text.normalise` sees them, and where each stands in the raw text.

    Words come at once; what stands between them and spans are worked out at the first hit, since most texts have none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folding = Folded(text)
        self.words = find_words(self._folding.text)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Span (start, end) in the raw text of words `first` to `last`, both included."""
        return self._folding.span(int(self._edges[2 * first]), int(self._edges[2 * last + 1]))

    def find(self, phrase: str) -> tuple[int, int] | None:
        """Span in the raw text of the first place with the words of `phrase`; of the text itself if it has no words."""
        phrase_words = Words(phrase).words
        if not phrase_words:
            start = self.text.find(phrase.strip()) if phrase.strip() else -1
            return None if start < 0 else (start, start + len(phrase.strip()))
        position = position_of(self.words, phrase_words)
        return None if position is None else self.span(position, position + len(phrase_words) - 1)

    @cached_property
    def _edges(self) -> Sequence[int]:
        """Where each word starts and ends in the folded text, in turn."""
        return word_edges(self._folding.text)


def position_of(words: list[str], wanted: list[str]) -> int | None:
    """Position of the first occurrence of `wanted`, which is not empty, in `words`."""
    start = 0
    while True:
        try:
            start = words.index(wanted[0], start)
        except ValueError:
            return None
        if words[start : start + len(wanted)] == wanted:
            return start
        start += 1


@lru_cache(maxsize=4)
def words_of(text: str) -> Words:
    """`Words(text)`, cached for the detectors that look at the same text one after the other."""
    return Words(text)


@dataclass(frozen=True)
class Hit:
    """One occurrence of the words of a wording: word positions `first` to `last`, both included.

    `share` is the share of the wording's three-word grams found there; 1 and `exact` when verbatim.
    """

    wording: int
    first: int
    last: int
    share: float
    exact: bool


class WordingIndex:
    """Many wordings, searched together; the cost of a search hardly depends on how many there are.

    `least` is the share of a wording's grams that make a near-verbatim hit; wordings of fewer than `shortest` words are
    only found verbatim. With `complete`, a near-verbatim hit needs all content words of the wording in the text.
    """

    def __init__(
        self, wordings: Sequence[Sequence[str]], least: float, shortest: int = 6, complete: bool = False
    ) -> None:
        self.wordings = tuple(tuple(wording) for wording in wordings)
        self.least, self.shortest = least, shortest
        self._needed = tuple(content_prefixes(wording) if complete else frozenset() for wording in self.wordings)
        self._fewest = [least * (len(wording) - GRAM_WORDS + 1) for wording in self.wordings]
        """Grams of each wording that a text must hold, exact or edited."""
        self._grams: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        self._short: dict[str, list[int]] = defaultdict(list)
        for number, wording in enumerate(self.wordings):
            self._add(number, wording)

    def _add(self, number: int, wording: tuple[str, ...]) -> None:
        if 0 < len(wording) < GRAM_WORDS:
            self._short[wording[0]].append(number)
        for offset in range(len(wording) - GRAM_WORDS + 1):
            self._grams[wording[offset : offset + GRAM_WORDS]].append((number, offset))

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """Every occurrence of every wording in `words`; overlapping occurrences of one wording count once."""
        postings = list(map(self._grams.get, zip(words, words[1:], words[2:], strict=False)))
        there = [(position, places) for position, places in compress(enumerate(postings), postings) if places]
        counts = Counter(number for _, places in there for number, _ in places)
        places_of: dict[int, list[tuple[int, int]]] = {
            number: [] for number, count in counts.items() if count >= self._fewest[number]
        }
        for position, places in there if places_of else ():
            for number, offset in places:
                if number in places_of:
                    places_of[number].append((position, offset))
        hits = [hit for number, places in places_of.items() for hit in self._exact(number, places, words)]
        done = {hit.wording for hit in hits}
        edited = {
            number: places
            for number, places in places_of.items()
            if number not in done
            and len(self.wordings[number]) >= self.shortest
            and len(places) >= self._fewest[number]
        }
        stems = stem_set(words) if any(self._needed[number] for number in edited) else frozenset()
        for number, places in edited.items():
            if self._needed[number] <= stems:
                hits += self._edited(number, places)
        return hits + list(self._short_hits(words)) if self._short else hits

    def _exact(self, number: int, places: list[tuple[int, int]], words: Sequence[str]) -> Iterator[Hit]:
        wording = self.wordings[number]
        end = -1
        for position, offset in places:
            if offset == 0 and position > end and tuple(words[position : position + len(wording)]) == wording:
                end = position + len(wording) - 1
                yield Hit(number, position, end, 1.0, exact=True)

    def _edited(self, number: int, places: list[tuple[int, int]]) -> Iterator[Hit]:
        size = len(self.wordings[number])
        for group in _groups(places, 2 * size):
            share = len({offset for _, offset in group}) / (size - GRAM_WORDS + 1)
            if share >= self.least:
                yield Hit(number, group[0][0], group[-1][0] + GRAM_WORDS - 1, share, exact=False)

    def _short_hits(self, words: Sequence[str]) -> Iterator[Hit]:
        for position, word in enumerate(words):
            for number in self._short.get(word, ()):
                wording = self.wordings[number]
                if tuple(words[position : position + len(wording)]) == wording:
                    yield Hit(number, position, position + len(wording) - 1, 1.0, exact=True)


def _groups(places: list[tuple[int, int]], reach: int) -> Iterator[list[tuple[int, int]]]:
    """Runs of places that lie within `reach` words of their first."""
    group = [places[0]]
    for place in places[1:]:
        if place[0] - group[0][0] > reach:
            yield group
            group = []
        group.append(place)
    yield group


def content_prefixes(words: Sequence[str]) -> frozenset[str]:
    """What must survive a small edit: words that carry meaning, cut to six letters; numbers stay whole."""
    return stem_set(set(words) - empty_words())


def letter_pairs(words: Sequence[str]) -> frozenset[str]:
    """Neighbouring letters of scripts without spaces, which mean what single letters do not; other words as stems."""
    pairs = [a + b for a, b in pairwise(words) if is_spaceless(a) and is_spaceless(b) and not {a, b} & empty_words()]
    return frozenset(pairs) | content_prefixes([word for word in words if not is_spaceless(word)])


def evidence_weight(words: Sequence[str]) -> float:
    """How many words of a script with spaces would be as much evidence; a letter of a script without counts as some 0.6
    words."""
    letters = sum(map(is_spaceless, words))
    return len(words) - letters + 0.6 * letters


def stem_set(words: Iterable[str]) -> frozenset[str]:
    """The words, cut to six letters; numbers stay whole."""
    return frozenset([word[:6] if len(word) > 6 and word.isalpha() else word for word in set(words)])
