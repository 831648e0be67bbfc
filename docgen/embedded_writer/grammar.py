"""The grammar notation of the embedded writer's texts, and its compiler.

Inline: `{a|b|c}` is a random choice (may be nested), `{3-9}` a random integer, `{name}` a scene variable or a macro.
`{1=a|b}` and a later `{1=c|d}` in the same block make the same choice, so that an answer fits its question.
Blocks (paragraphs, turns of a dialogue, entries) have one slot per line and are separated by an empty line:

    = Heading                 optional first line, used by types that have headings
    * A sentence.             a sentence that is always present
    | Another wording.        an alternative to the line above
    ? A sentence.             a sentence that the tone may omit
    !                         the place of a fact: the type's carriers, or its own: `! As {n1} says, {f}.`
    */ ... and *- ...         the same, starting a new paragraph or a new line

`{F}` is a fact's wording as a sentence without its full stop, `{f}` the same with a lower-case start, where that is
safe.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from docgen.embedded_writer.scene import VARIABLES, Scene

__all__ = ["Block", "Carriers", "GrammarError", "Part", "Slot", "Source", "expand", "parse_block", "parse_inline"]

Part = str | Callable[[Scene], str]
LINK = re.compile(r"(\d)=")
RANGE = re.compile(r"(\d+)-(\d+)")
SENTENCE_START = re.compile(r"[.!?][\"*]* $")
LAYOUT = {"/": "\n\n", "-": "\n"}


class GrammarError(ValueError):
    """A mistake in a shipped grammar file; never the user's."""


@dataclass(frozen=True, slots=True)
class Source:
    """A compiled text, with its mean number of spaces, so that lengths can be planned before writing."""

    part: Part
    spaces: float


@dataclass(frozen=True, slots=True)
class Carriers:
    """Sentences that express a fact, by what its wording allows: `fitting[clause][quote]`."""

    fitting: tuple[tuple[tuple[Part, ...], tuple[Part, ...]], tuple[tuple[Part, ...], tuple[Part, ...]]]
    spaces: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One sentence of a block. With `fact`, a fact goes here, in one of `carriers`, or the type's own if None."""

    gap: str
    optional: bool
    options: tuple[Part, ...]
    fact: bool = False
    carriers: Carriers | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a few turns of a dialogue, or an entry.

    `words` is its mean length without a fact; `order` its position in the file, which filler keeps in a document.
    """

    heading: Part | None
    slots: tuple[Slot, ...]
    words: float
    order: int = 0


def expand(part: Part, scene: Scene) -> str:
    """The text of `part` in `scene`."""
    return part if isinstance(part, str) else part(scene)


def parse_inline(text: str, macros: Mapping[str, Source]) -> Source:
    """Compile one line of text."""
    pieces: list[Source] = []
    at = 0
    while (start := text.find("{", at)) >= 0:
        end = _closing(text, start)
        filling = _braced(text[start + 1 : end], macros)
        opens = SENTENCE_START.search(text, at, start) is not None
        pieces += [_literal(text[at:start]), _capitalised(filling) if opens else filling]
        at = end + 1
    return _joined([*pieces, _literal(text[at:])])


def parse_block(lines: Sequence[str], macros: Mapping[str, Source], order: int = 0) -> Block:
    """Compile the lines of one block."""
    heading: Part | None = None
    groups: list[list[str]] = []
    for line in lines:
        if line.startswith("="):
            heading = parse_inline(line[1:].strip(), macros).part
        elif line.startswith("|") and groups:
            groups[-1].append(line[1:].strip())
        elif line[0] in "*?!":
            groups.append([line])
        else:
            raise GrammarError(f"not a block line: {line!r}")
    slots, words = [], 0.0
    for first, *others in groups:
        slot, mean = _slot(first, others, macros)
        slots.append(slot)
        words += mean
    return Block(heading, tuple(slots), words, order)


def parse_carriers(lines: Sequence[str], macros: Mapping[str, Source]) -> Carriers:
    """Compile fact carriers and group them by what they require of a wording."""
    compiled = [(line, parse_inline(line, macros)) for line in lines]

    def fitting(clause: bool, quote: bool) -> tuple[Part, ...]:
        return tuple(
            source.part for line, source in compiled if (clause or "{f}" not in line) and (quote or '"' not in line)
        )

    table = tuple((fitting(clause, False), fitting(clause, True)) for clause in (False, True))
    spaces = sum(source.spaces for _, source in compiled) / max(1, len(compiled))
    return Carriers((table[0], table[1]), spaces)


def _slot(first: str, others: list[str], macros: Mapping[str, Source]) -> tuple[Slot, float]:
    """Compile a slot's line and its alternatives; returns the slot and its mean number of words."""
    marker, rest = first[0], first[1:]
    gap = LAYOUT.get(rest[:1], " ")
    texts = [rest[1:].strip() if gap != " " else rest.strip(), *others]
    if marker == "!":
        own = [text for text in texts if text]
        carriers = parse_carriers(own, macros) if own else None
        return Slot(gap, False, (), True, carriers), carriers.spaces if carriers else 5.0
    sources = [parse_inline(text, macros) for text in texts]
    mean = sum(source.spaces + 1 for source in sources) / len(sources)
    optional = marker == "?"
    return Slot(gap, optional, tuple(source.part for source in sources)), mean / 2 if optional else mean


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    raise GrammarError(f"unclosed brace: {text!r}")


