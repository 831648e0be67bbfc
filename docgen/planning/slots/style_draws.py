"""Draws the style of each document, by its seed, from the pools of its world and of its type."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from docgen.planning.seeded_draws import Bits, mix
from docgen.planning.slot_layout import Ints
from docgen.prompts.style_pools import StylePools
from docgen.records import DocumentType, Style

__all__ = ["Draws", "Styling", "draw_styles", "least_words", "style_fields"]

LEAST_WORDS, WORDS_PER_FACT = 120, 70
"""Chosen: an opening and an ending take some 120 words, and a fact with its context three or four sentences."""


GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""The golden ratio's fraction, of 2**64."""


def least_words(facts: int) -> int:
    """Words below which a document with so many facts can only list them; 0 for a document without facts."""
    return LEAST_WORDS + WORDS_PER_FACT * facts if facts else 0


@dataclass(frozen=True)
class Draws:
    """Style draws, one per slot. Name, organisation and place are indices into the style pools.

    Tone, opening, audience and date are raw numbers, as are draws from an empty pool: the modulo is taken once the
    document's type and facts are known. `second` is the index of the second name.
    """

    name: list[int]
    second: list[int]
    tone: list[int]
    opening: list[int]
    audience: list[int]
    organisation: list[int]
    place: list[int]
    date: list[int]


def draw_styles(seeds: Bits, pools: StylePools, turns: Bits | None = None) -> Draws:
    """Style draws of slots, each a function of the slot's seed.

    With `turns`, a number for each slot, consecutive numbers draw names far apart in the pool: multiples of the golden
    ratio, whose every stretch is spread evenly. Drawn by chance, one given name of 140 would be in 6 of 50 documents.
    """
    names = len(pools.names)
    sizes = [names, max(names - 1, 1), 0, 0, 0, len(pools.organisations), len(pools.places), 0]
    raw = [mix(seeds, np.uint64(i)) for i in range(len(sizes))]
    columns = [
        (draw % np.uint64(size)).astype(np.int64) if size else draw for draw, size in zip(raw, sizes, strict=True)
    ]
    if turns is not None:
        columns[0], columns[1] = (_spread(2 * turns + np.uint64(second), names) for second in (0, 1))
    else:
        columns[1] = (columns[0] + 1 + columns[1]) % names
    return Draws(*(column.tolist() for column in columns))


def _spread(turns: Bits, size: int) -> Ints:
    """Positions below `size` (less than 2**32) of so many golden steps round the pool."""
    with np.errstate(over="ignore"):
        fraction = (turns * GOLDEN) >> np.uint64(32)
    return ((fraction * np.uint64(size)) >> np.uint64(32)).astype(np.int64)


@dataclass(frozen=True)
class Styling:
    """What styles are drawn from.

    `kinds` are the document types by id. `first_days` gives, for each fact, the index of the earliest date in the pools
    that a document with this fact may have.
    """

    pools: StylePools
    kinds: Mapping[str, DocumentType] = field(default_factory=dict)
    first_days: Mapping[str, int] = field(default_factory=dict)

    def first_day(self, facts: Iterable[str]) -> int:
        """Index of the first date on which all the facts are known."""
        return max((self.first_days.get(fact, 0) for fact in facts), default=0)

    def style(self, seeds: Bits, doc_type: str, facts: Iterable[str], words: int) -> Style:
        """The style of a document of this type with these facts; `seeds` is an array of one seed."""
        draws = draw_styles(seeds, self.pools)
        kind, first_day = self.kinds.get(doc_type), self.first_day(facts)
        return Style.model_construct(**style_fields(draws, 0, words, self.pools, kind, first_day))


def style_fields(
    draws: Draws, i: int, words: int, pools: StylePools, kind: DocumentType | None = None, first_day: int = 0
) -> dict[str, Any]:
    """The fields of the i-th style. A type's own tones, openings and readers replace those of the pools.

    The date is that of `first_day`, an index into the pool of dates, or later.
    """
    # People come from two positions in the pool: from each, `company` names of one community.
    size, steps = len(pools.names), range(0, pools.company * pools.stride, pools.stride)
    names = [pools.names[(start + step) % size] for start in (draws.name[i], draws.second[i]) for step in steps]
    places = _places(draws, i, pools)
    first = min(first_day, len(pools.dates) - 1)
    return {
        "words": words,
        "tone": _pick((kind and kind.tones) or pools.tones, draws.tone[i]),
        "opening": _pick((kind and kind.openings) or pools.openings, draws.opening[i]),
        "audience": _pick((kind and kind.readers) or pools.audiences, draws.audience[i]),
        "names": tuple(dict.fromkeys(names)),
        "organisation": pools.organisations[draws.organisation[i]],
        "place": places[0] if places else pools.places[draws.place[i]],
        "date": pools.dates[first + draws.date[i] % (len(pools.dates) - first)],
        "places": places,
    }


def _places(draws: Draws, i: int, pools: StylePools) -> tuple[str, ...]:
    """Two places of the world for the i-th document, the second not always the same; empty if the world names none."""
    size = len(pools.scenes)
    if size < 2:
        return pools.scenes
    turn, first = divmod(draws.place[i], size)
    return pools.scenes[first], pools.scenes[(first + 1 + turn % (size - 1)) % size]


def _pick(pool: Sequence[str], draw: int) -> str:
    return pool[draw % len(pool)]
