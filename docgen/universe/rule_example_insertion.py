"""Adds examples to the rules of a context file, line by line, so that its comments and layout stay."""

import json
from collections.abc import Mapping

import yaml

from docgen.universe.model import RuleExamples

__all__ = ["as_yaml", "with_examples"]


def as_yaml(examples: RuleExamples, indent: int = 0) -> str:
    """The lines of a rule's `examples`, each indented."""
    lists = {"leak": examples.leak, "clean": examples.clean}
    lines = ["examples:", *(f"  {kind}: {json.dumps(list(own), ensure_ascii=False)}" for kind, own in lists.items())]
    return "".join(" " * indent + line + "\n" for line in lines)


def with_examples(text: str, examples: Mapping[str, RuleExamples]) -> tuple[str, tuple[str, ...]]:
    """The file with examples after the ids of their rules, and the rules for which that was impossible.

    A rule that has `examples` already, or is in braces on one line, is left as it is.
    """
    lines, left = text.splitlines(keepends=True), dict(examples)
    root = yaml.compose(text if text.endswith("\n") else text + "\n", Loader=yaml.SafeLoader)
    fields = {key.value: value for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    rules = fields["leakage_rules"].value if "leakage_rules" in fields else []
    # From the last to the first, so that the line numbers of those before stay right.
    for node in reversed([rule for rule in rules if isinstance(rule, yaml.MappingNode)]):
        keys = {key.value: (key, value) for key, value in node.value}
        name = keys["id"][1].value if "id" in keys else ""
        if name in left and not node.flow_style and "examples" not in keys:
            key, value = keys["id"]
            lines.insert(value.end_mark.line + 1, as_yaml(left.pop(name), key.start_mark.column))
    return "".join(lines), tuple(left)