def _braced(text: str, macros: Mapping[str, Source]) -> Source:
    """Compile what is between braces."""
    link = LINK.match(text)
    options = _alternatives(text[link.end() :] if link else text)
    if link:
        return _linked(int(link[1]), [parse_inline(option, macros) for option in options])
    if len(options) > 1:
        return choice([parse_inline(option, macros) for option in options])
    if bounds := RANGE.fullmatch(text):
        low, span = int(bounds[1]), int(bounds[2]) - int(bounds[1]) + 1
        return Source(lambda scene: str(low + int(scene.random() * span)), 0.0)
    if text in macros:
        return macros[text]
    if text in VARIABLES:
        return Source(*VARIABLES[text])
    raise GrammarError(f"unknown variable: {text!r}")


def _alternatives(text: str) -> list[str]:
    depth, options = 0, [""]
    for char in text:
        depth += (char == "{") - (char == "}")
        if char == "|" and depth == 0:
            options.append("")
        else:
            options[-1] += char
    return options


def choice(sources: Sequence[Source]) -> Source:
    """A random choice, all equally likely."""
    options = tuple(source.part for source in sources)
    count = len(options)

    def pick(scene: Scene) -> str:
        option = options[int(scene.random() * count)]
        # As `expand` does, without its call: nothing is called as often while documents are written.
        return option if type(option) is str else option(scene)  # type: ignore[operator]

    return Source(pick, sum(source.spaces for source in sources) / count)


def _linked(link: int, sources: Sequence[Source]) -> Source:
    """Like `choice`, but the same for all choices with this link in a block."""
    options = tuple(source.part for source in sources)
    count = len(options)

    def pick(scene: Scene) -> str:
        roll = scene.links[link]
        if roll < 0:
            roll = scene.links[link] = scene.random()
        return expand(options[int(roll * count)], scene)

    return Source(pick, sum(source.spaces for source in sources) / count)


def _capitalised(source: Source) -> Source:
    """The same with a capital letter, for the start of a sentence."""
    part = source.part
    if isinstance(part, str):
        return Source(part[:1].upper() + part[1:], source.spaces)

    def capital(scene: Scene) -> str:
        text = part(scene)
        return text[:1].upper() + text[1:]

    return Source(capital, source.spaces)


def _literal(text: str) -> Source:
    return Source(text, text.count(" ") + text.count("\n"))


def _joined(sources: list[Source]) -> Source:
    sources = [source for source in sources if source.part != ""]
    spaces = sum(source.spaces for source in sources)
    if not sources:
        return Source("", 0.0)
    if len(sources) == 1:
        return Source(sources[0].part, spaces)
    form = "".join(source.part.replace("%", "%%") if isinstance(source.part, str) else "%s" for source in sources)
    fillings = [source.part for source in sources if not isinstance(source.part, str)]
    if len(fillings) == 1:
        only = fillings[0]
        return Source(lambda scene: form % only(scene), spaces)
    return Source(lambda scene: form % tuple([filling(scene) for filling in fillings]), spaces)
