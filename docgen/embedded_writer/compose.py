"""One document: its planned blocks written down in order, drawn again where the length missed its mark."""

from collections.abc import Sequence
from dataclasses import dataclass

from docgen.embedded_writer.document_types import Library, TypeGrammar
from docgen.embedded_writer.grammar import Part, Slot, expand
from docgen.embedded_writer.outline import Expression, Item, plan
from docgen.embedded_writer.scene import MAX_LINKS, Scene
from docgen.embedded_writer.world import Wording
from docgen.text import word_count

__all__ = ["Composed", "write"]

TOLERANCE = 0.18
"""Largest deviation from the wanted length that is accepted; the promise to the caller is 0.25."""
DRAWS = 5
HEADINGS = {"none": "{}", "plain": "{}", "hash": "## {}", "bold": "**{}**", "caps": "{}", "number": "{}. {}"}


@dataclass(frozen=True, slots=True)
class Composed:
    """A document with the sentences (fact id, sentence) that carry its facts."""

    text: str
    evidence: tuple[tuple[str, str], ...]


def write(grammar: TypeGrammar, library: Library, scene: Scene, facts: Sequence[Expression], wanted: int) -> Composed:
    """Compose a document of about `wanted` words. Draws again when chance took the length too far off."""
    best, best_error = Composed("", ()), float("inf")
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
) -> tuple[Composed, int]:
    scene.rewind()
    scene.title = _capital(_line(grammar, "title", scene))
    head = _verbatim(grammar, "head", scene)
    items, tail = plan(grammar, library, scene, facts, target - word_count(head))
    pen = _BlockWriter(grammar, library, scene)
    body = grammar.between.join([pen.block(item) for item in items])
    if tail:
        heading = pen.heading(grammar.tail[int(scene.random() * len(grammar.tail))])
        pen.heading_mode = "none"
        body = "\n\n".join([body, heading, *[pen.block(item) for item in tail]])
    foot = _verbatim(grammar, "foot", scene)
    text = "\n\n".join([piece for piece in (head, body, foot) if piece])
    return Composed(text, tuple(pen.evidence)), word_count(text)


class _BlockWriter:
    """Writes blocks down in order and keeps the sentences that carry facts."""

    def __init__(self, grammar: TypeGrammar, library: Library, scene: Scene) -> None:
        self.grammar, self.library, self.scene = grammar, library, scene
        self.evidence: list[tuple[str, str]] = []
        self.heading_mode = grammar.headings[int(scene.random() * len(grammar.headings))]
        self.sections = 0
        self.used: set[int] = set()
        scene.first_names = grammar.first_names

    def block(self, item: Item) -> str:
        scene, block = self.scene, item.block
        scene.links = [-1.0] * MAX_LINKS
        if item.expression and item.wording:
            scene.question = item.expression.question or expand(self.library.macros["question"].part, scene)
        pieces: list[str] = []
        if block.heading is not None and self.heading_mode != "none":
            pieces += [self.heading(block.heading), "\n\n"]
        start = True
        for slot in block.slots:
            if slot.optional and scene.random() > scene.sureness:
                continue
            if not start:
                pieces.append(slot.gap)
            start = False
            pieces.append(self._sentence(slot, item))
        return "".join(pieces)

    def _sentence(self, slot: Slot, item: Item) -> str:
        options = slot.options
        if item.wording is None or item.expression is None or not slot.fact:
            option = options[int(self.scene.random() * len(options))]
            return _capital(expand(option, self.scene))
        text = _capital(self._carrier(slot, item, item.wording))
        self.evidence.append((item.expression.fact_id, text))
        return text

    def _carrier(self, slot: Slot, item: Item, wording: Wording) -> str:
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

    def heading(self, heading: Part) -> str:
        """A heading in the document's manner."""
        text = _capital(expand(heading, self.scene))
        self.sections += 1
        if self.heading_mode == "number":
            return f"{self.sections}. {text}"
        return HEADINGS[self.heading_mode].format(text.upper() if self.heading_mode == "caps" else text)


def _line(grammar: TypeGrammar, kind: str, scene: Scene) -> str:
    sources = grammar.lines[kind]
    return expand(sources[int(scene.random() * len(sources))].part, scene) if sources else ""


def _verbatim(grammar: TypeGrammar, kind: str, scene: Scene) -> str:
    sources = grammar.verbatim[kind]
    return expand(sources[int(scene.random() * len(sources))].part, scene) if sources else ""


def _capital(text: str) -> str:
    return text[0].upper() + text[1:] if text[:1].islower() else text
