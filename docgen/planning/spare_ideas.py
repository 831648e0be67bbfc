"""Which idea a slot's next attempt gets: one that no document has, while there are such.

A refill may begin before the other slots of its round are judged, and must get the same idea whenever their replies
arrive, or a resumed run would not find its paid replies. So at the start of a round each of its slots has, in order,
one of the ideas left reserved; the reservations of slots that turn out to need none go, at the end of the round, to
those that had none; these slots alone wait for it.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence

__all__ = ["SpareIdeas"]


class SpareIdeas:
    """Ideas that no slot of the plan has, by kind (ideas of a kind can stand in for each other)."""

    def __init__(self, ideas: Mapping[Hashable, Sequence[str]]) -> None:
        self._free = {kind: deque(own) for kind, own in ideas.items() if own}
        self._kinds_with_spare = set(self._free)
        self._reserved: dict[int, tuple[Hashable, str]] = {}

    def begin_round(self, slots: Iterable[tuple[int, Hashable]]) -> None:
        """Reserve ideas for the slots of a round, by id and kind, in the order of the plan."""
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
        """Whether the idea of the slot's next attempt is known before its round has ended."""
        return slot in self._reserved or kind not in self._kinds_with_spare

    def reserved(self, slot: int) -> str | None:
        """The slot's reserved idea, if it has one."""
        return self._reserved[slot][1] if slot in self._reserved else None

    def end_round(self, rejected: Iterable[tuple[int, Hashable]]) -> dict[int, str]:
        """The spare idea of each rejected slot's next attempt; slots that get none are left out."""
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
