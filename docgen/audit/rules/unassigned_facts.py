"""Facts that a document must not express, and a judge's verdicts on them."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from docgen.records import Document, Finding
from docgen.universe import UniverseContext, roles_of

if TYPE_CHECKING:
    from docgen.audit.judge.verdicts import Verdicts

__all__ = ["STRAY", "judged_strays", "stray_facts"]

STRAY = "unassigned_fact"


def stray_facts(context: UniverseContext, assigned: Collection[str] | None) -> frozenset[str]:
    """Facts that a document must not express: those to be left out, or, where that is not known, those that are held
    out.

    What an assigned fact presupposes, and what is public, a document may take for granted.
    """
    if assigned is None:
        return frozenset(fact.id for fact in context.key_facts if fact.salience == 0)
    return frozenset(fact.id for fact in roles_of(context, assigned).left_out)


def judged_strays(document: Document, verdicts: "Verdicts", context: UniverseContext) -> list[Finding]:
    """Findings on the unassigned facts that a judge saw: errors where stated, warnings where implied."""
    stray = stray_facts(context, document.assigned)
    return [
        Finding(
            rule=STRAY,
            severity="error" if sighting.verdict == "stated" else "warning",
            detector="judge",
            start=sighting.start,
            end=sighting.end,
            evidence=document.text[sighting.start : sighting.end],
            explanation=f"expresses {sighting.fact}: {verdicts.facts[sighting.fact].reason or sighting.verdict}",
        )
        for sighting in verdicts.sightings()
        if sighting.fact in stray and sighting.verdict != "contradicted"
    ]
