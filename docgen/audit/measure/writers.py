"""How the writers of a corpus compare, if there are several: a tally over documents."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from docgen.audit.detect.facts.fact_detector import FactSighting
from docgen.audit.measure.intervals import Share, share_of
from docgen.records import Document, Record

__all__ = ["WriterShare", "WriterTally"]


class WriterShare(Record):
    """One writer's documents; shares from 0 to 1."""

    engine: str
    model: str
    documents: int
    words: float = Field(description="mean length of a document")
    failing: Share = Field(description="documents with findings that fail one")
    expressed: dict[str, Share] = Field(
        description="by fact, of its documents that were assigned it, those that express it by wording: a lower bound"
    )


@dataclass
class _Counts:
    documents: int = 0
    words: int = 0
    failing: int = 0
    assigned: Counter[str] = field(default_factory=Counter)
    expressed: Counter[str] = field(default_factory=Counter)


class WriterTally:
    """Counts documents one by one; memory grows with the number of writers."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Counts] = {}

    def add(self, document: Document, sightings: Sequence[FactSighting]) -> None:
        """Count one document."""
        counts = self._of(document)
        if counts is None:
            return
        counts.documents += 1
        counts.words += document.words
        if assigned := document.assigned:
            counts.assigned.update(assigned)
            counts.expressed.update(assigned & {each.fact for each in sightings if each.verdict != "contradicted"})

    def add_failing(self, document: Document) -> None:
        """Count one of the documents as failing."""
        counts = self._of(document)
        if counts is not None:
            counts.failing += 1

    def merge(self, later: "WriterTally") -> None:
        """Count what a tally counted of documents that follow."""
        for writer, more in later._counts.items():
            own = self._counts.setdefault(writer, _Counts())
            own.documents, own.words = own.documents + more.documents, own.words + more.words
            own.failing += more.failing
            own.assigned.update(more.assigned)
            own.expressed.update(more.expressed)

    def report(self) -> tuple[WriterShare, ...]:
        """Every writer by name; none where there is only one."""
        if len(self._counts) < 2:
            return ()
        return tuple(
            WriterShare(
                engine=engine,
                model=model,
                documents=own.documents,
                words=own.words / max(1, own.documents),
                failing=share_of(own.failing, own.documents),
                expressed={fact: share_of(own.expressed[fact], own.assigned[fact]) for fact in sorted(own.assigned)},
            )
            for (engine, model), own in sorted(self._counts.items())
        )

    def _of(self, document: Document) -> _Counts | None:
        writer = document.engine, document.model
        if writer not in self._counts:
            # Chosen, so that memory is bounded: a corpus from elsewhere may have anything in its columns.
            if len(self._counts) >= 50:
                return None
            self._counts[writer] = _Counts()
        return self._counts[writer]
