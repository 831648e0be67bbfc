"""Plans the slots of a corpus: each document's type, idea, facts and style."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from docgen.errors import PlanError, RunError
from docgen.planning.assignment.initial_plan import Assignment, assign
from docgen.planning.assignment.minimal_change import minimal_change
from docgen.planning.assignment.priorities import tracks_of
from docgen.planning.constraints import Constraints, relation_matrix, transitive_closure
from docgen.planning.plan_report import PlanReport, plan_report
from docgen.planning.seeded_draws import key_of, mix
from docgen.planning.slot_layout import Layout, lay_out
from docgen.planning.slots.columns import DIRECTNESS, PROMINENCE, SlotColumns, slot_seeds
from docgen.planning.slots.pairing import Pairing, suitability
from docgen.planning.slots.style_draws import Styling
from docgen.prompts.style_pools import StylePools, style_pools
from docgen.records import Cast, DocumentType, Idea, Slot
from docgen.text import slug
from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe import UniverseContext, earliest_days, roles_of

__all__ = ["Plan", "constraints_of", "plan", "redraw", "styling_of"]

CHUNK_SLOTS = 1 << 14
"""Slots built at a time. Chosen: columns stay vectorised, and take no more than some megabytes."""


@dataclass(frozen=True)
class Plan:
    """n slots, as columns. Equal arguments of `plan` give equal plans."""

    constraints: Constraints
    columns: SlotColumns

    def __len__(self) -> int:
        return len(self.columns.layout)

    def slots(self) -> Iterator[Slot]:
        """All slots in order, built on demand."""
        for start in range(0, len(self), CHUNK_SLOTS):
            yield from self.columns.records(np.arange(start, min(start + CHUNK_SLOTS, len(self))))

    def lines(self) -> Iterator[bytes]:
        """The same as lines of JSON, several times faster than from records."""
        for start in range(0, len(self), CHUNK_SLOTS):
            yield from self.columns.lines(np.arange(start, min(start + CHUNK_SLOTS, len(self))))

    def slot(self, index: int) -> Slot:
        """One slot. Raises `IndexError` if there is none."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return next(self.columns.records(np.array([index])))

    def report(self) -> PlanReport:
        """What was asked for against what was planned, and how evenly facts are spread."""
        columns = self.columns
        ideas_per_type = [len(own) for own in columns.idea_ids]
        return plan_report(self.constraints, columns.layout, columns.assignment, ideas_per_type)

    def changed_from(self, other: "Plan") -> int:
        """Number of slots that differ between two plans of the same size, types, ideas and seed."""
        return self.slots_not_in([other])

    def slots_not_in(self, others: Sequence["Plan"]) -> int:
        """Number of slots that none of the other plans, of the same size, types, ideas and seed, has like this."""
        mine, new = self.columns.assignment, np.ones(len(self), dtype=bool)
        for other in others:
            theirs = other.columns.assignment
            differs = mine.holds != theirs.holds
            differs |= (mine.directness != theirs.directness) | (mine.prominence != theirs.prominence)
            new &= differs.any(axis=1)
        return int(new.sum())


def plan(
    context: UniverseContext,
    types: Sequence[DocumentType],
    ideas: Sequence[Idea],
    n: int,
    seed: int,
    *,
    words: tuple[int, int] = (300, 900),
    salience: Mapping[str, float] | None = None,
    stated: Mapping[str, float] | None = None,
    cast: Cast | None = None,
) -> Plan:
    """Plan n documents. `salience` overrides targets by fact, `stated` the share of a fact's documents that state it.

    Every share is met to within one document and every constraint exactly, or `PlanError` says why that is impossible.
    A plan with overrides is the context's own plan with as few slots changed as possible, so that the documents of the
    unchanged ones are found in the journal. Types without ideas are left out. `cast` has names and places for a context
    without its own.
    """
    if n < 1:
        raise PlanError(f"cannot plan {n} documents", "--n", "Give at least 1")
    kinds, grouped = _with_ideas(types, ideas)
    own = constraints_of(context, kinds)
    suits = [suitability(group, own.facts) for group in grouped]
    if any(kind.head_on for kind in kinds) or any(ideas_suit.known for ideas_suit in suits):
        # (F, T): a fact may be central where the type treats the subject head-on, or has an idea about the fact.
        central = [ideas_suit.about.any(axis=0) | kind.head_on for kind, ideas_suit in zip(kinds, suits, strict=True)]
        own = replace(own, suits=np.array(central).T)
    requested = override_targets(own, salience or {}, stated or {})
    # (F, F): the facts that a document with each fact may hold or take for granted.
    granted = [{fact, *roles_of(context, [fact]).granted} for fact in own.facts]
    pairing = Pairing(suits, np.array([[other in facts for other in own.facts] for facts in granted], dtype=bool))
    first_days = tuple(earliest_days(context))
    key = key_of("plan", seed)
    layout = lay_out(n, [len(group) for group in grouped], len(tracks_of(own).names), key)
    assignment, layout = _assigned(own, requested, layout, key, pairing)
    columns = SlotColumns(
        types=kinds,
        idea_ids=tuple(tuple(idea.id for idea in group) for group in grouped),
        fact_ids=own.facts,
        layout=layout,
        assignment=assignment,
        words=words,
        seed=seed,
        first_days=first_days,
        pools=_pools(context, seed, cast),
    )
    return Plan(requested, columns)


