"""The leakage rule: one id, one definition that a person can apply, and what the scan tier looks for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from docgen.errors import ConfigError
from docgen.records import Severity
from docgen.text.languages import Language
from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe import UniverseContext

__all__ = ["Cue", "Rule", "rule_key", "rules_for", "with_language"]


@dataclass(frozen=True)
class Cue:
    """A pattern (RE2 syntax) that shows a rule broken; `why` explains the finding in one line.

    A cue of severity "warning" only makes a document suspect; the judge or a person decides. One of severity "info"
    means nothing by itself and is weighed with others of its detector. A match that `unless` matches too, from its
    start, is ignored.
    """

    pattern: str
    why: str
    severity: Severity = "error"
    detector: str = "pattern"
    unless: str = ""


@dataclass(frozen=True)
class Rule:
    """What documents must not say or show. `clean` and `leak` are labelled examples for the judge."""

    id: str
    description: str
    exceptions: str = ""
    severity: Severity = "error"
    cues: tuple[Cue, ...] = ()
    leak: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    judged: bool = True


def rule_key(identifier: str) -> str:
    """Ids that differ only in case, "-" and "_" name the same rule."""
    return identifier.lower().replace("-", "_")


def rules_for(
    context: UniverseContext, builtin: Sequence[Rule], off: Collection[str] = (), library: Sequence[Rule] = ()
) -> tuple[Rule, ...]:
    """The built-in rules and the context's own, without those in `off`.

    A context's rule of a known id keeps the known rule's cues, exceptions and examples and adds its own; rules of
    `library` (behaviour under test) count only when the context names them. Raises `ConfigError` for an unknown id in
    `off`.
    """
    by_key = {rule_key(rule.id): rule for rule in (*library, *builtin)}
    merged = {rule_key(rule.id): rule for rule in builtin}
    for own in context.leakage_rules:
        base = by_key.get(rule_key(own.id)) or Rule(own.id, own.description)
        cues = tuple(Cue(pattern, f"matches a pattern of rule {own.id}") for pattern in own.patterns)
        merged[rule_key(own.id)] = replace(
            base,
            id=own.id,
            description=own.description or base.description,
            cues=base.cues + cues,
            leak=base.leak + tuple(own.examples.leak),
            clean=base.clean + tuple(own.examples.clean),
        )
    dropped = {rule_key(name) for name in off}
    if unknown := sorted(dropped - merged.keys()):
        listed = f"known rules: {', '.join(sorted(merged))}"
        raise ConfigError(f"no rule {', '.join(unknown)}", fix=suggestion(unknown[0], sorted(merged), listed))
    return tuple(rule for key, rule in merged.items() if key not in dropped)


def with_language(rule: Rule, language: Language) -> Rule:
    """The rule with the cues that show it broken in languages other than English."""
    key = rule_key(rule.id)
    cues = tuple(Cue(cue.pattern, cue.why, cue.severity) for cue in language.cues if cue.rule == key)
    return replace(rule, cues=rule.cues + cues) if cues else rule
