"""Which blocks a document has, and in which order: so that length and prominence come out as asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from docgen.embedded_writer.document_types import Library, TypeGrammar
from docgen.embedded_writer.grammar import Block
from docgen.embedded_writer.scene import Scene
from docgen.embedded_writer.world import Wording
from docgen.records import Prominence

__all__ = ["Expression", "Item", "plan"]

TOPICAL_SHARE = 0.4
"""How often a filling paragraph is about the document's subject, where the type can have such."""
OWN_SHARE = 0.9
"""How often a filling paragraph comes from the type itself while it has some left, rather than from its family."""
SMALL_GAP = 70
"""Words left to fill below which the next block is chosen by its length."""
CANDIDATES = 4
LATE_SHARE = 0.25
"""Share of the filling that stands among recapitulations and passing facts, so that they do not always come last."""
PASSING_WORDS = 20
"""Words that a passing fact takes beside its wording."""
STYLED_OPENING = 0.7
ROOM_FOR_BOTH = 100
"""Words that must be left for a styled opening to be followed by one of the type's own."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A fact to write: its wordings in this document, the first for the first mention."""

    fact_id: str
    prominence: Prominence
    wordings: tuple[Wording, ...]
    question: str | None = None
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A block in its place, with the fact that it carries, if any."""

    block: Block
    carriers: str = "carriers"
    expression: Expression | None = None
    wording: Wording | None = None

    @property
    def words(self) -> float:
        """Expected length, the fact's wording included."""
        return self.block.words + (self.wording.spaces + 1 if self.wording else 0)


def plan(
    grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], room: float
) -> tuple[list[Item], list[Item]]:
    """Blocks in order: opening, central facts, supporting facts among filling, passing facts, closing.

    The second list is what stands under the tail heading of a type of items; it is empty for all others.
    """
    stock = _UnusedBlocks(grammar, scene)
    leads = [stock.item("lead", e, 0) for e in facts if e.prominence == "central"]
    middle = [stock.item("support", e, 0) for e in facts if e.prominence == "supporting"]
    room -= _words(leads) + _words(middle) + sum(PASSING_WORDS + e.wordings[0].spaces for e in facts if _passing(e))
    opening = _opening(stock, library, room)
    closing = stock.framing("closing", room - _words(opening), 0.85)
    recaps = [_again(stock, e) for e in facts if e.prominence == "central" and len(e.wordings) > 1]
    room -= _words(opening) + _words(closing)
    recaps = recaps if _words(recaps) < room + 15 else []
    room -= _words(recaps)
    tailed = bool(grammar.tail) and room > sum(block.words for block in grammar.own["filler"])
    late = [stock.item("aside", e, 0, shared=tailed) for e in facts if _passing(e)]
    front, back = stock.fillers(room)
    if not tailed:
        front = _interleaved(front, back, scene)
        back = [front.pop() for _ in range(int(len(front) * LATE_SHARE))][::-1]
    _shuffle(middle, scene)
    _shuffle(late, scene)
    body = [*opening, *leads, *_interleaved(middle, front, scene)]
    if tailed:
        return [*body, *recaps, *closing], _interleaved(late, back, scene)
    return [*body, *_interleaved([*recaps, *late], back, scene), *closing], []


def _again(stock: "_UnusedBlocks", expression: Expression) -> Item:
    """The second mention of a central fact; another implication is no restatement of the first."""
    return stock.item("support" if expression.implied else "recap", expression, 1)


def _passing(expression: Expression) -> bool:
    return expression.prominence == "passing"


def _opening(stock: "_UnusedBlocks", library: Library, room: float) -> list[Item]:
    """The opening that the style asks for, where the type can have it; else one of the type's own."""
    scene = stock.scene
    blocks = library.openings.get(scene.opening, ()) if stock.grammar.openings else ()
    if blocks and room > 30 and scene.random() < STYLED_OPENING:
        styled = Item(blocks[int(scene.random() * len(blocks))])
        return [styled, *stock.framing("opening", room - ROOM_FOR_BOTH, 1.0)]
    return stock.framing("opening", room, 0.9)


class _UnusedBlocks:
    """Blocks that this document has not used yet."""

    def __init__(self, grammar: TypeGrammar, scene: Scene) -> None:
        self.scene = scene
        self.own = {kind: list(blocks) for kind, blocks in grammar.own.items()}
        self.shared = {kind: list(blocks) for kind, blocks in grammar.shared.items()}
        self.topical = list(grammar.topical)
        self.grammar = grammar

    def take(self, kind: str, shared: bool = False) -> Block:
        """A block not used before; used ones come back when all are used up."""
        source = self._source(kind, shared)
        return source.pop(int(self.scene.random() * len(source)))

    def _source(self, kind: str, shared: bool = False) -> list[Block]:
        mine, common = self.own[kind], self.shared[kind]
        keeps_own = self.grammar.tail and kind != "filler" and not shared and self.grammar.own[kind]
        if not mine and (keeps_own or not common):
            mine = self.own[kind] = list(self.grammar.own[kind])
            common = self.shared[kind] = list(self.grammar.shared[kind])
        if shared or not mine:
            return common or mine
        if self.grammar.tail or not common:
            return mine
        return mine if self.scene.random() < OWN_SHARE else common

    def item(self, kind: str, expression: Expression, mention: int, shared: bool = False) -> Item:
        """A block that carries the fact; `mention` counts from 0."""
        wording = expression.wordings[mention % len(expression.wordings)]
        return Item(self.take(kind, shared), "passing" if kind == "aside" else "carriers", expression, wording)

    def framing(self, kind: str, room: float, chance: float) -> list[Item]:
        """An opening or closing, when the type has one and there is room."""
        if not (self.own[kind] or self.shared[kind]) or self.scene.random() > chance:
            return []
        block = self.take(kind)
        return [Item(block)] if block.words < room + 10 else []

    def fillers(self, room: float) -> tuple[list[Item], list[Item]]:
        """Blocks without facts that together have about `room` words: own ones, shared ones, each in file order."""
        chosen: list[Block] = []
        while room > 12:
            block = self._fitting(room) if room < SMALL_GAP else self._filler()
            if abs(room - block.words) >= room:
                break
            chosen.append(block)
            room -= block.words
        chosen.sort(key=lambda block: block.order)
        mine = {id(block) for block in self.grammar.own["filler"]}
        own = [Item(block) for block in chosen if id(block) in mine]
        return own, [Item(block) for block in chosen if id(block) not in mine]

    def _filler(self) -> Block:
        if self.topical and self.scene.random() < TOPICAL_SHARE:
            return self.topical.pop(int(self.scene.random() * len(self.topical)))
        return self.take("filler")

    def _fitting(self, room: float) -> Block:
        """Of a few candidates the one whose length comes closest to what is left."""
        source = self._source("filler")
        drawn = {int(self.scene.random() * len(source)) for _ in range(CANDIDATES)}
        return source.pop(min(sorted(drawn), key=lambda at: abs(source[at].words - room)))


def _words(items: list[Item]) -> float:
    return sum(item.words for item in items)


def _shuffle(items: list[Item], scene: Scene) -> None:
    for last in range(len(items) - 1, 0, -1):
        other = int(scene.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


def _interleaved(first: list[Item], second: list[Item], scene: Scene) -> list[Item]:
    """Both lists in their own order, mixed at random."""
    a, b, mixed = list(first), list(second), []
    while a or b:
        source = a if scene.random() * (len(a) + len(b)) < len(a) else b
        mixed.append(source.pop(0))
    return mixed
