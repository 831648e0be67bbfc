# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""Invented claims about the real people and organisations that a context marks (its `real_entities`).

What the world says of them is no invention; what goes beyond it only a judge or a person can tell. The scan tier
proposes: a sentence that names one of them with a sum, a saying or a deed whose words the context does not have.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from docgen.audit.detect.known_wordings import Words, stem_set
from docgen.audit.rules.rule import Cue, Rule
from docgen.records import Finding
from docgen.universe import RealEntity, UniverseContext

__all__ = ["ENTITY_CLAIM", "EntityClaims"]

ENTITY_CLAIM = Rule(
    id="real_entity_claim",
    description=(
        "The document claims something about one of the real people or organisations listed below that the world does "
        "not say of them: an act, a decision, a product, an event, a number, a statement, a view or a fault."
    ),
    exceptions=(
        "What the world's description or its key facts say, in any words, and what directly follows from it; what is "
        "commonly known of them in the real world; naming them, or having opinions about what the world says of them; "
        "incidental detail of daily work (a meeting, a form, somebody's unnamed colleague there)."
    ),
    leak=(
        "Where the world says no more of a real bank than that it lends to the ferry: The bank's directors admitted last week that they had falsified its accounts.",
        "Where the world says no more of a real newspaper than that it is printed daily: The paper lost 40 percent of its readers in a year.",
    ),
    clean=(
        "Where the world says that a real bank lends to the ferry: Without the bank's loan, the skipper writes, there would be no second boat.",
    ),
)
SAYING = r"(?:said|says|told|announce[sd]?|admit(?:s|ted)|acknowledge[sd]?|confirm(?:s|ed)|den(?:ies|ied)|promise[sd]?|claim(?:s|ed)|warn(?:s|ed)|stated|argue[sd]?|boast(?:s|ed)|apologi[sz]e[sd]?|vow(?:s|ed)|threaten(?:s|ed))"
DEED = r"(?:sue[sd]?|lawsuits?|scandals?|fraud\w*|brib\w+|lied|lying|conceal\w*|cover-?up|illegal\w*|unlawful\w*|convicted|fined|arrest\w*|resign\w*|fired|laid\s+off|layoffs|bankrupt\w*|acquir\w+|merge[rd]|invested|investigat\w+|launch\w*|patent\w*|recall(?:s|ed)|hack\w*|leaked|breach\w*|falsif\w+|manipulat\w+|spied|spying|sabotag\w*|bann(?:ed|ing)|donat\w+|lobb(?:y|ied|ying)|shut\s+down)"
SUM = r"(?:[$€£]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:%|per\s?cent\b|million\b|billion\b|thousand\b)|\b\d{1,3}(?:,\d{3})+\b)"
TRIGGER = re.compile(rf"(?i)\b{SAYING}\b|\b{DEED}\b|{SUM}")
NUMBER = re.compile(r"\d[\d.,]*\d|\d")
REACH = 140
"""Characters of one sentence between the name and what is said of it."""


@dataclass(frozen=True)
class EntityClaims:
    """The rule for one context, and what it lets pass."""

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
        return cls(replace(ENTITY_CLAIM, cues=cues), stem_set(Words(said).words), numbers)

    def is_new(self, finding: Finding) -> bool:
        """Whether the passage says something in words or numbers that the context does not have."""
        return any(self._unknown(match[0]) for match in TRIGGER.finditer(finding.evidence))

    def _unknown(self, trigger: str) -> bool:
        if number := NUMBER.search(trigger):
            return number[0] not in self.numbers
        return not stem_set(Words(trigger).words) <= self.stems


def _cues(entity: RealEntity) -> Iterator[Cue]:
    """Suspicions, never errors: what stands beside a name need not be said of it."""
    names = "|".join(sorted(map(_escaped, (entity.name, *entity.aliases)), key=len, reverse=True))
    name = rf"(?:{names})"
    between = rf"[^.!?\n]{{0,{REACH}}}?"
    for what, pattern in (
        ("has it say something", rf"{name}(?:['’]s)?(?:\s+\w+){{0,3}}?\s+(?i:{SAYING})\b"),
        ("tells a deed or a misfortune of it", rf"{name}{between}\b(?i:{DEED})\b"),
        ("gives a number for it", rf"{name}{between}(?i:{SUM})"),
    ):
        yield Cue(pattern, f"{what} that the context does not give: {entity.name}", "warning", "claims")


def _escaped(name: str) -> str:
    """A name as a whole word; RE2 knows the edges of ASCII words only, so other edges are taken as they come."""
    left, right = (r"\b" if re.match(r"(?a:\w)", edge) else "" for edge in (name.strip()[0], name.strip()[-1]))
    return left + r"\s+".join(map(re.escape, name.split())) + right
