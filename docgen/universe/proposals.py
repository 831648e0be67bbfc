"""What a context's author might add or split, worked out from the wordings of its facts: proposals, never changes."""

import re
from collections import Counter
from collections.abc import Iterator

from docgen.text.stems import content_stems
from docgen.universe.model import UniverseContext
from docgen.universe.roles import presupposed_by

__all__ = ["context_proposals"]

FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
CLAIMS = re.compile(
    r"(?:;|,? and(?= (?:it|its|he|she|they|their|the|this|these|that|no|has|have|is|are|was|were)\b)|, while|, which)"
    r"\s+"
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = re.compile(rf"(?:\d{{1,2}} )?\b(?:{MONTHS})\b(?: \d{{1,2}}\b,?)?(?: \d{{4}})?|\b(?:1[5-9]|20)\d\d\b")
MOST_FIGURES = 2
MANY = 4
"""Facts from which on "most others" means something."""
SHARED = 2
"""Words of a fact that have to recur in another before that one seems to take it for granted ..."""
RECURRING = 0.5
"""... and what share of all that it says."""
COMMON, FREQUENT = 0.5, 1 / 3
"""Words in more of the statements than `COMMON` name the world's subject, which public facts are about; words in more
than `FREQUENT` are the manner of its statements ("gives higher scores"), and tie no two facts in particular."""


def context_proposals(context: UniverseContext) -> tuple[str, ...]:
    """One line for each thing that the author may want to add, split or change."""
    found = (_presupposed, _several_claims, _figures, _implied_figures, _implied_in_passing)
    return tuple(line for proposals in found for line in proposals(context))


def _presupposed(context: UniverseContext) -> Iterator[str]:
    """Facts most of whose words recur in another, which then seems to build on them."""
    facts = context.key_facts
    stems = {fact.id: content_stems(fact.statement) for fact in facts}
    often = Counter(word for own in stems.values() for word in own)
    common, frequent = (
        {word for word, count in often.items() if count > max(2, share * len(facts))} for share in (COMMON, FREQUENT)
    )
    declared = {fact.id: fact.presupposes for fact in facts}
    for fact in facts:
        own = stems[fact.id]
        if not fact.public and fact.salience and len(facts) > MANY and len(own & common) > RECURRING * len(own):
            yield f"{fact.id} says what most other facts build on: consider public: true"
        roots = [root for root in facts if root is not fact and _builds_on(own - frequent, stems[root.id] - frequent)]
        linked = presupposed_by(declared, [fact.id])
        for root in roots:
            if not root.public and root.id not in linked and fact.id not in presupposed_by(declared, [root.id]):
                shared = ", ".join(sorted(own & stems[root.id] - frequent))
                yield f"{fact.id} seems to take {root.id} for granted ({shared}): presupposes: [{root.id}]?"


def _builds_on(own: frozenset[str], root: frozenset[str]) -> bool:
    """Whether a statement with the words `own` holds most of what `root` says, and mainly says more.

    Where each holds most of the other, they are counterparts (of the free tier and of the paid one), and none the root.
    """
    shared = len(own & root)
    return max(SHARED, RECURRING * len(root)) <= shared < RECURRING * len(own)


def _several_claims(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        parts = [part.strip(" .") for part in CLAIMS.split(fact.statement)]
        if len(parts) > 1 and all(len(part.split()) >= 4 for part in parts):
            split = "; ".join(f'"{part[0].upper()}{part[1:]}."' for part in parts)
            yield f"{fact.id} seems to make {len(parts)} claims, better kept apart as facts of their own: {split}"


def _figures(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        figures = FIGURE.findall(_without_dates(fact.statement))
        if len(figures) > MOST_FIGURES:
            yield (
                f"{fact.id} holds {len(figures)} figures ({', '.join(figures)}): sentences that carry them all sound "
                f"stuffed; split it, or leave some to universe_context"
            )


def _implied_figures(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        if fact.directness.implied and FIGURE.search(fact.statement):
            yield (
                f"{fact.id} holds figures and is to be implied in {fact.directness.implied:.0%} of its documents: they "
                f"will take it for granted without its figures; with directness: {{stated: 1}} they always give them"
            )


def _implied_in_passing(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        if fact.directness.implied + fact.prominence.passing > 1:
            yield (
                f"{fact.id} is to be implied in {fact.directness.implied:.0%} of its documents and passing in "
                f"{fact.prominence.passing:.0%}: some will be both, which readers miss; lower one of the two"
            )


def _without_dates(text: str) -> str:
    return DATE.sub("", text)
