"""Examples and wordings that probably do not say what was meant: missed by their own rule, split, or revealed."""

import math
from collections.abc import Iterator

import yaml

from docgen.text import normalise, sentences
from docgen.text.stems import content_stems
from docgen.universe.error_messages import short_repr
from docgen.universe.model import LeakageRule, UniverseContext
from docgen.universe.strict_yaml import LOADER, Location, YamlSource

__all__ = ["example_warnings", "split_items"]

NEARLY_ALL = 0.85
"""Share of a held-out fact's content words in one sentence of the prose that probably tells it. Chosen: a sentence
with all but one of six may be another claim about the same thing."""
FEWEST_WORDS = 4
"""Content words below which a sentence about the same thing holds them all by chance."""
PROSE_LISTS = frozenset(
    {"leak", "clean", "paraphrases", "implications", "related_questions", "banned_statements", "exceptions"}
)
"""Keys whose lists hold sentences."""


def example_warnings(context: UniverseContext, source: YamlSource | None = None) -> Iterator[str]:
    """Rules whose patterns miss their own leak examples, and held-out facts that the world's prose reveals.

    Each line begins with the file's line if `source` is given.
    """
    for number, rule in enumerate(context.leakage_rules):
        missed = list(_missed(rule))
        if missed:
            place = ("leakage_rules", number, "patterns")
            what = f'misses its own leak example "{short_repr(missed[0])}"'
            more = f" and {len(missed) - 1} more" if len(missed) > 1 else ""
            yield f"{_line(source, place)}the wording of rule {rule.id}: no pattern matches, so it {what}{more}"
    for number, revealed in _told_in_prose(context):
        fact = context.key_facts[number].id
        what = f'{fact} is held out (salience 0), but universe_context says it: "{short_repr(revealed)}"'
        yield f"{_line(source, ('key_facts', number))}{what}"


def _told_in_prose(context: UniverseContext) -> Iterator[tuple[int, str]]:
    """Held-out facts that the world's prose tells, by their number, each with the words that do.

    They do so in a wording of the fact, or in a sentence that holds nearly all of its content words.
    """
    held_out = [(number, fact) for number, fact in enumerate(context.key_facts) if not fact.salience]
    if not held_out:
        return
    prose, stemmer = context.universe_context, context.speaks.stemmer
    normalised = f" {normalise(prose)} "
    stems = [(prose[start:end], content_stems(prose[start:end], stemmer)) for start, end in sentences(prose)]
    for number, fact in held_out:
        for wording in (fact.statement, *fact.paraphrases):
            words = content_stems(wording, stemmer)
            figures = {word for word in words if word.isdigit()}  # with another figure it is another claim
            enough = NEARLY_ALL * len(words) if len(words) >= FEWEST_WORDS else math.inf
            near = (text for text, present in stems if figures <= present and len(words & present) >= enough)
            passage = wording if f" {normalise(wording)} " in normalised else next(near, None)
            if passage:
                yield number, passage
                break


def _missed(rule: LeakageRule) -> Iterator[str]:
    """The leak examples that no pattern of a rule with patterns matches."""
    import re2  # slow to import, and needed only here

    searches = [re2.compile(pattern).search for pattern in rule.patterns]
    if searches:
        yield from (text for text in rule.examples.leak if not any(search(text) for search in searches))


def _line(source: YamlSource | None, place: Location) -> str:
    return f"line {source.line(place)}: " if source else ""


def split_items(text: str) -> Iterator[str]:
    """A line for each sentence that a list in square brackets, without quotation marks, splits at its comma.

    `text` is the file. A part that begins like the middle of a sentence follows one that does not end.
    """
    root = yaml.compose(text, Loader=LOADER)
    yield from _split_in(root, "") if root is not None else ()


def _split_in(node: yaml.Node, key: str) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _split_in(value, str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        if node.flow_style and key in PROSE_LISTS:
            yield from _split_parts(node, key)
        for item in node.value:
            yield from _split_in(item, "")


def _split_parts(node: yaml.SequenceNode, key: str) -> Iterator[str]:
    for first, second in zip(node.value, node.value[1:], strict=False):
        plain = all(isinstance(part, yaml.ScalarNode) and not part.style for part in (first, second))
        if plain and second.value[:1].islower() and not first.value.rstrip().endswith((".", "!", "?")):
            what = f'the list {key} splits a sentence at its comma: "{short_repr(first.value)}" is not a whole example'
            yield f"line {first.start_mark.line + 1}: {what}; put it in quotation marks"
