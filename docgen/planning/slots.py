"""Slots from columns: as records, or straight as lines of JSON, many at a time."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np

from docgen.planning.initial_plan import Assignment
from docgen.planning.layout import Ints, Layout
from docgen.planning.seeded_draws import Bits, key_of, mix
from docgen.planning.styling import company, day_of, draw_styles, least_words, scenes, style_of
from docgen.prompts.style_pools import StylePools
from docgen.records import AssignedFact, Directness, DocumentType, Prominence, Slot

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
        seeds = slot_seeds(self.seed, rows)
        draws, facts, pools = draw_styles(seeds, self.pools), self._facts(rows), self.pools
        kinds, ideas, days = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist(), self._days(rows)
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            kind = self.types[kinds[i]]
            yield Slot.model_construct(
                id=row,
                doc_type=kind.id,
                idea=self.idea_ids[kinds[i]][ideas[i]],
                facts=tuple(self._assigned[code] for code in facts[i]),
                style=style_of(draws, i, words, pools, kind, days[i]),
                seed=seed,
            )

    def lines(self, rows: Ints) -> Iterator[bytes]:
        """The slots of `rows` as lines of JSON, the same bytes as the records give."""
        seeds = slot_seeds(self.seed, rows)
        draws, facts, text, pools = draw_styles(seeds, self.pools), self._facts(rows), self._quoted, self.pools
        kinds, ideas, days = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist(), self._days(rows)
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            own, places = text.kinds[kinds[i]], scenes(draws, i, pools)
            place = json.dumps(places[0], ensure_ascii=False) if places else text.places[draws.place[i]]
            yield (
                f'{{"id":{row},"doc_type":{own.id},"idea":{own.ideas[ideas[i]]},'
                f'"facts":[{",".join([text.facts[code] for code in facts[i]])}],'
                f'"style":{{"words":{words},"tone":{own.tones[draws.tone[i] % len(own.tones)]},'
                f'"opening":{own.openings[draws.opening[i] % len(own.openings)]},'
                f'"audience":{own.readers[draws.audience[i] % len(own.readers)]},'
                f'"names":{_list(company(draws, i, pools))},'
                f'"organisation":{text.organisations[draws.organisation[i]]},"place":{place},'
                f'"date":"{day_of(draws, i, pools, days[i]).isoformat()}","places":{_list(places)}}},"seed":{seed}}}\n'
            ).encode()

    def _lengths(self, rows: Ints) -> list[int]:
        """Target lengths: within the type's range as far as the run's allows, and with room for the facts."""
        ends, kinds = self._ranges, self.layout.types[rows]
        loads = self.assignment.holds[rows].sum(axis=1, dtype=np.int64)
        least = np.array([min(least_words(load), self.words[1]) for load in range(int(loads.max(initial=0)) + 1)])
        low = np.maximum(ends[kinds, 0], least[loads])
        high = np.maximum(ends[kinds, 1], low)
        return [int(x) for x in low + np.floor(self.layout.lengths[rows] * (high - low + 1)).astype(np.int64)]

    @cached_property
    def _ranges(self) -> Ints:
        """(T, 2): lowest and highest length of each type."""
        low, high = self.words
        own = [kind.words or self.words for kind in self.types]
        return np.array([(min(max(low, a), high), max(min(high, b), low)) for a, b in own], dtype=np.int64)

    def _days(self, rows: Ints) -> list[int]:
        """For each slot the first day on which all its facts are known."""
        days = np.array(self.first_days, dtype=np.int64)
        return [int(day) for day in (self.assignment.holds[rows] * days).max(axis=1, initial=0)]

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
        return [
            AssignedFact(fact=fact, directness=directness, prominence=prominence)
            for fact in self.fact_ids
            for directness in DIRECTNESS
            for prominence in PROMINENCE
        ]

    @cached_property
    def _quoted(self) -> "_Quoted":
        pools = self.pools
        return _Quoted(
            kinds=[
                _Kind(
                    id=json.dumps(kind.id, ensure_ascii=False),
                    ideas=_quote(ids),
                    tones=_quote(kind.tones or pools.tones),
                    openings=_quote(kind.openings or pools.openings),
                    readers=_quote(kind.readers or pools.audiences),
                )
                for kind, ids in zip(self.types, self.idea_ids, strict=True)
            ],
            facts=[fact.model_dump_json() for fact in self._assigned],
            organisations=_quote(pools.organisations),
            places=_quote(pools.places),
        )


@dataclass(frozen=True)
class _Kind:
    """What the lines of one document type are put together from, as JSON."""

    id: str
    ideas: list[str]
    tones: list[str]
    openings: list[str]
    readers: list[str]


@dataclass(frozen=True)
class _Quoted:
    """What all lines are put together from, as JSON."""

    kinds: list[_Kind]
    facts: list[str]
    organisations: list[str]
    places: list[str]


def _quote(texts: Sequence[str]) -> list[str]:
    return [json.dumps(text, ensure_ascii=False) for text in texts]


def _list(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
