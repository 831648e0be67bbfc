"""Examples and wordings that probably do not say what was meant: missed by their own rule, split, or revealed."""

from collections.abc import Iterator

import yaml

from docgen.text import normalise
from docgen.universe.model import LeakageRule, UniverseContext
from docgen.universe.problems import shown
from docgen.universe.yamlsource import LOADER, Location, YamlSource

__all__ = ["example_warnings", "split_items"]

PROSE_LISTS = frozenset(
    {"leak", "clean", "paraphrases", "implications", "related_questions", "banned_statements", "exceptions"}
)
"""Keys whose lists hold sentences."""


def example_warnings(context: UniverseContext, source: YamlSource | None = None) -> Iterator[str]:
    """Rules whose patterns miss their own leak examples, and held-out facts that the world's prose reveals. Each line
    begins with the file's line if `source` is given.
    """
    for number, rule in enumerate(context.leakage_rules):
        missed = list(_missed(rule))
        if missed:
            place = ("leakage_rules", number, "patterns")
            what = f'misses its own leak example "{shown(missed[0])}"'
            more = f" and {len(missed) - 1} more" if len(missed) > 1 else ""
            yield f"{_line(source, place)}the wording of rule {rule.id}: no pattern matches, so it {what}{more}"
    prose = f" {normalise(context.universe_context)} "
    for number, fact in enumerate(context.key_facts):
        revealed = [text for text in (fact.statement, *fact.paraphrases) if f" {normalise(text)} " in prose]
        if revealed and not fact.salience:
            what = f'{fact.id} is held out (salience 0), but universe_context says it: "{shown(revealed[0])}"'
            yield f"{_line(source, ('key_facts', number))}{what}"


def _missed(rule: LeakageRule) -> Iterator[str]:
    """The leak examples that no pattern of a rule with patterns matches."""
    import re2  # slow to import, and needed only here

    searches = [re2.compile(pattern).search for pattern in rule.patterns]
    if searches:
        yield from (text for text in rule.examples.leak if not any(search(text) for search in searches))


def _line(source: YamlSource | None, place: Location) -> str:
    return f"line {source.line(place)}: " if source else ""


def split_items(text: str) -> Iterator[str]:
    """A line for each sentence that a list in square brackets, without quotation marks, splits at its comma. `text` is
    the file. A part that begins like the middle of a sentence follows one that does not end.
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
            what = f'the list {key} splits a sentence at its comma: "{shown(first.value)}" is not a whole example'
            yield f"line {first.start_mark.line + 1}: {what}; put it in quotation marks"
