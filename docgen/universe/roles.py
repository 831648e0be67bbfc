"""What each key fact is to one document: assigned, presupposed, public, or to be left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from docgen.universe.model import KeyFact, UniverseContext

__all__ = ["Roles", "earliest_days", "presupposed_by", "roles_of"]


@dataclass(frozen=True)
class Roles:
    """The key facts of a context from the view of one document, each in the order of the context.

    `presupposed` facts stand behind the assigned ones and are taken for granted with them; `public` ones any document
    may take for granted; `left_out` ones it neither says nor takes up.
    """

    presupposed: tuple[KeyFact, ...]
    public: tuple[KeyFact, ...]
    left_out: tuple[KeyFact, ...]

    @property
    def granted(self) -> frozenset[str]:
        """Ids of the facts that may stand in the background of the document."""
        return frozenset(fact.id for fact in (*self.presupposed, *self.public))


def roles_of(context: UniverseContext, assigned: Iterable[str]) -> Roles:
    """Sort the facts that a document is not assigned."""
    own = set(assigned)
    behind = presupposed_by({fact.id: fact.presupposes for fact in context.key_facts}, own)
    others = [fact for fact in context.key_facts if fact.id not in own]
    return Roles(
        presupposed=tuple(fact for fact in others if fact.id in behind),
        public=tuple(fact for fact in others if fact.public and fact.id not in behind),
        left_out=tuple(fact for fact in others if not fact.public and fact.id not in behind),
    )


def presupposed_by(presupposes: Mapping[str, Iterable[str]], facts: Iterable[str]) -> frozenset[str]:
    """All that the facts take for granted, directly or through others; they themselves left out."""
    own = list(facts)
    found, due = set(own), own.copy()
    while due:
        new = [other for other in presupposes.get(due.pop(), ()) if other not in found]
        found.update(new)
        due += new
    return frozenset(found) - set(own)


def earliest_days(context: UniverseContext) -> list[int]:
    """For each fact the first of the context's days, counted from 0, on which it and all behind it are known."""
    presupposes = {fact.id: fact.presupposes for fact in context.key_facts}
    own = {
        fact.id: max(0, (fact.known_from - context.dates.first).days) if fact.known_from else 0
        for fact in context.key_facts
    }
    return [max(own[one] for one in (fact.id, *presupposed_by(presupposes, [fact.id]))) for fact in context.key_facts]
