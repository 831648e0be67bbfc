"""Signs of mode collapse (is it one document fifty thousand times?), tallied document by document."""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field

from docgen.audit.detect.facts.known_wordings import function_words
from docgen.audit.measure.llm_overused_phrases import Marker, MarkerTally, overused_phrases
from docgen.audit.measure.world_use import WorldTally, WorldUse
from docgen.records import Document, Record
from docgen.text import word_count, words

__all__ = ["ITEM_KINDS", "Common", "DiversityReport", "DiversityTally", "TypeSimilarity"]

ITEM_KINDS = ("names", "organisations", "numbers", "dates", "openings", "endings", "headings", "phrases")
MAX_ITEMS_PER_KIND = 60_000
"""Different items of a kind that are kept; the rarest half is dropped when there are twice as many (lossy counting)."""
EDGE_WORDS = 5
"""Words of an opening or ending."""
EDGE_ROOM = 160
"""Characters in which an opening or ending is looked for first: six English words take some 36, so that the whole text
is hardly ever split for it."""
PHRASE_WORDS = 4
"""Words of a phrase. Chosen: three recur in any English, and five are rarely said the same way twice."""
SAMPLE_DOCUMENTS = 2000
"""How many documents, from the first on, n-grams, compression and similarity are measured on."""

# Each opens with a set of characters and only then looks back for the start of a word: `re` skips to such a character.
CAPITAL, SMALL = "[A-ZÀ-ÖØ-Þ]", "[a-zß-öø-ÿ]"
CAPITALISED = rf"{CAPITAL}{SMALL}++(?:-{CAPITAL}{SMALL}++)?"
"""No letters are given back: what may follow a name never begins with a small letter."""
AFTER_TITLE = (
    r"(?:(?<=\bMr\.)|(?<=\bMrs\.)|(?<=\bMs\.)|(?<=\bDr\.)|(?<=\bProf\.)|(?<=\bRev\.)|(?<=\bHon\.)|(?<=\bCapt\.)"
    r"|(?<=\bCol\.)|(?<=\bGen\.)|(?<=\bSgt\.)|(?<=\bSt\.))"
)
"""Right after a full stop that ends no sentence: "Dr. Tolvik", but not "on Mondays. Together"."""
NAME = re.compile(
    rf"{CAPITAL}(?<!\w{CAPITAL}){SMALL}++(?:-{CAPITAL}{SMALL}++)?(?:\.{AFTER_TITLE})?(?: {CAPITALISED}){{1,2}}\b"
)
ORGANISATION = re.compile(
    r"[A-Z](?<!\w[A-Z])[\w&'’-]+ (?:[A-Z][\w&'’-]+ ){0,3}(?:Inc|Ltd|LLC|Corp|Group|Institute|University|College|Council"
    r"|Society|Association|Foundation|Trust|Agency|Bank|Labs?|Press|Committee|Department|Ministry|Office|Union|Centre|Center)\b"
)
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
REST_OF_MONTH = (
    r"(?:(?<=J)(?:anuary|une|uly)|(?<=F)ebruary|(?<=M)(?:arch|ay)|(?<=A)(?:pril|ugust)|(?<=S)eptember|(?<=O)ctober"
    r"|(?<=N)ovember|(?<=D)ecember)"
)
DATE = re.compile(
    r"[\dADFJMNOS](?<!\w[\dADFJMNOS])"
    rf"(?:(?<=\d)(?:\d?(?:st|nd|rd|th)?\s+{MONTH}(?:\s+\d{{4}})?\b|\d{{3}}-\d\d-\d\d\b)"
    rf"|{REST_OF_MONTH}\s+\d{{1,2}}(?:,\s+\d{{4}})?\b)"
)
NUMBER = re.compile(r"\d(?<![\w.,]\d)\d*(?:,\d{3})*(?:\.\d+)?%?(?!\w)")
HEADING = re.compile(r"(?m)^(?:#{1,6}\s+(.{2,80})|\*\*(.{2,80})\*\*:?|([A-Z][A-Z0-9 ,:&'’-]{3,60}))$")


