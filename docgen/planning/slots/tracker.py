"""Tracks which slots are filled, and what the open ones need next."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from docgen.errors import RunError
from docgen.records import Attempt, Reason, Slot

__all__ = ["SlotTracker"]


@dataclass
class SlotTracker:
    """The state of every slot, derived from the attempts.

    Memory: one byte per slot, a number for each slot that was ever rejected, and the last reasons of open slots.
    """

    size: int
    accepted: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._done = bytearray(self.size)
        self._open: dict[int, tuple[int, tuple[Reason, ...]]] = {}
        self._rejected: dict[int, int] = {}
        self.failed: dict[int, Reason] = {}

    def record(self, attempt: Attempt) -> None:
        """Count one attempt. Raises `RunError` if the plan has no such slot."""
        if not 0 <= attempt.slot < self.size:
            what = f"contains an attempt for slot {attempt.slot}, but the plan has {self.size} slots"
            raise RunError(what, "attempts.jsonl", "Delete the file: it is rebuilt from llm.jsonl at no cost")
        if self._done[attempt.slot]:
            return  # an attempt that occurs twice
        self.failed.pop(attempt.slot, None)
        if attempt.verdict == "accepted":
            self._done[attempt.slot] = 1
            self._open.pop(attempt.slot, None)
            self.accepted += 1
        elif attempt.verdict == "rejected":
            self._open[attempt.slot] = (attempt.number, attempt.reasons)
            self._rejected[attempt.slot] = attempt.number
            self.rejected += 1
            self.reasons.update({reason.code for reason in attempt.reasons})
        else:
            self.failed[attempt.slot] = next(iter(attempt.reasons), Reason(code="unknown"))

    def next_number(self, slot: int) -> int | None:
        """Number of the slot's next attempt, from 1; None if the slot is filled."""
        return None if self._done[slot] else self._open.get(slot, (0, ()))[0] + 1

    def feedback(self, slot: int) -> tuple[Reason, ...]:
        """Why the slot's last attempt was rejected; empty before the first."""
        return self._open.get(slot, (0, ()))[1]

    def was_rejected(self, slot: int, number: int) -> bool:
        """Whether the slot's attempt `number` was rejected; true of number 0, so that every slot is due attempt 1."""
        return self._rejected.get(slot, 0) >= number

    def empty(self, max_attempts: int) -> int:
        """Number of open slots that have used up their attempts."""
        return sum(number >= max_attempts for number, _ in self._open.values())

    def due(self, slots: Iterable[Slot], number: int) -> Iterator[Slot]:
        """Open slots whose next attempt is number `number`."""
        return (slot for slot in slots if self.next_number(slot.id) == number)
