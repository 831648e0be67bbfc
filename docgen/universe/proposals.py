"""Suggests what a context's author might add or split, judging by the wording of its facts. Does not change
anything."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from docgen.text.normalised_numbers import HAN_DATE
from docgen.text.stems import content_stems
from docgen.universe.fact_roles_in_document import presupposed_by
from docgen.universe.model import UniverseContext

__all__ = ["context_proposals", "role_proposals"]

FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
CLAIMS = re.compile(
    r"(?:;|,? and(?= (?:it|its|he|she|they|their|the|this|these|that|no|has|have|is|are|was|were)\b)|, while|, which)"
    r"\s+"
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATE = re.compile(
    rf"(?:(?P<day>\d{{1,2}}) )?\b(?P<month>{MONTHS})\b(?: (?P<us_day>\d{{1,2}})\b,?)?(?: (?P<year>\d{{4}}))?"
    rf"|\b(?P<alone>(?:1[5-9]|20)\d\d)\b"
)
SHARED, RECURRING = 2, 0.5
"""A fact seems to presuppose another if it repeats this many of its words, and this share of them.

Chosen: one shared word is often chance, and half of the words is most of what a short statement says.
"""
COMMON, FREQUENT = 0.5, 1 / 3
"""Words in more than `COMMON` of the statements name the world's subject, which public facts are about; words in more
than `FREQUENT` are how its statements are phrased ("gives higher scores"), and link no two facts in particular.

Chosen, and compared with the proposals for the shipped contexts.
"""


def context_proposals(context: UniverseContext) -> tuple[str, ...]:
    """One line for each thing that the author may want to add, split or change."""
    proposers = (_several_claims, _figures, _implied_figures, _implied_in_passing, _implied_though_public)
    return (*role_proposals(context), *(line for proposer in proposers for line in proposer(context)))


def role_proposals(context: UniverseContext) -> tuple[str, ...]:
    """Those on what documents may take for granted, and know of on their date: without them, writers avoid a subject
    that they have to write about."""
    return (*_presupposed(context), *_known_later(context))


def _presupposed(context: UniverseContext) -> Iterator[str]:
    """Facts that seem to be presupposed: most of their words recur in another fact."""
    facts = context.key_facts
    stems = {fact.id: content_stems(DATE.sub("", fact.statement)) for fact in facts}
    statements_with = Counter(word for words in stems.values() for word in words)
    common, frequent = (
        {word for word, count in statements_with.items() if count > max(2, share * len(facts))}
        for share in (COMMON, FREQUENT)
    )
    declared = {fact.id: fact.presupposes for fact in facts}
    for fact in facts:
        words = stems[fact.id]
        # Among four facts or fewer, "most others" is one or two.
        is_common = fact.salience and len(facts) > 4 and len(words & common) > RECURRING * len(words)
        if is_common and not fact.public and _is_built_on(fact.id, declared, stems):
            yield f"{fact.id} says what most other facts build on: consider public: true"
        roots = [root for root in facts if root is not fact and _builds_on(words - frequent, stems[root.id] - frequent)]
        linked = presupposed_by(declared, [fact.id])
        for root in roots:
            if not root.public and root.id not in linked and fact.id not in presupposed_by(declared, [root.id]):
                shared = ", ".join(sorted(words & stems[root.id] - frequent))
                yield f"{fact.id} seems to take {root.id} for granted ({shared}): presupposes: [{root.id}]?"


def _is_built_on(fact: str, declared: Mapping[str, tuple[str, ...]], stems: Mapping[str, frozenset[str]]) -> bool:
    """Whether another fact builds on it: by what the context declares, or by its wording where it declares nothing."""
    if any(declared.values()):
        return any(fact in names for names in declared.values())
    return any(_builds_on(words, stems[fact]) for other, words in stems.items() if other != fact)


def _builds_on(words: frozenset[str], root: frozenset[str]) -> bool:
    """Whether a statement with these words repeats most words of `root`, and adds more than it repeats.

    If each repeats most of the other, they are counterparts (the free tier and the paid one), and neither is the root.
    """
    shared = len(words & root)
    return max(SHARED, RECURRING * len(root)) <= shared < RECURRING * len(words)


def _known_later(context: UniverseContext) -> Iterator[str]:
    """Facts that name a day after the first documents', which must not know of it."""
    first, last = context.dates.first, context.dates.last
    for fact in context.key_facts:
        days = [day for match in DATE.finditer(fact.statement) if (day := _first_day(match)) and first < day <= last]
        if days and fact.known_from is None and fact.salience:
            yield (
                f"{fact.id} names {days[-1]:%Y}, and documents are dated from {first}: if nobody can know it before, "
                f"known_from: {max(days)}"
            )


def _first_day(date: re.Match[str]) -> dt.date | None:
    """The first day of a date of the pattern DATE; None without a year, or for one that the calendar lacks."""
    year = date["year"] or date["alone"]
    month = 1 + MONTHS.split("|").index(date["month"]) if date["month"] else 1
    try:
        return dt.date(int(year), month, int(date["day"] or date["us_day"] or 1)) if year else None
    except ValueError:
        return None


def _several_claims(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        parts = [part.strip(" .") for part in CLAIMS.split(fact.statement)]
        if len(parts) > 1 and all(len(part.split()) >= 4 for part in parts):
            split = "; ".join(f'"{part[0].upper()}{part[1:]}."' for part in parts)
            yield f"{fact.id} seems to make {len(parts)} claims; consider one fact for each: {split}"


def _figures(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        figures = FIGURE.findall(DATE.sub("", HAN_DATE.sub("", fact.statement)))
        if len(figures) > 2:  # one sentence carries two: a range, an old and a new value
            yield (
                f"{fact.id} has {len(figures)} figures ({', '.join(figures)}), and a sentence with all of them sounds "
                f"overloaded: split it, or move some to universe_context"
            )


def _implied_figures(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        if fact.directness.implied and FIGURE.search(fact.statement):
            yield (
                f"{fact.id} has figures and is implied in {fact.directness.implied:.0%} of its documents, which take "
                f"it for granted without the figures; directness: {{stated: 1}} makes every document give them"
            )


def _implied_in_passing(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        if fact.directness.implied + fact.prominence.passing > 1:
            yield (
                f"{fact.id} is implied in {fact.directness.implied:.0%} of its documents and passing in "
                f"{fact.prominence.passing:.0%}, so some are both, which readers miss: lower one of the two"
            )


def _implied_though_public(context: UniverseContext) -> Iterator[str]:
    for fact in context.key_facts:
        if fact.directness.implied and fact.public:
            yield (
                f"{fact.id} is public, so that documents which are not about it say it plainly, and is implied in "
                f"{fact.directness.implied:.0%} of those that are: directness: {{stated: 1}} goes better with public"
            )
