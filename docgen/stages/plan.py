"""From a context and its types and ideas to slots: what each document is, which facts it carries, how it is dressed."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np

from docgen.errors import PlanError
from docgen.records import AssignedFact, Directness, DocumentType, Idea, Prominence, Slot, Style
from docgen.salience.assign import Assignment, assign
from docgen.salience.demands import Demands, Floats, Grid, closed, relation
from docgen.salience.grades import grade, halton
from docgen.salience.hashing import key_of, mix
from docgen.salience.layout import Ints, Layout, lay_out
from docgen.stylepools import StylePools, style_pools
from docgen.text import slug
from docgen.universe import UniverseContext

__all__ = ["FactReport", "Plan", "PlanReport", "demands_of", "plan", "redraw"]

DIRECTNESS: tuple[Directness, ...] = get_args(Directness)
PROMINENCE: tuple[Prominence, ...] = get_args(Prominence)
FIRST_DATE, DATES = dt.date(2023, 1, 1), 1000
CHUNK = 1 << 14


@dataclass(frozen=True)
class FactReport:
    """One fact, asked against planned. `worst_*`: the largest distance, in documents, between what a document type
    (idea, tenth of the lengths, tenth of the corpus) got and its even part."""

    fact: str
    asked: float
    planned: float
    documents: int
    worst_type: float
    worst_idea: float
    worst_length: float
    worst_position: float


@dataclass(frozen=True)
class PlanReport:
    """What a plan holds. `loads[k]`: documents with k facts."""

    documents: int
    background: int
    loads: tuple[int, ...]
    facts: tuple[FactReport, ...]


@dataclass(frozen=True)
class Plan:
    """n slots as columns; `slots` yields them as records. Equal arguments of `plan` give equal plans."""

    types: tuple[DocumentType, ...]
    ideas: tuple[tuple[Idea, ...], ...]
    demands: Demands
    layout: Layout
    assignment: Assignment
    directness: Grid
    prominence: Grid
    words: tuple[int, int]
    seed: int

    def __len__(self) -> int:
        return len(self.layout.types)

    @cached_property
    def pools(self) -> StylePools:
        """What the styles are drawn from."""
        return style_pools(self.seed)

    def slots(self) -> Iterator[Slot]:
        """All slots in order, made as they are asked for."""
        for start in range(0, len(self), CHUNK):
            yield from self._chunk(np.arange(start, min(start + CHUNK, len(self))))

    def slot(self, index: int) -> Slot:
        """One slot; `IndexError` when there is none."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return next(self._chunk(np.array([index])))

    def report(self) -> PlanReport:
        """Asked against planned, and how even it is."""
        holds = self.assignment.holds
        loads = np.bincount(holds.sum(axis=1, dtype=np.int64), minlength=1)
        facts = tuple(self._fact_report(fact) for fact in range(len(self.demands.facts)))
        return PlanReport(len(self), int(self.assignment.background.sum()), tuple(map(int, loads)), facts)

    def _fact_report(self, fact: int) -> FactReport:
        has = self.assignment.holds[:, fact] == 1
        allowed = self.demands.allowed[fact, self.layout.types] if len(self) else has
        tenths = np.arange(len(self)) * 10 // max(len(self), 1)
        number = np.cumsum([0, *map(len, self.ideas)])[self.layout.types] + self.layout.ideas
        return FactReport(
            fact=self.demands.facts[fact],
            asked=float(self.demands.targets[fact]),
            planned=float(has.mean()) if len(self) else 0.0,
            documents=int(has.sum()),
            worst_type=_worst(has, allowed, self.layout.types),
            worst_idea=_worst(has, allowed, number),
            worst_length=_worst(has, allowed, (self.layout.lengths * 10).astype(np.int64)),
            worst_position=_worst(has, allowed, tenths),
        )

    def _chunk(self, rows: Ints) -> Iterator[Slot]:
        seeds = _seeds(self.seed, rows)
        low, high = self.words
        lengths = (low + np.floor(self.layout.lengths[rows] * (high - low + 1))).astype(int)
        for row, seed, words in zip(rows.tolist(), seeds, lengths.tolist(), strict=True):
            kind = int(self.layout.types[row])
            yield Slot.model_construct(
                id=row,
                doc_type=self.types[kind].id,
                idea=self.ideas[kind][int(self.layout.ideas[row])].id,
                facts=self._facts(row),
                style=_style(seed, words, self.pools),
                seed=seed,
            )

    def _facts(self, row: int) -> tuple[AssignedFact, ...]:
        """The slot's facts in an order drawn for the slot, so that no fact always comes first."""
        facts = np.flatnonzero(self.assignment.holds[row])
        order = np.argsort(mix(key_of("order", self.seed, row), facts), kind="stable")
        return tuple(
            AssignedFact.model_construct(
                fact=self.demands.facts[fact],
                directness=DIRECTNESS[self.directness[row, fact]],
                prominence=PROMINENCE[self.prominence[row, fact]],
            )
            for fact in facts[order].tolist()
        )


