"""Loads the shipped document types from `data/*.txt`: each file is a type, a family of shared blocks, or the macros.

A file starts with comments (`#`) and `key: value` lines, followed by sections, `== name`:

    title, carriers, passing, ideas, question    one text per line
    head, foot                                   verbatim texts of several lines, separated by a line `--`
    opening, lead, recap, support, aside, filler, closing     blocks (see `grammar`)

`lead` expresses a central fact near the beginning, `recap` repeats it, `support` and `aside` express the others.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import groupby

from docgen.embedded_writer.grammar import (
    Block,
    Carriers,
    GrammarError,
    Source,
    parse_block,
    parse_carriers,
    parse_inline,
)
from docgen.text import words

__all__ = ["BLOCKS", "Library", "TypeGrammar", "load_library"]

BLOCKS = ("opening", "lead", "recap", "support", "aside", "filler", "closing")
LINES = ("title", "ideas", "question")
CARRIERS = ("carriers", "passing")
VERBATIM = ("head", "foot")
PROSE, TOPICAL = "prose", "topic"
"""The family whose types can also use filler about their topic, and the family of that filler."""
STOP_WORDS = frozenset(
    ("a", "an", "and", "the", "of", "for", "to", "in", "on", "with", "from", "by", "at", "or", "new")
)


@dataclass(frozen=True, slots=True)
class TypeGrammar:
    """The grammar of one document type: its own blocks, those of its families, and `topical` filler about its topic.

    A type made of items (questions, entries) has a `tail`: headings, of which one precedes any shared block. `openings`
    says whether it may begin with a sentence that follows the style's opening; `first_names` whether people go by first
    name after their first mention.
    """

    name: str
    description: str
    variants: tuple[tuple[str, str], ...]
    keywords: frozenset[str]
    headings: tuple[str, ...]
    between: str
    tail: tuple[str, ...]
    openings: bool
    first_names: bool
    own: Mapping[str, tuple[Block, ...]]
    shared: Mapping[str, tuple[Block, ...]]
    topical: tuple[Block, ...]
    lines: Mapping[str, tuple[Source, ...]]
    verbatim: Mapping[str, tuple[Source, ...]]
    carriers: Mapping[str, Carriers]
    annex: Carriers


@dataclass(frozen=True, slots=True)
class Library:
    """All document types, with the angles that titles and ideas are built from."""

    types: tuple[TypeGrammar, ...]
    angles: tuple[str, ...]
    macros: Mapping[str, Source]
    openings: Mapping[str, tuple[Block, ...]]
    nearest_cache: dict[tuple[str, str], TypeGrammar] = field(default_factory=dict)

    def nearest(self, name: str, description: str) -> TypeGrammar:
        """The grammar for a type of that name, which may be one that a real model invented."""
        grammar = self.nearest_cache.get((name, description))
        if grammar is None:
            grammar = self.nearest_cache[name, description] = _nearest(self.types, name, description)
        return grammar


@dataclass(slots=True)
class _File:
    meta: dict[str, list[str]] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Family:
    """A family's file, and its blocks, which all of its types share."""

    file: _File
    blocks: Mapping[str, tuple[Block, ...]]


@lru_cache(maxsize=1)
def load_library() -> Library:
    """Read and compile all shipped grammars; about 0.2 s, once per process."""
    folder = files(__package__) / "data"
    read = {item.name: _read(item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".txt")}
    common = read.pop("macros.txt")
    moves = read.pop("openings.txt")
    macros: dict[str, Source] = {}
    for line in common.sections["macros"]:  # `name: a|b|c`; a macro may use those above it
        name, _, options = line.partition(":")
        macros[name.strip()] = parse_inline("{" + options.strip() + "}", macros)
    files_of = {name[7:-4]: file for name, file in read.items() if name.startswith("family-")}
    families = {
        name: _Family(file, {kind: _blocks(file, kind, macros) for kind in BLOCKS}) for name, file in files_of.items()
    }
    types = [_type(file, families, macros) for name, file in sorted(read.items()) if not name.startswith("family-")]
    openings = {move: _blocks(moves, move, macros) for move in moves.sections}
    return Library(tuple(types), tuple(common.sections["angles"]), macros, openings)


