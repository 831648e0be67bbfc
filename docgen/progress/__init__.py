"""How long steps tell what they do; the terminal is the command line's business."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Progress", "Reporter", "SilentReporter"]


@dataclass(frozen=True)
class Progress:
    """Where a step stands: `done` of `total`, and what it cost so far. `dollars` is None where no price is known."""

    step: str
    done: int
    total: int
    rejected: int = 0
    failed: int = 0
    dollars: float | None = 0.0


class Reporter(Protocol):
    """Someone who listens to a run."""

    def progress(self, state: Progress) -> None:
        """A step moved on; called often, so be quick."""

    def note(self, text: str) -> None:
        """One line that a person should see."""


class SilentReporter:
    """Listens and says nothing."""

    def progress(self, state: Progress) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""
