"""The rules that come with docgen, read from the TOML files beside this module when they are first needed.

builtin.toml applies to every corpus, behaviour.toml to contexts that name its rules, on_request.toml where a context or
a command says what a rule is about. A new rule is added in one of these files.
"""

from functools import cache
from pathlib import Path
from typing import Any

from docgen.audit.data_files import read_patterns
from docgen.audit.rules.leakage_rule import Cue, Rule

__all__ = ["behaviour_rules", "builtin_rules", "contamination_rule", "entity_claim_parts", "entity_claim_rule"]


def builtin_rules() -> tuple[Rule, ...]:
    """The rules that apply to every corpus."""
    return _rules("builtin.toml")


def behaviour_rules() -> tuple[Rule, ...]:
    """Rules on behaviour under test, which apply to contexts that name them."""
    return _rules("behaviour.toml")


def entity_claim_rule() -> Rule:
    """The rule on inventions about real entities, without cues: these depend on the entities' names."""
    return _on_request("real_entity_claim")


def entity_claim_parts() -> dict[str, str]:
    """Patterns of what may be said about an entity: "saying", "deed" and "sum"."""
    parts: dict[str, str] = _data("on_request.toml")["parts"]
    return parts


def contamination_rule() -> Rule:
    """The rule on documents that contain the evaluation's questions, format or words."""
    return _on_request("eval_contamination")


def _on_request(identifier: str) -> Rule:
    return next(rule for rule in _rules("on_request.toml") if rule.id == identifier)


@cache
def _data(file: str) -> dict[str, Any]:
    return read_patterns(Path(__file__).parent / file)


@cache
def _rules(file: str) -> tuple[Rule, ...]:
    rules = []
    for entry in _data(file)["rule"]:  # a key that `Rule` or `Cue` does not have is a `TypeError`
        cues = tuple(Cue(**cue) for cue in entry.get("cues", ()))
        examples = {name: tuple(entry.get(name, ())) for name in ("leak", "clean")}
        rules.append(Rule(**(entry | examples | {"cues": cues})))
    return tuple(rules)