def _read(text: str) -> _File:
    file, current = _File(), None
    for line in text.splitlines():
        if line.startswith("== "):
            current = file.sections.setdefault(line[3:].strip(), [])
        elif current is not None:
            current.append(line.rstrip())
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition(":")
            file.meta.setdefault(key.strip(), []).append(value.strip())
    for name in (*LINES, *CARRIERS, "macros", "angles"):
        if name in file.sections:
            file.sections[name] = [line for line in file.sections[name] if line]
    return file


def _type(file: _File, families: Mapping[str, _Family], macros: Mapping[str, Source]) -> TypeGrammar:
    meta = file.meta
    name, description = meta["type"][0], meta["about"][0]
    own_families = [families[family] for family in meta["family"][0].split()]
    kin = [family.file for family in own_families]
    variants = [tuple(part.strip() for part in variant.split("--", 1)) for variant in meta.get("also", [])]
    verbatim = {}
    for kind in VERBATIM:
        # In heads and feet people have their full names: {s1} instead of {n1}.
        texts = re.sub(r"\{n(?=\d\})", "{s", "\n".join(file.sections.get(kind, []))).split("\n--\n")
        verbatim[kind] = tuple(parse_inline(text.strip("\n"), macros) for text in texts if text.strip())
    return TypeGrammar(
        name=name,
        description=description,
        variants=tuple((variant[0], variant[1]) for variant in variants),
        keywords=_keywords(" ".join([name, *(variant[0] for variant in variants), *meta.get("words", [])])),
        headings=tuple(meta.get("headings", ["none"])[0].split()),
        between={"line": "\n", "blank": "\n\n"}[meta.get("between", ["blank"])[0]],
        tail=tuple(meta["tail"][0].split("|")) if "tail" in meta else (),
        openings="openings" in meta,
        first_names=meta.get("short", ["last"])[0] == "first",
        own={kind: _blocks(file, kind, macros) for kind in BLOCKS},
        shared={
            kind: ()
            if kind in meta.get("alone", [])
            else tuple(block for family in own_families for block in family.blocks[kind])
            for kind in BLOCKS
        },
        topical=families[TOPICAL].blocks["filler"] if PROSE in meta["family"][0].split() else (),
        lines={kind: tuple(parse_inline(line, macros) for line in _section([file, *kin], kind)) for kind in LINES},
        verbatim=verbatim,
        carriers={kind: parse_carriers(_section([file, *kin], kind), macros) for kind in CARRIERS},
        annex=parse_carriers(_section(kin, "passing"), macros),
    )


def _blocks(file: _File, kind: str, macros: Mapping[str, Source]) -> tuple[Block, ...]:
    paragraphs = [list(lines) for filled, lines in groupby(file.sections.get(kind, []), key=bool) if filled]
    return tuple(parse_block(lines, macros, order) for order, lines in enumerate(paragraphs))


def _section(sources: list[_File], kind: str) -> list[str]:
    """The lines of the type's own section, else of the first family that has one. Raises for missing carriers."""
    for file in sources:
        if lines := file.sections.get(kind):
            return lines
    if kind in CARRIERS:
        raise GrammarError(f"no {kind}: {sources[0].meta['type'][0]}")
    return []


def _keywords(text: str) -> frozenset[str]:
    """Content words, in the singular."""

    def stem(word: str) -> str:
        return word[:-3] + "y" if word.endswith("ies") else word.rstrip("s") if len(word) > 3 else word

    return frozenset(stem(word) for word in words(text) if word not in STOP_WORDS)


def _nearest(types: tuple[TypeGrammar, ...], name: str, description: str) -> TypeGrammar:
    """An exact name or variant, else the type that shares most words, those of the name counting three times."""
    key = name.casefold().strip()
    for grammar in types:
        if key == grammar.name.casefold() or any(key == variant.casefold() for variant, _ in grammar.variants):
            return grammar
    in_name, in_description = _keywords(name), _keywords(description)

    def score(grammar: TypeGrammar) -> float:
        shared = 3 * len(in_name & grammar.keywords) + len(in_description & grammar.keywords)
        return shared / math.sqrt(3 + len(grammar.keywords))

    best = max(types, key=score)
    if score(best) > 0:
        return best
    return types[sum(map(ord, key)) % len(types)]
