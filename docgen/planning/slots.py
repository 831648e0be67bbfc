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
        seeds = slot_seeds(self.seed, rows)
        draws, facts, pools = draw_styles(seeds, self.pools), self._facts(rows), self.pools
        kinds, ideas = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist()
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            yield Slot.model_construct(
                id=row,
                doc_type=self.type_ids[kinds[i]],
                idea=self.idea_ids[kinds[i]][ideas[i]],
                facts=tuple(self._assigned[code] for code in facts[i]),
                style=style_of(draws, i, words, pools),
                seed=seed,
            )

    def lines(self, rows: Ints) -> Iterator[bytes]:
        """The slots of `rows` as lines of JSON, the same bytes as the records give."""
        seeds = slot_seeds(self.seed, rows)
        draws, facts, text = draw_styles(seeds, self.pools), self._facts(rows), self._quoted
        kinds, ideas = self.layout.types[rows].tolist(), self.layout.ideas[rows].tolist()
        for i, (row, seed, words) in enumerate(zip(rows.tolist(), seeds.tolist(), self._lengths(rows), strict=True)):
            second = f",{text.names[draws.second[i]]}" if draws.second[i] != draws.name[i] else ""
            yield (
                f'{{"id":{row},"doc_type":{text.types[kinds[i]]},"idea":{text.ideas[kinds[i]][ideas[i]]},'
                f'"facts":[{",".join([text.facts[code] for code in facts[i]])}],'
                f'"style":{{"words":{words},"tone":{text.tones[draws.tone[i]]},'
                f'"opening":{text.openings[draws.opening[i]]},"audience":{text.audiences[draws.audience[i]]},'
                f'"names":[{text.names[draws.name[i]]}{second}],'
                f'"organisation":{text.organisations[draws.organisation[i]]},"place":{text.places[draws.place[i]]},'
                f'"date":"{text.dates[draws.date[i]]}"}},"seed":{seed}}}\n'
            ).encode()

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
            types=_quote(self.type_ids),
            ideas=[_quote(ids) for ids in self.idea_ids],
            facts=[fact.model_dump_json() for fact in self._assigned],
            names=_quote(pools.names),
            tones=_quote(pools.tones),
            openings=_quote(pools.openings),
            audiences=_quote(pools.audiences),
            organisations=_quote(pools.organisations),
            places=_quote(pools.places),
            dates=[date.isoformat() for date in pools.dates],
        )


@dataclass(frozen=True)
class _Quoted:
    """Everything that a line is put together from, as JSON."""

    types: list[str]
    ideas: list[list[str]]
    facts: list[str]
    names: list[str]
    tones: list[str]
    openings: list[str]
    audiences: list[str]
    organisations: list[str]
    places: list[str]
    dates: list[str]


def _quote(texts: Sequence[str]) -> list[str]:
    return [json.dumps(text, ensure_ascii=False) for text in texts]


def style_of(draws: Draws, i: int, words: int, pools: StylePools) -> Style:
    """The i-th drawn style."""
    first, second = pools.names[draws.name[i]], pools.names[draws.second[i]]
    return Style.model_construct(
        words=words,
        tone=pools.tones[draws.tone[i]],
        opening=pools.openings[draws.opening[i]],
        audience=pools.audiences[draws.audience[i]],
        names=(first, second) if draws.second[i] != draws.name[i] else (first,),
        organisation=pools.organisations[draws.organisation[i]],
        place=pools.places[draws.place[i]],
        date=pools.dates[draws.date[i]],
    )