def _with_ideas(
    types: Sequence[DocumentType], ideas: Sequence[Idea]
) -> tuple[tuple[DocumentType, ...], list[list[Idea]]]:
    """The types that have ideas, and the ideas of each."""
    by_type: dict[str, list[Idea]] = {kind.id: [] for kind in types}
    for idea in ideas:
        if idea.doc_type not in by_type:
            fix = "Delete types.jsonl and ideas.jsonl: they are rebuilt from llm.jsonl at no cost"
            raise RunError(f"has no document type {idea.doc_type!r}, which an idea belongs to", "types.jsonl", fix)
        by_type[idea.doc_type].append(idea)
    kinds = tuple(kind for kind in types if by_type[kind.id])
    if not kinds:
        raise PlanError("no document type has an idea", fix="Run: docgen brainstorm")
    return kinds, [by_type[kind.id] for kind in kinds]


def styling_of(context: UniverseContext, types: Sequence[DocumentType], seed: int, cast: Cast | None = None) -> Styling:
    """How the styles of later attempts are drawn, as the plan draws those of the first."""
    days = dict(zip([fact.id for fact in context.key_facts], earliest_days(context), strict=True))
    return Styling(_pools(context, seed, cast), {kind.id: kind for kind in types}, days)


def _pools(context: UniverseContext, seed: int, cast: Cast | None) -> StylePools:
    brought = cast or Cast()
    own = Cast(names=context.names or brought.names, places=context.places or brought.places)
    return style_pools(seed, context.dates, own, context.locale)


def _assigned(
    own: Constraints, asked: Constraints, layout: Layout, key: int, pairing: Pairing
) -> tuple[Assignment, Layout]:
    """The requested plan, as close to the context's own as possible, with its ideas."""
    try:
        base, layout = pairing.pair_ideas(assign(own, layout, key), layout)
    except PlanError:
        if asked is own:
            raise
        # the context has no plan of its own to stay close to
        return pairing.pair_ideas(assign(asked, layout, key), layout)
    return (base if asked is own else minimal_change(base, asked, layout)), layout


def constraints_of(context: UniverseContext, types: Sequence[DocumentType]) -> Constraints:
    """The constraints of a context over the document types that were brainstormed."""
    facts = tuple(fact.id for fact in context.key_facts)
    requires, excludes, allowed = transitive_closure(
        relation_matrix(facts, {fact.id: fact.with_ for fact in context.key_facts}),
        relation_matrix(facts, {fact.id: fact.never_with for fact in context.key_facts}),
        np.array([_allowed(fact.id, fact.doc_types, types) for fact in context.key_facts]),
    )
    return Constraints(
        facts=facts,
        targets=np.array([fact.salience for fact in context.key_facts]),
        minimum=context.facts_per_document.min,
        maximum=context.facts_per_document.max,
        background=context.background_share,
        requires=requires,
        excludes=excludes,
        allowed=allowed,
        directness=np.array([_shares(fact.directness, DIRECTNESS) for fact in context.key_facts]),
        prominence=np.array([_shares(fact.prominence, PROMINENCE) for fact in context.key_facts]),
    )


def override_targets(
    constraints: Constraints, salience: Mapping[str, float], stated: Mapping[str, float]
) -> Constraints:
    """The constraints with other shares; the same object when nothing is overridden."""
    for flag, shares in (("--salience", salience), ("--stated", stated)):
        for fact, share in shares.items():
            if fact not in constraints.facts:
                fix = suggestion(fact, constraints.facts, f"Facts: {', '.join(constraints.facts)}")
                raise PlanError(f"no fact is called {fact!r}", flag, fix)
            if not 0 <= share <= 1:
                raise PlanError(f"{fact} is given the share {share}", flag, "Give a number from 0 to 1")
    if not salience and not stated:
        return constraints
    targets, directness = constraints.targets.copy(), constraints.directness.copy()
    for fact, share in salience.items():
        targets[constraints.facts.index(fact)] = share
    for fact, share in stated.items():
        directness[constraints.facts.index(fact)] = share, 1 - share
    return replace(constraints, targets=targets, directness=directness)


def redraw(slot: Slot, attempt: int, ideas: Sequence[Idea], styling: Styling, idea: str | None = None) -> Slot:
    """The slot for its `attempt`-th attempt: same facts, type and length, another idea and style.

    `idea` is the id of its idea. Without it `ideas`, those that the slot could have, are used in an order drawn for the
    slot, none twice before all have been used. Attempt 1 is the slot itself.
    """
    if attempt <= 1:
        return slot
    others = [own.id for own in ideas if own.id != slot.idea] or [slot.idea]
    order = np.argsort(mix(slot.seed, np.arange(len(others))), kind="stable")
    seeds = slot_seeds(slot.seed, np.array([attempt]))
    style = styling.style(seeds, slot.doc_type, [fact.fact for fact in slot.facts], slot.style.words)
    idea = idea or others[int(order[(attempt - 2) % len(others)])]
    return slot.model_copy(update={"idea": idea, "style": style, "seed": int(seeds[0])})


def _allowed(fact: str, doc_types: Sequence[str], types: Sequence[DocumentType]) -> list[bool]:
    """Whether each type may carry a fact that is limited to `doc_types` (names or ids; empty for all)."""
    names = {slug(name) for name in doc_types}
    allowed = [not doc_types or kind.id in doc_types or slug(kind.name) in names for kind in types]
    if not any(allowed):
        listed = ", ".join(kind.name for kind in types[:8]) + (", ..." if len(types) > 8 else "")
        fix = f"Types: {listed}. Name one of them in doc_types, or brainstorm more"
        raise PlanError(f"{fact} is limited to document types that do not exist: {', '.join(doc_types)}", fix=fix)
    return allowed


def _shares(record: object, names: Sequence[str]) -> list[float]:
    values = [float(getattr(record, name)) for name in names]
    return [value / sum(values) for value in values]
