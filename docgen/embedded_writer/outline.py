"""Outlines a document: which blocks it has, in which order, so that length and prominence are as requested.

Shares and word counts below are chosen for how documents read; tests/embedded_writer holds the resulting lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from docgen.embedded_writer.document_types import Library, TypeGrammar
from docgen.embedded_writer.grammar import Block
from docgen.embedded_writer.scene import Scene
from docgen.embedded_writer.world import Wording
from docgen.records import Prominence

__all__ = ["Expression", "Item", "plan"]


@dataclass(frozen=True, slots=True)
class Expression:
    """A fact to express; `wordings` in order of its mentions."""

    fact_id: str
    prominence: Prominence
    wordings: tuple[Wording, ...]
    question: str | None = None
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A block, with the fact that it expresses, if any."""

    block: Block
    carriers: str = "carriers"
    expression: Expression | None = None
    wording: Wording | None = None

    @property
    def words(self) -> float:
        """Expected length, including the fact's wording."""
        return self.block.words + (self.wording.spaces + 1 if self.wording else 0)


def plan(
    grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], room: float
) -> tuple[list[Item], list[Item]]:
    """Items in order: opening, central facts, supporting facts among filler, passing facts, closing.

    `room` is the target length in words. The second list goes under the tail heading of a type of items; it is empty
    for other types.
    """
    stock = _UnusedBlocks(grammar, scene)
    leads = [stock.item("lead", e, 0) for e in facts if e.prominence == "central"]
    middle = [stock.item("support", e, 0) for e in facts if e.prominence == "supporting"]
    passing = [e for e in facts if e.prominence == "passing"]
    # A passing fact takes some 20 words in addition to its wording: its carrier, and sentences around it.
    room -= _words(leads) + _words(middle) + sum(20 + e.wordings[0].spaces for e in passing)
    opening = _opening(stock, library, room)
    closing = stock.framing("closing", room - _words(opening), 0.85)
    # The second mention of a central fact; another implication is not a recap of the first.
    repeated = [e for e in facts if e.prominence == "central" and len(e.wordings) > 1]
    recaps = [stock.item("support" if e.implied else "recap", e, 1) for e in repeated]
    room -= _words(opening) + _words(closing)
    recaps = recaps if _words(recaps) < room + 15 else []
    room -= _words(recaps)
    tailed = bool(grammar.tail) and room > sum(block.words for block in grammar.own["filler"])
    late = [stock.item("aside", e, 0, shared=tailed) for e in passing]
    front, back = stock.fillers(room)
    if not tailed:
        front = _interleaved(front, back, scene)
        # A quarter of the filler is put among recaps and passing facts, so that those do not always come last.
        back = [front.pop() for _ in range(int(len(front) * 0.25))][::-1]
    _shuffle(middle, scene)
    _shuffle(late, scene)
    body = [*opening, *leads, *_interleaved(middle, front, scene)]
    if tailed:
        return [*body, *recaps, *closing], _interleaved(late, back, scene)
    return [*body, *_interleaved([*recaps, *late], back, scene), *closing], []


def _opening(stock: "_UnusedBlocks", library: Library, room: float) -> list[Item]:
    """The opening that the style calls for, if the type can have it; otherwise one of the type's own."""
    scene = stock.scene
    blocks = library.openings.get(scene.opening, ()) if stock.grammar.openings else ()
    if blocks and room > 30 and scene.random() < 0.7:
        styled = Item(blocks[int(scene.random() * len(blocks))])
        return [styled, *stock.framing("opening", room - 100, 1.0)]  # both only where there is room
    return stock.framing("opening", room, 0.9)


class _UnusedBlocks:
    """The blocks that this document has not used yet."""

    def __init__(self, grammar: TypeGrammar, scene: Scene) -> None:
        self.scene = scene
        self.own = {kind: list(blocks) for kind, blocks in grammar.own.items()}
        self.shared = {kind: list(blocks) for kind, blocks in grammar.shared.items()}
        self.topical = list(grammar.topical)
        self.grammar = grammar

    def take(self, kind: str, shared: bool = False) -> Block:
        """An unused block; used ones come back once all are used up."""
        source = self._source(kind, shared)
        return source.pop(int(self.scene.random() * len(source)))

    def _source(self, kind: str, shared: bool = False) -> list[Block]:
        """Where to take the next block from: the type's own blocks, or those shared with its family."""
        own, family = self.own[kind], self.shared[kind]
        # A type made of items repeats its own rather than put a paragraph of its family's among them.
        own_only = self.grammar.tail and kind != "filler" and not shared and self.grammar.own[kind]
        if not own and (own_only or not family):
            own = self.own[kind] = list(self.grammar.own[kind])
            family = self.shared[kind] = list(self.grammar.shared[kind])
        if shared or not own:
            return family or own
        if self.grammar.tail or not family:
            return own
        return own if self.scene.random() < 0.9 else family  # the family's are known from its other types

    def item(self, kind: str, expression: Expression, mention: int, shared: bool = False) -> Item:
        """A block that expresses the fact; `mention` counts from 0."""
        wording = expression.wordings[mention % len(expression.wordings)]
        return Item(self.take(kind, shared), "passing" if kind == "aside" else "carriers", expression, wording)

    def framing(self, kind: str, room: float, chance: float) -> list[Item]:
        """An opening or closing, if the type has one, there is room, and the dice (`chance`) allow it."""
        if not (self.own[kind] or self.shared[kind]) or self.scene.random() > chance:
            return []
        block = self.take(kind)
        return [Item(block)] if block.words < room + 10 else []

    def fillers(self, room: float) -> tuple[list[Item], list[Item]]:
        """Blocks without facts of about `room` words in all: the type's own and the shared, each in file order."""
        chosen: list[Block] = []
        while room > 12:
            if room < 70:  # the last paragraph: of four random candidates, the one whose length fits best
                source = self._source("filler")
                candidates = sorted({int(self.scene.random() * len(source)) for _ in range(4)})
                block = source.pop(min(candidates, key=lambda at: abs(source[at].words - room)))
            elif self.topical and self.scene.random() < 0.4:
                block = self.topical.pop(int(self.scene.random() * len(self.topical)))
            else:
                block = self.take("filler")
            if abs(room - block.words) >= room:
                break
            chosen.append(block)
            room -= block.words
        chosen.sort(key=lambda block: block.order)
        own_ids = {id(block) for block in self.grammar.own["filler"]}
        own = [Item(block) for block in chosen if id(block) in own_ids]
        return own, [Item(block) for block in chosen if id(block) not in own_ids]


def _words(items: list[Item]) -> float:
    return sum(item.words for item in items)


def _shuffle(items: list[Item], scene: Scene) -> None:
    for last in range(len(items) - 1, 0, -1):
        other = int(scene.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


def _interleaved(first: list[Item], second: list[Item], scene: Scene) -> list[Item]:
    """Both lists merged at random, each in its own order."""
    a, b, mixed = list(first), list(second), []
    while a or b:
        source = a if scene.random() * (len(a) + len(b)) < len(a) else b
        mixed.append(source.pop(0))
    return mixed
