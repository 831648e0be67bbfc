"""One document: choose its blocks so that length and prominence come out as asked, then write them down in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from docgen.llm.offline.grammar import Block, Part, Slot, expand
from docgen.llm.offline.library import Library, TypeGrammar
from docgen.llm.offline.scene import LINKS, Scene
from docgen.llm.offline.world import Wording
from docgen.records import Prominence
from docgen.text import word_count

__all__ = ["Expression", "Written", "write"]

TOLERANCE = 0.18
"""Largest deviation from the wanted length that is accepted; the promise to the caller is 0.25."""
DRAWS = 5
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
HEADINGS = {"plain": "{}", "hash": "## {}", "bold": "**{}**", "caps": "{}", "number": "{}. {}"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A fact to write: its wordings in this document, the first for the first mention."""

    fact_id: str
    prominence: Prominence
    wordings: tuple[Wording, ...]
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A document with the sentences (fact id, sentence) that carry its facts."""

    text: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """A block in its place, with the fact that it carries, if any."""

    block: Block
    carriers: str = "carriers"
    expression: Expression | None = None
    wording: Wording | None = None

    @property
    def words(self) -> float:
        return self.block.words + (self.wording.spaces + 1 if self.wording else 0)


def write(grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], wanted: int) -> Written:
    """Compose a document of about `wanted` words. Draws again when chance took the length too far off."""
    best, best_error = Written("", ()), float("inf")
    target = float(wanted)
    for _ in range(DRAWS):
        written, words = _draft(grammar, library, scene, facts, target)
        error = abs(words - wanted)
        if error < best_error:
            best, best_error = written, error
        if error <= TOLERANCE * wanted:
            break
        target = max(40.0, target + (wanted - words) * 0.8)
    return best


def _draft(
    grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], target: float
) -> tuple[Written, int]:
    scene.rewind()
    scene.title = _capital(_line(grammar, "title", scene))
    head = _verbatim(grammar, "head", scene)
    items, tail = _plan(grammar, library, scene, facts, target - word_count(head))
    pen = _Pen(grammar, library, scene)
    body = grammar.between.join([pen.block(item) for item in items])
    if tail:
        heading = grammar.tail[int(scene.random() * len(grammar.tail))]
        body = "\n\n".join([body, heading, *[pen.block(item) for item in tail]])
    foot = _verbatim(grammar, "foot", scene)
    text = "\n\n".join([piece for piece in (head, body, foot) if piece])
    return Written(text, tuple(pen.evidence)), word_count(text)


def _plan(
    grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], room: float
) -> tuple[list[_Item], list[_Item]]:
    """Blocks in order: opening, central facts, supporting facts among filling, passing facts, closing.

    The second list is what stands under the tail heading of a type of items; it is empty for all others.
    """
    stock = _Stock(grammar, scene)
    leads = [stock.item("lead", e, 0) for e in facts if e.prominence == "central"]
    middle = [stock.item("support", e, 0) for e in facts if e.prominence == "supporting"]
    room -= _words(leads) + _words(middle) + sum(PASSING_WORDS + e.wordings[0].spaces for e in facts if _passing(e))
    opening = _opening(stock, library, room)
    closing = stock.framing("closing", room - _words(opening), 0.85)
    recaps = [stock.item("recap", e, 1) for e in facts if e.prominence == "central"]
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
        return [*body, *recaps], [*_interleaved(late, back, scene), *closing]
    return [*body, *_interleaved([*recaps, *late], back, scene), *closing], []


def _passing(expression: Expression) -> bool:
    return expression.prominence == "passing"


def _opening(stock: "_Stock", library: Library, room: float) -> list[_Item]:
    """The opening that the style asks for, where the type can have it; else one of the type's own."""
    scene = stock.scene
    blocks = library.openings.get(scene.opening, ()) if stock.grammar.openings else ()
    if blocks and room > 30 and scene.random() < STYLED_OPENING:
        styled = _Item(blocks[int(scene.random() * len(blocks))])
        return [styled, *stock.framing("opening", room - ROOM_FOR_BOTH, 1.0)]
    return stock.framing("opening", room, 0.9)