class Common(Record):
    """One item and how many documents contain it; `lift` is its share over the reference's, None without a reference.

    `source` names the document type or idea that has most of it, `source_share` how much.
    """

    item: str
    documents: int
    share: float
    source: str
    source_share: float
    lift: float | None = None


class TypeSimilarity(Record):
    """Mean Jaccard similarity (word 3-grams) of pairs of documents of one type, on at most 40 documents."""

    doc_type: str
    documents: int
    similarity: float


class DiversityReport(Record):
    """Signs of collapse. `distinct` is the share of different n-grams for n = 1, 2, 3.

    `compression` is raw size over deflated size, all documents together: the more alike, the higher (Shaib et al. 2024
    use it as a diversity score). Both, and similarity, are of the first 2,000 documents. Numbers, phrases and markers
    and, where the context is known, `world` are counted in `sampled` documents, the other kinds in all. `reference`
    names what the items' `lift` compares with.
    """

    writer: str = Field("", description="says so where documents are the embedded writer's")
    documents: int
    words: int
    sampled: int
    distinct: tuple[float, float, float]
    compression: float
    similarity: tuple[TypeSimilarity, ...]
    common: dict[str, tuple[Common, ...]]
    markers: tuple[Marker, ...]
    markers_reference: str = Field(default_factory=lambda: overused_phrases().reference)
    reference: str = ""
    world: WorldUse | None = None


class _Items:
    """Documents by item of one kind, and by item and source."""

    def __init__(self) -> None:
        self.documents = 0
        self.counts: Counter[str] = Counter()
        self.sources: Counter[tuple[str, str]] = Counter()

    def add(self, items: Iterable[str], source: str) -> None:
        different = dict.fromkeys(items)  # in the order of the text: ties in a report are the same in every process
        self.documents += 1
        self.counts.update(different.keys())
        self.sources.update((item, source) for item in different)
        if len(self.counts) > 2 * MAX_ITEMS_PER_KIND:
            self.counts = Counter(dict(self.counts.most_common(MAX_ITEMS_PER_KIND)))
            self.sources = Counter({key: n for key, n in self.sources.items() if key[0] in self.counts})


