"""Progress reporting, independent of the terminal."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Progress", "Reporter", "SilentReporter"]


@dataclass(frozen=True)
class Progress:
    """Progress of a step: `done` of `total`, and its cost so far. `dollars` is None if no price is known."""

    step: str
    done: int
    total: int
    rejected: int = 0
    failed: int = 0
    dollars: float | None = 0.0


class Reporter(Protocol):
    """Receives a run's progress and notes."""

    def progress(self, state: Progress) -> None:
        """A step has progressed. Called often, so be quick."""

    def note(self, text: str) -> None:
        """One line for people."""


class SilentReporter:
    """Ignores everything."""

    def progress(self, state: Progress) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""