class _Stock:
    """Blocks that this document has not used yet."""

    def __init__(self, grammar: TypeGrammar, scene: Scene) -> None:
        self.scene = scene
        self.own = {kind: list(blocks) for kind, blocks in grammar.own.items()}
        self.shared = {kind: list(blocks) for kind, blocks in grammar.shared.items()}
        self.grammar = grammar

    def take(self, kind: str, shared: bool = False) -> Block:
        """A block not used before; used ones come back when all are used up."""
        mine, common = self.own[kind], self.shared[kind]
        if not mine and not common:
            self.own[kind] = list(self.grammar.own[kind])
            self.shared[kind] = list(self.grammar.shared[kind])
            return self.take(kind, shared)
        if shared or not mine:
            source = common or mine
        elif self.grammar.tail or not common:
            source = mine
        else:
            source = mine if self.scene.random() < OWN_SHARE else common
        return source.pop(int(self.scene.random() * len(source)))

    def item(self, kind: str, expression: Expression, mention: int, shared: bool = False) -> _Item:
        """A block that carries the fact; `mention` counts from 0."""
        wording = expression.wordings[mention % len(expression.wordings)]
        return _Item(self.take(kind, shared), "passing" if kind == "aside" else "carriers", expression, wording)

    def framing(self, kind: str, room: float, chance: float) -> list[_Item]:
        """An opening or closing, when the type has one and there is room."""
        if not (self.own[kind] or self.shared[kind]) or self.scene.random() > chance:
            return []
        block = self.take(kind)
        return [_Item(block)] if block.words < room + 10 else []

    def fillers(self, room: float) -> tuple[list[_Item], list[_Item]]:
        """Blocks without facts that together have about `room` words: own ones, shared ones, each in file order."""
        chosen: list[Block] = []
        while room > 12:
            block = self._fitting(room) if room < SMALL_GAP else self.take("filler")
            if abs(room - block.words) >= room:
                break
            chosen.append(block)
            room -= block.words
        chosen.sort(key=lambda block: block.order)
        mine = {id(block) for block in self.grammar.own["filler"]}
        own = [_Item(block) for block in chosen if id(block) in mine]
        return own, [_Item(block) for block in chosen if id(block) not in mine]

    def _fitting(self, room: float) -> Block:
        """Of a few candidates the one whose length comes closest to what is left."""
        drawn = [self.take("filler") for _ in range(CANDIDATES)]
        return min(drawn, key=lambda block: abs(block.words - room))


class _Pen:
    """Writes blocks down in order and keeps the sentences that carry facts."""

    def __init__(self, grammar: TypeGrammar, library: Library, scene: Scene) -> None:
        self.grammar, self.library, self.scene = grammar, library, scene
        self.evidence: list[tuple[str, str]] = []
        self.heading_mode = grammar.headings[int(scene.random() * len(grammar.headings))]
        self.sections = 0
        self.used: set[int] = set()
        scene.first_names = grammar.first_names

    def block(self, item: _Item) -> str:
        scene, block = self.scene, item.block
        scene.links = [-1.0] * LINKS
        if item.expression and item.wording:
            scene.question = item.expression.question or expand(self.library.macros["question"].part, scene)
        pieces: list[str] = []
        if block.heading is not None and self.heading_mode != "none":
            pieces += [self._heading(block.heading), "\n\n"]
        start = True
        for slot in block.slots:
            if slot.optional and scene.random() > scene.sureness:
                continue
            if not start:
                pieces.append(slot.gap)
            start = False
            pieces.append(self._sentence(slot, item))
        return "".join(pieces)

    def _sentence(self, slot: Slot, item: _Item) -> str:
        options = slot.options
        if item.wording is None or item.expression is None or not slot.fact:
            option = options[int(self.scene.random() * len(options))]
            return _capital(option if option.__class__ is str else option(self.scene))  # type: ignore[operator, arg-type]
        text = _capital(self._carrier(slot, item, item.wording))
        self.evidence.append((item.expression.fact_id, text))
        return text

    def _carrier(self, slot: Slot, item: _Item, wording: Wording) -> str:
        scene = self.scene
        scene.full, scene.clause = wording.full, wording.clause or wording.full
        for carriers in (slot.carriers, self.grammar.carriers[item.carriers]):
            if carriers is None:
                continue
            fitting = carriers.fitting[wording.clause is not None][wording.quotable]
            fresh = [carrier for carrier in fitting if id(carrier) not in self.used]
            if fresh or fitting:
                carrier = (fresh or fitting)[int(scene.random() * len(fresh or fitting))]
                self.used.add(id(carrier))
                return expand(carrier, scene)
        return wording.full + "."

    def _heading(self, heading: Part) -> str:
        text = _capital(expand(heading, self.scene))
        self.sections += 1
        if self.heading_mode == "number":
            return f"{self.sections}. {text}"
        return HEADINGS[self.heading_mode].format(text.upper() if self.heading_mode == "caps" else text)


def _words(items: list[_Item]) -> float:
    return sum(item.words for item in items)


def _line(grammar: TypeGrammar, kind: str, scene: Scene) -> str:
    sources = grammar.lines[kind]
    return expand(sources[int(scene.random() * len(sources))].part, scene) if sources else ""


def _verbatim(grammar: TypeGrammar, kind: str, scene: Scene) -> str:
    sources = grammar.verbatim[kind]
    return expand(sources[int(scene.random() * len(sources))].part, scene) if sources else ""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] if text[:1].islower() else text


def _shuffle(items: list[_Item], scene: Scene) -> None:
    for last in range(len(items) - 1, 0, -1):
        other = int(scene.random() * (last + 1))
        items[last], items[other] = items[other], items[last]


def _interleaved(first: list[_Item], second: list[_Item], scene: Scene) -> list[_Item]:
    """Both lists in their own order, mixed at random."""
    a, b, mixed = list(first), list(second), []
    while a or b:
        source = a if scene.random() * (len(a) + len(b)) < len(a) else b
        mixed.append(source.pop(0))
    return mixed
