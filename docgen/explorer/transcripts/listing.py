"""Lists of transcripts: filters, facets with counts, search, in the grid's order or a random one."""

import re
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from docgen.explorer.read.facets import Facet, Value
from docgen.explorer.read.filters import Filters
from docgen.explorer.read.search import Query, clause_pattern
from docgen.explorer.transcripts.transcript_store import FAKES, TranscriptRow, Transcripts

__all__ = ["FACETS", "TranscriptFilters", "facets_of", "places_of"]

FACETS: dict[str, tuple[str, Callable[[TranscriptRow], str]]] = {
    "variation": ("Variation", lambda row: row.variation),
    "tier": ("Tier", lambda row: row.tier),
    "compliance": ("Compliance", lambda row: row.compliance or "unscored"),
    "fakes": ("Reasoning in training", lambda row: row.fakes),
    "reasoning": ("Reasoning shown", lambda row: row.reasoning),
    "model": ("Models", lambda row: row.model),
    "state": ("State", lambda row: row.state),
}
"""What transcripts are filtered by, each with its title and its value for a row; "" is not listed."""
ORDERED = ("full", "partial", "refusal", *FAKES)
"""Values that are listed in this order; others follow as they occur."""
ORDER = re.compile(r"random(-\d{1,9})?")


class TranscriptFilters(Filters):
    """The filters of a list of transcripts; `sort` "random-7" is the random order of seed 7."""

    fields: ClassVar[tuple[str, ...]] = (*FACETS, "query")
    page: ClassVar[str] = "transcripts"

    @classmethod
    def is_sort(cls, value: str) -> bool:
        """Whether a list can have that order."""
        return bool(ORDER.fullmatch(value))

    @property
    def seed(self) -> int | None:
        """The seed of a random order; None for the grid's order."""
        return int(self.sort.partition("-")[2] or 0) if self.sort else None


def places_of(transcripts: Transcripts, filters: TranscriptFilters) -> list[int]:
    """The transcripts that match all filters, in the order asked for."""
    seed = filters.seed
    places = list(range(len(transcripts.rows))) if seed is None else transcripts.shuffled(seed)
    holding = _holding(transcripts, filters) if filters.q else None
    return [
        place for place in places if _meets(transcripts.rows[place], filters) and (holding is None or place in holding)
    ]


def _meets(row: TranscriptRow, filters: Filters) -> bool:
    return all((row.query if name == "query" else FACETS[name][1](row)) == value for name, value in filters.chosen)


def _holding(transcripts: Transcripts, filters: Filters) -> frozenset[int]:
    """Transcripts whose query, reasoning or answer contain what was searched for; each text is read for it."""
    searches = transcripts.searches
    if filters.q not in searches:
        query = filters.query
        matching = set[int]()
        for place in range(len(transcripts.rows)) if query.match else ():
            record = transcripts.read(place)
            if _holds(query, f"{record.text}\n{record.shown_reasoning}\n{record.answer}"):
                matching.add(place)
        searches[filters.q] = frozenset(matching)
        for oldest in list(searches)[:-16]:  # several people, each going back and forth between a few
            del searches[oldest]
    return searches[filters.q]


def _holds(query: Query, text: str) -> bool:
    def has(clause: str) -> bool:
        return clause_pattern(clause).search(text) is not None

    return all(any(map(has, group)) for group in query.groups) and not any(map(has, query.without))


def facets_of(transcripts: Transcripts, filters: TranscriptFilters) -> list[Facet]:
    """Each field with the number of transcripts of each value, counted under the filters of the other fields."""
    holding = _holding(transcripts, filters) if filters.q else None
    rows = [row for place, row in enumerate(transcripts.rows) if holding is None or place in holding]
    return [facet for name in FACETS if len((facet := _facet(rows, filters, name)).values) > 1]


def _facet(rows: list[TranscriptRow], filters: TranscriptFilters, name: str) -> Facet:
    title, value_of = FACETS[name]
    others = filters.without(name)
    met = dict.fromkeys(value for row in rows if (value := value_of(row)))
    counts = Counter(value_of(row) for row in rows if _meets(row, others))
    values = [
        Value(
            value, FAKES.get(value, value) if name == "fakes" else value, counts[value], (name, value) in filters.chosen
        )
        for value in sorted(met, key=lambda value: ORDERED.index(value) if value in ORDERED else len(ORDERED))
    ]
    return Facet(name, title, values, True)
