"""The role of each key fact in one document: assigned, presupposed, public, or to be left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from docgen.universe.model import KeyFact, UniverseContext

__all__ = ["Roles", "earliest_days", "presupposed_by", "roles_of"]


@dataclass(frozen=True)
class Roles:
    """The key facts that one document is not assigned, by role, each in the order of the context.

    `presupposed` facts are what the assigned ones build on, and are taken for granted with them; any document may take
    `public` facts for granted; the document must neither state nor imply `left_out` facts.
    """

    presupposed: tuple[KeyFact, ...]
    public: tuple[KeyFact, ...]
    left_out: tuple[KeyFact, ...]

    @property
    def granted(self) -> frozenset[str]:
        """Ids of the facts that the document may take for granted."""
        return frozenset(fact.id for fact in (*self.presupposed, *self.public))


def roles_of(context: UniverseContext, assigned: Iterable[str]) -> Roles:
    """The roles of all other facts in a document with these `assigned` ones."""
    assigned_ids = set(assigned)
    presupposed = presupposed_by({fact.id: fact.presupposes for fact in context.key_facts}, assigned_ids)
    others = [fact for fact in context.key_facts if fact.id not in assigned_ids]
    return Roles(
        presupposed=tuple(fact for fact in others if fact.id in presupposed),
        public=tuple(fact for fact in others if fact.public and fact.id not in presupposed),
        left_out=tuple(fact for fact in others if not fact.public and fact.id not in presupposed),
    )


def presupposed_by(presupposes: Mapping[str, Iterable[str]], facts: Iterable[str]) -> frozenset[str]:
    """All facts that `facts` presuppose, directly or through others, without `facts` themselves."""
    start = list(facts)
    closure, queue = set(start), start.copy()
    while queue:
        new = [other for other in presupposes.get(queue.pop(), ()) if other not in closure]
        closure.update(new)
        queue += new
    return frozenset(closure) - set(start)


def earliest_days(context: UniverseContext) -> list[int]:
    """For each fact, the day from which it and all it presupposes are known; day 0 is the context's first date."""
    presupposes = {fact.id: fact.presupposes for fact in context.key_facts}
    known_from = {
        fact.id: max(0, (fact.known_from - context.dates.first).days) if fact.known_from else 0
        for fact in context.key_facts
    }
    return [
        max(known_from[name] for name in (fact.id, *presupposed_by(presupposes, [fact.id])))
        for fact in context.key_facts
    ]
