"""Slots from columns: as records, or straight as lines of JSON, many at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from pydantic_core import to_json

from docgen.planning.assignment.initial_plan import Assignment
from docgen.planning.seeded_draws import Bits, key_of, mix
from docgen.planning.slot_layout import Ints, Layout
from docgen.planning.slots.style_draws import draw_styles, least_words, style_fields
from docgen.prompts.style_pools import StylePools
from docgen.records import AssignedFact, Directness, DocumentType, Prominence, Slot, Style

__all__ = ["DIRECTNESS", "PROMINENCE", "SlotColumns", "slot_seeds"]

DIRECTNESS: tuple[Directness, ...] = get_args(Directness)
PROMINENCE: tuple[Prominence, ...] = get_args(Prominence)


def slot_seeds(seed: int, numbers: Ints) -> Bits:
    """Seeds below 2**53, so that every JSON reader keeps them exact."""
    return mix(key_of("slot", seed), numbers) >> np.uint64(11)


@dataclass(frozen=True)
class SlotColumns:
    """All that slots are made of. `idea_ids` holds each type's ideas, `words` the lowest and highest target length.

    `first_days` has for each fact the first day of the pools on which it is known.
    """

    types: tuple[DocumentType, ...]
    idea_ids: tuple[tuple[str, ...], ...]
    fact_ids: tuple[str, ...]
    layout: Layout
    assignment: Assignment
    words: tuple[int, int]
    seed: int
    pools: StylePools
    first_days: tuple[int, ...]

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
        turns = rows.astype(np.uint64) + np.uint64(key_of("names", self.seed) % 2**40)
        draws, facts, pools = draw_styles(seeds, self.pools, turns), self._facts(rows), self.pools
        kinds, ideas = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist()
        first_days = np.array(self.first_days, dtype=np.int64)  # a document is dated when all its facts are known
        days = (self.assignment.holds[rows] * first_days).max(axis=1, initial=0).tolist()
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            kind = self.types[kinds[i]]
            yield {
                "id": row,
                "doc_type": kind.id,
                "idea": self.idea_ids[kinds[i]][ideas[i]],
                "facts": tuple(assigned[code] for code in facts[i]),
                "style": style_fields(draws, i, words, pools, kind, days[i]),
                "seed": seed,
            }

    def _lengths(self, rows: Ints) -> list[int]:
        """Target lengths: within the type's range as far as the run's allows, and with room for the facts."""
        shortest, longest = self.words
        own = [kind.words or self.words for kind in self.types]
        ends = np.array([(min(max(a, shortest), longest), max(min(b, longest), shortest)) for a, b in own], np.int64)
        kinds = self.layout.types[rows]
        loads = self.assignment.holds[rows].sum(axis=1, dtype=np.int64)
        least = np.array([min(least_words(load), longest) for load in range(int(loads.max(initial=0)) + 1)])
        low = np.maximum(ends[kinds, 0], least[loads])
        high = np.maximum(ends[kinds, 1], low)
        return [int(x) for x in low + np.floor(self.layout.lengths[rows] * (high - low + 1)).astype(np.int64)]

    def _facts(self, rows: Ints) -> list[list[int]]:
        """For each slot the codes of its facts, in an order drawn for the slot, so that no fact always comes first."""
        assignment = self.assignment
        line, fact = np.nonzero(assignment.holds[rows])
        keys = np.uint64(key_of("order", self.seed)) ^ fact.astype(np.uint64)
        order = np.lexsort((mix(keys, rows[line]), line))
        line, fact = line[order], fact[order]
        codes = (fact * 2 + assignment.directness[rows[line], fact]) * 3 + assignment.prominence[rows[line], fact]
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
