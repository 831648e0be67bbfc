"""How much of a corpus is about its world, and how much of it repeats the context's own wording.

It counts words, not truth: figures for comparing two corpora of one world, not targets to write for.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docgen.audit.detect.facts.known_wordings import function_words
from docgen.records import Document, Record
from docgen.text import sentences, words
from docgen.universe import UniverseContext

__all__ = ["CopiedWording", "WorldTally", "WorldUse", "world_terms"]

GRAM_WORDS = 6
"""Words of a run that is counted as copied. Chosen: shorter runs are shared by texts that never met."""
WORD = re.compile(r"[^\W_]+")
GROUPED = re.compile(r"\d+(?:[.,:]\d+)+")


class CopiedWording(Record):
    """A wording of the context, and how many of the documents that were to carry it contain it nearly verbatim.

    `source` is the id of the fact, "world" for a sentence of the prose, which any document may carry.
    """

    source: str
    wording: str
    documents: int
    of: int


class WorldUse(Record):
    """The world in the sampled documents of a diversity report.

    `named` is the share of documents with the world's strongest name, `touched` the mean share of sentences with one of
    its `strongest` terms, `terms` the mean number of these in a document, `cover` the share that occurs anywhere.
    `statements` and `prose` are the wordings of the context that recur in some document, the most frequent first;
    `copying` is the share of documents that copy one of their statements.
    """

    documents: int
    strongest: tuple[str, ...]
    named: float
    touched: float
    terms: float
    cover: float
    copying: float
    statements: tuple[CopiedWording, ...]
    prose: tuple[CopiedWording, ...]


def world_terms(context: UniverseContext) -> tuple[str, ...]:
    """The world's terms, strongest first: names, figures and words that its prose uses and English rarely does.

    Figures with separators ("1,140", "6.10") are left out: documents are split into words, which breaks them up.
    """
    whole = "\n".join((context.universe_context, *(fact.statement for fact in context.key_facts)))
    prose = WORD.findall(GROUPED.sub(" ", whole))
    common, usual = _reference()["common"] | function_words(), _reference()["usual"]
    counts = Counter(word.lower() for word in prose)
    capitalised = Counter(word.lower() for word in prose if word[0].isupper() or word[0].isdigit())
    # Weights and number are chosen: words that are mostly capitalised, and figures, count four times, those of many
    # English documents a quarter; of the sixty strongest terms, documents of published corpora contain 26 to 34.
    weights = {
        word: count * (4.0 if 2 * capitalised[word] > count else 0.25 if word in usual else 1.0)
        for word, count in counts.items()
        if len(word) >= 3 and word not in common  # shorter ones are mostly cut off: "Co", "St", the "s" of a genitive
    }
    return tuple(sorted(weights, key=lambda word: (-weights[word], word)))[:60]


@cache
def _reference() -> dict[str, frozenset[str]]:
    """Words of ordinary English: common and usual; see bench/reference_words.py."""
    file = Path(__file__).parents[1] / "detect" / "data" / "reference_words.txt"
    sections = file.read_text("utf-8").split("# ")[1:]
    return {name: frozenset(own) for name, *own in map(str.split, sections)}


class WorldTally:
    """Counts documents as they arrive, in constant memory."""

    def __init__(self, context: UniverseContext) -> None:
        self._terms = world_terms(context)
        self._bag, self._seen = frozenset(self._terms), set[str]()
        self._documents = self._named = self._held = self._copying = 0
        self._touched = 0.0
        self._wordings = [(fact.id, fact.statement) for fact in context.key_facts]
        prose = context.universe_context
        self._wordings += [("world", prose[start:end]) for start, end in sentences(prose)]
        self._lengths = [len(words(text)) for _, text in self._wordings]
        self._places: dict[tuple[str, ...], list[int]] = {}
        for place, (_, text) in enumerate(self._wordings):
            for gram in set(_grams(words(text))):
                self._places.setdefault(gram, []).append(place)
        self._copied, self._could = Counter[int](), Counter[int]()

    def add(self, document: Document, own: list[str]) -> None:
        """Count one document, whose words are `own`."""
        self._documents += 1
        terms = self._bag.intersection(own)
        self._seen |= terms
        self._held += len(terms)
        self._named += bool(self._terms) and self._terms[0] in terms
        sentence_words = [words(document.text[start:end]) for start, end in sentences(document.text)]
        longer = [sentence for sentence in sentence_words if len(sentence) >= 4]  # no headings, greetings, list items
        self._touched += sum(not self._bag.isdisjoint(sentence) for sentence in longer) / max(1, len(longer))
        self._count_copied(document, own)

    def _count_copied(self, document: Document, own: list[str]) -> None:
        hits = Counter(place for gram in set(_grams(own)) for place in self._places.get(gram, ()))
        # Copied: four fifths of its words are in such runs (chosen: a name or a figure may differ).
        copied = {place for place, count in hits.items() if count + GRAM_WORDS - 1 >= 0.8 * self._lengths[place]}
        assigned = document.assigned
        may_hold = {
            place
            for place, (source, _) in enumerate(self._wordings)
            if assigned is None or source == "world" or source in assigned
        }
        self._could.update(may_hold)
        self._copied.update(copied & may_hold)
        self._copying += any(self._wordings[place][0] != "world" for place in copied & may_hold)

    def report(self) -> WorldUse:
        """What was counted so far."""
        total = max(1, self._documents)
        copied = [
            CopiedWording(source=source, wording=text, documents=self._copied[place], of=self._could[place])
            for place, (source, text) in enumerate(self._wordings)
            if self._copied[place]
        ]
        copied.sort(key=lambda wording: -wording.documents)
        return WorldUse(
            documents=self._documents,
            strongest=self._terms,
            named=self._named / total,
            touched=self._touched / total,
            terms=self._held / total,
            cover=len(self._seen) / max(1, len(self._terms)),
            copying=self._copying / total,
            statements=tuple(wording for wording in copied if wording.source != "world"),
            prose=tuple(wording for wording in copied if wording.source == "world"),
        )


def _grams(own: list[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(own[start:] for start in range(GRAM_WORDS)), strict=False)
