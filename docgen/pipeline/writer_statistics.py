"""What each of a run's several writers has written, and why its attempts were rejected."""

from collections import Counter
from dataclasses import dataclass, field

from pydantic import Field

from docgen.options.setting_types import WriterEntry
from docgen.records import Attempt, Record

__all__ = ["WriterCounts", "WriterSummary"]


class WriterSummary(Record):
    """One of several writers of a run; shares from 0 to 1."""

    model: str
    engine: str
    asked: float = Field(description="share of the documents assigned to it")
    documents: int
    attempts: int
    first_attempts_accepted: float | None
    words: float | None = Field(description="mean length of its documents")
    reasons: dict[str, int]


@dataclass
class WriterCounts:
    """What one of several writers has written."""

    documents: int = 0
    attempts: int = 0
    first_accepted: int = 0
    slots: int = 0
    words: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, attempt: Attempt) -> None:
        """Count one attempt of the writer's."""
        if attempt.verdict == "failed":
            return
        self.attempts += 1
        self.slots += attempt.number == 1
        if attempt.verdict == "accepted":
            self.documents += 1
            self.first_accepted += attempt.number == 1
            self.words += attempt.words
        self.reasons.update({reason.code for reason in attempt.reasons})

    def summary(self, writer: WriterEntry, engine: str) -> WriterSummary:
        """The counts as a record."""
        return WriterSummary(
            model=writer.model,
            engine=writer.engine or engine,
            asked=writer.share,
            documents=self.documents,
            attempts=self.attempts,
            first_attempts_accepted=self.first_accepted / self.slots if self.slots else None,
            words=self.words / self.documents if self.documents else None,
            reasons=dict(self.reasons.most_common()),
        )
