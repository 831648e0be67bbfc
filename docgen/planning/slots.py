"""Slots from columns: as records, or straight as lines of JSON, many at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from pydantic_core import to_json

from docgen.planning.initial_plan import Assignment
from docgen.planning.layout import Ints, Layout
from docgen.planning.seeded_draws import Bits, key_of, mix
from docgen.prompts.style_pools import StylePools, style_pools
from docgen.records import AssignedFact, DateSpan, Directness, Prominence, Slot, Style

__all__ = ["DIRECTNESS", "PROMINENCE", "Draws", "SlotColumns", "draw_styles", "slot_seeds", "style_of"]

DIRECTNESS: tuple[Directness, ...] = get_args(Directness)
PROMINENCE: tuple[Prominence, ...] = get_args(Prominence)


def slot_seeds(seed: int, numbers: Ints) -> Bits:
    """Seeds below 2**53, so that every JSON reader keeps them exact."""
    return mix(key_of("slot", seed), numbers) >> np.uint64(11)


@dataclass(frozen=True)
class Draws:
    """Indices into the style pools, one per slot; `second` is the index of the second name."""

    name: list[int]
    second: list[int]
    tone: list[int]
    opening: list[int]
    audience: list[int]
    organisation: list[int]
    place: list[int]
    date: list[int]


def draw_styles(seeds: Bits, pools: StylePools) -> Draws:
    """Style draws of slots, each a function of the slot's seed."""
    names = len(pools.names)
    sizes = [
        names, max(names - 1, 1), len(pools.tones), len(pools.openings), len(pools.audiences),
        len(pools.organisations), len(pools.places), len(pools.dates),
    ]  # fmt: skip
    columns = [(mix(seeds, np.uint64(i)) % np.uint64(size)).astype(np.int64) for i, size in enumerate(sizes)]
    columns[1] = (columns[0] + 1 + columns[1]) % names
    return Draws(*(column.tolist() for column in columns))


@dataclass(frozen=True)
class SlotColumns:
    """All that slots are made of. `idea_ids` holds each type's ideas, `words` the lowest and highest target length."""

    type_ids: tuple[str, ...]
    idea_ids: tuple[tuple[str, ...], ...]
    fact_ids: tuple[str, ...]
    layout: Layout
    assignment: Assignment
    words: tuple[int, int]
    seed: int
    dates: DateSpan

    @cached_property
    def pools(self) -> StylePools:
        """What the styles are drawn from; made when the first slot is asked for."""
        return style_pools(self.seed, self.dates)

    def records(self, rows: Ints) -> Iterator[Slot]:
        """The slots of `rows` as records."""
        for fields in self._fields(rows, self._assigned):
            style = Style.model_construct(**fields.pop("style"))
            yield Slot.model_construct(**fields, style=style)

    def lines(self, rows: Ints) -> Iterator[bytes]:
        """The slots of `rows` as lines of JSON, the same bytes as the records give.

        From plain dicts: making a million records to write them takes 2.5 times as long.
        """
        assigned = [fact.model_dump() for fact in self._assigned]
        return (to_json(fields) + b"\n" for fields in self._fields(rows, assigned))

    def _fields(self, rows: Ints, assigned: Sequence[object]) -> Iterator[dict[str, Any]]:
        """The fields of each slot of `rows`, in the order of `Slot`, with `assigned` (see `_assigned`) as its facts."""
        seeds = slot_seeds(self.seed, rows)
        draws, facts = draw_styles(seeds, self.pools), self._facts(rows)
        kinds, ideas = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist()
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            yield {
                "id": row,
                "doc_type": self.type_ids[kinds[i]],
                "idea": self.idea_ids[kinds[i]][ideas[i]],
                "facts": tuple(assigned[code] for code in facts[i]),
                "style": _style_fields(draws, i, words, self.pools),
                "seed": seed,
            }

    def _lengths(self, rows: Ints) -> list[int]:
        low, high = self.words
        return [int(x) for x in low + np.floor(self.layout.lengths[rows] * (high - low + 1)).astype(np.int64)]

    def _facts(self, rows: Ints) -> list[list[int]]:
        """For each slot the codes of its facts, in an order drawn for the slot, so that no fact always comes first."""
        held = self.assignment
        line, fact = np.nonzero(held.holds[rows])
        keys = np.uint64(key_of("order", self.seed)) ^ fact.astype(np.uint64)
        order = np.lexsort((mix(keys, rows[line]), line))
        line, fact = line[order], fact[order]
        codes = (fact * 2 + held.directness[rows[line], fact]) * 3 + held.prominence[rows[line], fact]
        ends = np.cumsum(np.bincount(line, minlength=len(rows))).tolist()
        flat, starts = codes.tolist(), [0, *ends]
        return [flat[starts[i] : end] for i, end in enumerate(ends)]

    @cached_property
    def _assigned(self) -> list[AssignedFact]:
        """By code: fact, then directness, then prominence."""
        return [
            AssignedFact(fact=fact, directness=directness, prominence=prominence)
            for fact in self.fact_ids
            for directness in DIRECTNESS
            for prominence in PROMINENCE
        ]


def style_of(draws: Draws, i: int, words: int, pools: StylePools) -> Style:
    """The i-th drawn style."""
    return Style.model_construct(**_style_fields(draws, i, words, pools))


def _style_fields(draws: Draws, i: int, words: int, pools: StylePools) -> dict[str, Any]:
    first, second = pools.names[draws.name[i]], pools.names[draws.second[i]]
    return {
        "words": words,
        "tone": pools.tones[draws.tone[i]],
        "opening": pools.openings[draws.opening[i]],
        "audience": pools.audiences[draws.audience[i]],
        "names": (first, second) if draws.second[i] != draws.name[i] else (first,),
        "organisation": pools.organisations[draws.organisation[i]],
        "place": pools.places[draws.place[i]],
        "date": pools.dates[draws.date[i]],
    }