def plan(
    context: UniverseContext,
    types: Sequence[DocumentType],
    ideas: Sequence[Idea],
    n: int,
    seed: int,
    *,
    words: tuple[int, int] = (200, 700),
    salience: Mapping[str, float] | None = None,
) -> Plan:
    """Plan n documents; `salience` overrides the context's targets by fact.

    Every fact's share is met to within one document, every constraint exactly; `PlanError` says why when that cannot
    be. Types without ideas are left out.
    """
    grouped = tuple(tuple(idea for idea in ideas if idea.doc_type == kind.id) for kind in types)
    kinds = tuple(kind for kind, own in zip(types, grouped, strict=True) if own)
    if not kinds:
        raise PlanError("no document type has an idea", fix="Run: docgen brainstorm")
    demands = demands_of(context, kinds, salience or {})
    key = key_of("plan", seed)
    layout = lay_out(n, [len(own) for own in grouped if own], key)
    assignment = assign(demands, layout, key)
    directness = _grades(demands, assignment, demands.directness, base=2)
    prominence = _grades(demands, assignment, demands.prominence, base=3)
    kept = tuple(own for own in grouped if own)
    return Plan(kinds, kept, demands, layout, assignment, directness, prominence, words, seed)


def demands_of(context: UniverseContext, types: Sequence[DocumentType], salience: Mapping[str, float]) -> Demands:
    """The context's shares and constraints, with overrides, over the document types that there are."""
    facts = tuple(fact.id for fact in context.key_facts)
    unknown = [name for name in salience if name not in facts]
    if unknown:
        raise PlanError(f"no fact is called {unknown[0]!r}", "--salience", f"Facts: {', '.join(facts)}")
    targets = np.array([salience.get(fact.id, fact.salience) for fact in context.key_facts], dtype=float)
    needs, bars, allowed = closed(
        relation(facts, {fact.id: fact.with_ for fact in context.key_facts}),
        relation(facts, {fact.id: fact.never_with for fact in context.key_facts}),
        np.array([_allowed(fact.doc_types, types) for fact in context.key_facts]).reshape(len(facts), len(types)),
    )
    return Demands(
        facts=facts,
        targets=targets,
        minimum=context.facts_per_document.min,
        maximum=context.facts_per_document.max,
        background=context.background_share,
        needs=needs,
        bars=bars,
        allowed=allowed,
        directness=np.array([_shares(fact.directness, DIRECTNESS) for fact in context.key_facts]).reshape(-1, 2),
        prominence=np.array([_shares(fact.prominence, PROMINENCE) for fact in context.key_facts]).reshape(-1, 3),
    )


def redraw(slot: Slot, attempt: int, ideas_of_type: Sequence[Idea], pools: StylePools) -> Slot:
    """The slot as its `attempt`-th attempt sees it: same facts, type and length, another idea and style.

    Ideas come round in an order drawn for the slot, none twice before all have been used. Attempt 1 is the slot itself.
    """
    if attempt <= 1:
        return slot
    others = [idea.id for idea in ideas_of_type if idea.id != slot.idea] or [slot.idea]
    order = np.argsort(mix(slot.seed, np.arange(len(others))), kind="stable")
    seed = _seeds(slot.seed, np.array([attempt]))[0]
    idea = others[int(order[(attempt - 2) % len(others)])]
    return slot.model_copy(update={"idea": idea, "style": _style(seed, slot.style.words, pools), "seed": seed})


def _seeds(seed: int, numbers: Ints) -> list[int]:
    """Seeds below 2**53, so that every JSON reader keeps them exact."""
    return [int(x) for x in mix(key_of("slot", seed), numbers) >> np.uint64(11)]


def _style(seed: int, words: int, pools: StylePools) -> Style:
    bits = [int(x) for x in mix(seed, np.arange(9))]
    first, second = bits[0] % len(pools.names), bits[1] % len(pools.names)
    return Style.model_construct(
        words=words,
        tone=pools.tones[bits[2] % len(pools.tones)],
        opening=pools.openings[bits[3] % len(pools.openings)],
        audience=pools.audiences[bits[4] % len(pools.audiences)],
        names=tuple(dict.fromkeys((pools.names[first], pools.names[second]))),
        organisation=pools.organisations[bits[5] % len(pools.organisations)],
        place=pools.places[bits[6] % len(pools.places)],
        date=FIRST_DATE + dt.timedelta(days=bits[7] % DATES),
    )


def _grades(demands: Demands, assignment: Assignment, shares: Floats, base: int) -> Grid:
    """(n, F): each fact's grade where it is held."""
    grades = np.zeros(assignment.holds.shape, dtype=np.uint8)
    for fact in range(len(demands.facts)):
        rows = np.flatnonzero(assignment.holds[:, fact])
        place = np.argsort(np.argsort(assignment.keys[fact, rows], kind="stable"), kind="stable")
        grades[rows, fact] = grade(halton(place, base), shares[fact])
    return grades


def _allowed(wanted: Sequence[str], types: Sequence[DocumentType]) -> list[bool]:
    names = {slug(name) for name in wanted}
    return [not names or kind.id in wanted or slug(kind.name) in names for kind in types]


def _shares(record: object, names: Sequence[str]) -> list[float]:
    values = [float(getattr(record, name)) for name in names]
    return [value / sum(values) for value in values]


def _worst(has: np.ndarray, allowed: np.ndarray, group: Ints) -> float:
    """Largest distance, in documents, of a group's count from its part of the allowed documents."""
    if not allowed.any():
        return 0.0
    rate = has.sum() / allowed.sum()
    got, room = np.bincount(group, weights=has), np.bincount(group, weights=allowed)
    return float(np.abs(got - room * rate).max())
