"""Invented claims about the real people and organisations that a context marks (its `real_entities`).

What the context itself says about them is allowed; only a judge or a person can tell what goes beyond that. The scan
tier suggests sentences that name one of them with an amount, a quotation or an action in words that the context does
not have.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from docgen.audit.detect.facts.known_wordings import Words, stem_set
from docgen.audit.rules.builtin_rules import entity_claim_parts, entity_claim_rule
from docgen.audit.rules.leakage_rule import Cue, Rule
from docgen.records import Finding
from docgen.universe import RealEntity, UniverseContext

__all__ = ["EntityClaims"]

NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True)
class EntityClaims:
    """The rule for one context, and what it allows."""

    rule: Rule
    stems: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, context: UniverseContext) -> "EntityClaims | None":
        """None for a context that marks nobody."""
        if not context.real_entities:
            return None
        cues = tuple(cue for entity in context.real_entities for cue in _cues(entity))
        texts = [context.universe_context, *(entity.note for entity in context.real_entities)]
        for fact in context.key_facts:
            texts += (*fact.wordings, *fact.implications)
        said = "\n".join(texts)
        numbers = frozenset(match[0] for match in NUMBER.finditer(said))
        return cls(replace(entity_claim_rule(), cues=cues), stem_set(Words(said).words), numbers)

    def is_new(self, finding: Finding) -> bool:
        """Whether the passage says something in words or numbers that the context does not have."""
        for match in _trigger().finditer(finding.evidence):
            number = NUMBER.search(match[0])
            is_known = number[0] in self.numbers if number else stem_set(Words(match[0]).words) <= self.stems
            if not is_known:
                return True
        return False


@cache
def _trigger() -> re.Pattern[str]:
    """What may be said about an entity, wherever its name occurs."""
    parts = entity_claim_parts()
    return re.compile(rf"(?i)\b{parts['saying']}\b|\b{parts['deed']}\b|{parts['sum']}")


def _cues(entity: RealEntity) -> Iterator[Cue]:
    """Warnings, never errors: what is next to a name need not be about it."""
    parts = entity_claim_parts()
    names = "|".join(sorted(map(_escaped, (entity.name, *entity.aliases)), key=len, reverse=True))
    name = rf"(?:{names})"
    # Within one sentence, and chosen: 140 characters are some two lines; what is farther off is mostly said of another.
    between = r"[^.!?\n]{0,140}?"
    for what, pattern in (
        ("quotes it", rf"{name}(?:['’]s)?(?:\s+\w+){{0,3}}?\s+(?i:{parts['saying']})\b"),
        ("says that it did something or that something was done to it", rf"{name}{between}\b(?i:{parts['deed']})\b"),
        ("gives it a number", rf"{name}{between}(?i:{parts['sum']})"),
    ):
        yield Cue(pattern, f"{what} that is not in the context: {entity.name}", "warning", "claims")


def _escaped(name: str) -> str:
    """A name as a whole word; RE2 only knows the edges of ASCII words, so other edges are not checked."""
    left, right = (r"\b" if re.match(r"(?a:\w)", edge) else "" for edge in (name.strip()[0], name.strip()[-1]))
    return left + r"\s+".join(map(re.escape, name.split())) + right