class DiversityTally:
    """Counts documents one by one, in bounded memory. `by` names what an item's source is: "doc_type" or "idea".

    `world` counts the use of a context's world in them.
    """

    def __init__(self, by: str = "doc_type", world: WorldTally | None = None) -> None:
        self._by, self._world = by, world
        self._items = {kind: _Items() for kind in ITEM_KINDS}
        self._documents = self._words = self._raw = self._packed = 0
        self._deflate = zlib.compressobj(6)
        self._grams: tuple[set[int], ...] = (set(), set(), set())
        self._gram_totals = [0, 0, 0]
        self._types: dict[str, list[frozenset[int]]] = {}
        self._sampled = 0
        self._markers = MarkerTally()

    def add(self, document: Document) -> None:
        """Count one document."""
        self._documents += 1
        self._words += word_count(document.text)
        source = document.idea if self._by == "idea" else document.doc_type
        for kind, items in _items(document.text):
            self._items[kind].add(items, source)
        own = words(document.text) if self._documents <= SAMPLE_DOCUMENTS else None
        if own is not None:
            self._sample(document, own)
        # What takes time is counted in one of 16 of the later documents, chosen by what they say.
        if own is not None or zlib.crc32(document.text.encode("utf-8", "replace")) % 16 == 0:
            self._sampled += 1
            self._markers.add(document.text)
            own = own or words(document.text)
            self._items["numbers"].add(NUMBER.findall(document.text), source)
            self._items["phrases"].add(_phrases(own), source)
            if self._world is not None:
                self._world.add(document, own)

    def _sample(self, document: Document, own: Sequence[str]) -> None:
        data = document.text.encode("utf-8", "replace")
        self._raw += len(data)
        self._packed += len(self._deflate.compress(data))
        for n, distinct in enumerate(self._grams, 1):
            grams = list(map(hash, zip(*(own[i:] for i in range(n)), strict=False)))
            distinct.update(grams)
            self._gram_totals[n - 1] += len(grams)
        of_this_type = self._types.setdefault(document.doc_type, [])
        if len(of_this_type) < 40:  # they are compared in pairs: 780 for a type, and memory for no more
            of_this_type.append(frozenset(grams))

    def report(self, reference: "DiversityTally | None" = None, name: str = "") -> DiversityReport:
        """The report so far; `reference` is the tally of another corpus, called `name`."""
        packed = self._packed + len(self._deflate.copy().flush())  # a copy, since counting may go on after a report
        single, pairs, triples = (
            len(distinct) / max(1, total) for distinct, total in zip(self._grams, self._gram_totals, strict=True)
        )
        return DiversityReport(
            documents=self._documents,
            words=self._words,
            sampled=self._sampled,
            distinct=(single, pairs, triples),
            compression=self._raw / packed if self._raw else 0.0,
            similarity=tuple(sorted(self._similarities(), key=lambda s: -s.similarity)),
            common={kind: tuple(self._common(kind, reference)) for kind in ITEM_KINDS},
            markers=self._markers.report(),
            reference=name if reference else "",
            world=self._world.report() if self._world else None,
        )

    def _similarities(self) -> Iterator[TypeSimilarity]:
        for doc_type, sets in self._types.items():
            pairs = []
            for i, a in enumerate(sets):
                for b in sets[:i]:
                    shared = len(a & b)
                    pairs.append(shared / (len(a) + len(b) - shared) if a or b else 0.0)
            if pairs:
                yield TypeSimilarity(doc_type=doc_type, documents=len(sets), similarity=sum(pairs) / len(pairs))

    def _common(self, kind: str, reference: "DiversityTally | None") -> Iterator[Common]:
        items = self._items[kind]
        top = items.counts.most_common(20)  # what a reader looks through in a list
        best: dict[str, tuple[int, str]] = {item: (0, "") for item, _ in top}
        for (item, source), count in items.sources.items():
            if item in best and count > best[item][0]:
                best[item] = count, source
        for item, count in top:
            most, source = best[item]
            share = count / items.documents
            lift = share / reference.floor(kind, item) if reference else None
            yield Common(item=item, documents=count, share=share, source=source, source_share=most / count, lift=lift)

    def floor(self, kind: str, item: str) -> float:
        """Share of documents with the item, half a document's share when there is none, so it can be a divisor."""
        return max(0.5, self._items[kind].counts[item]) / max(1, self._items[kind].documents)


def _items(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    first, last = words(text[:EDGE_ROOM]), words(text[-EDGE_ROOM:])
    if min(len(first), len(last)) <= EDGE_WORDS:  # one word more than is used, since the outermost may be cut
        first = last = words(text)
    names = [_without_lead(name) for name in NAME.findall(text)]
    yield "names", [name for name in names if " " in name and function_words().isdisjoint(name.lower().split())]
    yield "organisations", [name for own in ORGANISATION.findall(text) if " " in (name := _without_lead(own))]
    yield "dates", DATE.findall(text)
    yield "openings", [" ".join(first[:EDGE_WORDS])] if first else []
    yield "endings", [" ".join(last[-EDGE_WORDS:])] if last else []
    yield "headings", [next(filter(None, groups)).strip() for groups in HEADING.findall(text)]


def _without_lead(name: str) -> str:
    """The name without "At", "The" and the like, which are capitalised where a sentence starts with them."""
    first, _, rest = name.partition(" ")
    return _without_lead(rest) if rest and first.lower() in function_words() else name


def _phrases(own: Sequence[str]) -> Iterator[str]:
    """Four words in a row, two of them with meaning; one place in four of the text, chosen by the words themselves."""
    empty = list(map(function_words().__contains__, own))
    starts = [start for start, word in enumerate(own[: 1 - PHRASE_WORDS]) if len(word) % PHRASE_WORDS == 0]
    for start in starts:
        if sum(empty[start : start + PHRASE_WORDS]) <= PHRASE_WORDS - 2:
            yield " ".join(own[start : start + PHRASE_WORDS])
