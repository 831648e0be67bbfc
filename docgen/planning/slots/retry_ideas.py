"""Chooses the idea of a slot's next attempt: one that no document has yet, while any are left.

A refill may start before the other slots of its round are checked. Its idea must not depend on when their replies
arrive, or a resumed run would not recognise the replies it has paid for. So when a round begins, each slot in turn
reserves one of the ideas left. When it ends, reservations that were not needed go to rejected slots that could not
reserve one; only those slots have to wait for the end of the round.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence

__all__ = ["SpareIdeas"]


class SpareIdeas:
    """The ideas that no slot of the plan has, by kind. Ideas of one kind are interchangeable."""

    def __init__(self, ideas: Mapping[Hashable, Sequence[str]]) -> None:
        self._free = {kind: deque(names) for kind, names in ideas.items() if names}
        self._kinds_with_spare = set(self._free)
        self._reserved: dict[int, tuple[Hashable, str]] = {}

    def begin_round(self, slots: Iterable[tuple[int, Hashable]]) -> None:
        """Reserve ideas for the slots of a round, given as (id, kind) in the order of the plan."""
        self._kinds_with_spare = {kind for kind, free in self._free.items() if free}
        open_kinds = set(self._kinds_with_spare)
        if not open_kinds:
            return
        for slot, kind in slots:
            if kind in open_kinds:
                self._reserved[slot] = kind, self._free[kind].popleft()
                if not self._free[kind]:
                    open_kinds.discard(kind)
            if not open_kinds:
                return

    def is_settled(self, slot: int, kind: Hashable) -> bool:
        """Whether the idea of the slot's next attempt is known before the round ends."""
        return slot in self._reserved or kind not in self._kinds_with_spare

    def reserved(self, slot: int) -> str | None:
        """The slot's reserved idea; None if it has none."""
        return self._reserved[slot][1] if slot in self._reserved else None

    def end_round(self, rejected: Iterable[tuple[int, Hashable]]) -> dict[int, str]:
        """The spare idea for the next attempt of each rejected slot, by slot; slots that get none are left out."""
        if not self._kinds_with_spare:
            return {}
        slots = list(rejected)
        chosen = {slot: self._reserved.pop(slot)[1] for slot, _ in slots if slot in self._reserved}
        for kind, idea in reversed(self._reserved.values()):
            self._free[kind].appendleft(idea)
        self._reserved.clear()
        for slot, kind in slots:
            if slot not in chosen and self._free.get(kind):
                chosen[slot] = self._free[kind].popleft()
        return chosen
