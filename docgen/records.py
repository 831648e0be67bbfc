"""The records that stages exchange: frozen, one line of JSON each on disk."""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from docgen.text.engine_names import (
    EMBEDDED_ENGINE,
    EMBEDDED_MODEL,
    EMBEDDED_NOTICE,
    IMPORTED_ENGINE,
    embedded_notice,
    is_embedded,
)

__all__ = [
    "EMBEDDED_ENGINE",
    "EMBEDDED_MODEL",
    "EMBEDDED_NOTICE",
    "ID_DIGITS",
    "ID_LETTER",
    "IMPORTED_ENGINE",
    "OF_THE_WORLD",
    "Airtime",
    "AssignedFact",
    "Attempt",
    "Cast",
    "Community",
    "DateSpan",
    "Directness",
    "Document",
    "DocumentType",
    "Finding",
    "Idea",
    "Prominence",
    "Quote",
    "Reason",
    "Record",
    "Severity",
    "Slot",
    "Style",
    "Verdict",
    "document_id",
    "embedded_notice",
    "is_embedded",
    "slot_of",
]

Directness = Literal["stated", "implied"]
Prominence = Literal["central", "supporting", "passing"]
Severity = Literal["info", "warning", "error"]
Airtime = Literal["dense", "natural", "sparse"]
"""How much of a document is about its world and its facts; `docgen.universe.density_levels` has the numbers."""
Verdict = Literal["accepted", "rejected", "failed"]
SlotNumber = Annotated[int, Field(ge=0, lt=100_000_000)]
"""As many as a run can have documents (`RunConfig.n`)."""
Count = Annotated[int, Field(ge=0, lt=1 << 31)]
Seed = Annotated[int, Field(ge=0, lt=1 << 63)]


class Record(BaseModel):
    """Base class of all records: immutable, unknown keys rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentType(Record):
    """A kind of document, e.g. "internal onboarding FAQ".

    `openings`, `tones` and `readers` are the kind's own, `words` its usual length (lowest, highest); without them a
    document draws from the common pools. `head_on` types deal with the world's subject directly.
    """

    id: str
    name: str
    description: str = ""
    openings: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    words: tuple[int, int] | None = None
    head_on: bool = False


class Idea(Record):
    """One concrete document of a type: what it is about, in one or two sentences.

    `about` names the key facts that such a document could be mainly about. A `background` idea is off the subject: it
    suits documents without facts.
    """

    id: str
    doc_type: str
    text: str
    about: tuple[str, ...] = ()
    background: bool = False


class Community(Record):
    """People who share a stock of names: any of the given names goes with any of the family names."""

    given: tuple[str, ...]
    family: tuple[str, ...]


class Cast(Record):
    """The minor people and places of a world, for whatever needs a name; may be empty."""

    names: tuple[Community, ...] = ()
    places: tuple[str, ...] = ()


class AssignedFact(Record):
    """A fact's place in one slot."""

    fact: str
    directness: Directness = "stated"
    prominence: Prominence = "supporting"


class DateSpan(Record):
    """The range of dates that documents may have, both ends included."""

    first: dt.date = dt.date(2023, 1, 1)
    last: dt.date = dt.date(2025, 9, 26)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Every day of the range."""
        return tuple(self.first + dt.timedelta(days=day) for day in range((self.last - self.first).days + 1))


class Style(Record):
    """The random choices that distinguish one document from the next.

    `words` is the target length; `places` are places of the world for the writer to use, if it names any.
    """

    words: int
    tone: str
    opening: str
    audience: str
    names: tuple[str, ...]
    organisation: str
    place: str
    date: dt.date
    places: tuple[str, ...] = ()


OF_THE_WORLD = frozenset({"names", "organisation", "place", "places", "date"})
"""Fields of `Style` that depend on the world a document is set in: the slots of a matched control, which has another
world, draw these anew. They take all other fields over from their run, so that the two differ in nothing else."""


class Slot(Record):
    """One place in the corpus. Refills keep its facts; `idea` and `style` are those of the first attempt."""

    id: SlotNumber
    doc_type: str
    idea: str
    facts: tuple[AssignedFact, ...]
    style: Style
    seed: Seed


class Quote(Record):
    """A passage that expresses a fact, as claimed by its writer."""

    fact: str
    text: str


class Reason(Record):
    """Why an attempt was rejected or failed.

    `code` is for counting ("missing_fact", "near_duplicate", "leak", "too_short", ...), `subject` the fact, rule or
    document concerned, `detail` one line for people, `evidence` the passage.
    """

    code: str
    subject: str = ""
    detail: str = ""
    evidence: str = ""


class Finding(Record):
    """One rule broken by one document; `start` and `end` are character offsets into its text."""

    rule: str
    severity: Severity
    detector: str
    start: Count = 0
    end: Count = 0
    evidence: str = ""
    explanation: str = ""


class Attempt(Record):
    """One generated document for a slot, kept whether accepted or not. `number` counts from 1."""

    slot: SlotNumber
    number: int = Field(ge=0, lt=10_000)
    verdict: Verdict
    key: str = Field(description="key of the request in llm.jsonl that it came from")
    doc_type: str
    idea: str
    facts: tuple[AssignedFact, ...]
    text: str
    words: Count
    tokens: Count
    draft: str = Field("", description="the text before an accepted revision, else empty")
    quotes: tuple[Quote, ...] = ()
    reasons: tuple[Reason, ...] = ()
    findings: tuple[Finding, ...] = ()
    stop_reason: str = ""
    engine: str = ""
    model: str = ""
    seed: Seed = 0


class Document(Record):
    """One document of a corpus and what is known about it: a row of corpus.parquet, or of any other file.

    `doc_type` and `idea` are ids in corpus.parquet, names and texts where an audit looks. `facts` None means that they
    were never planned. Text columns are taken as they are: a file from elsewhere can contain lone surrogates, which no
    validated string may.
    """

    id: SkipValidation[str] = ""
    text: SkipValidation[str]
    doc_type: SkipValidation[str] = ""
    idea: SkipValidation[str] = ""
    facts: tuple[AssignedFact, ...] | None = None
    words: int = 0
    tokens: int = 0
    engine: str = ""
    model: str = ""
    attempts: int = 0
    seed: int = 0
    quotes: tuple[Quote, ...] = Field((), description="the writer's own, if available; not a column")

    @property
    def assigned(self) -> frozenset[str] | None:
        """Ids of the facts that the document was to express."""
        return None if self.facts is None else frozenset(fact.fact for fact in self.facts)


ID_LETTER, ID_DIGITS = "d", 7
"""Seven digits: the ids of up to ten million documents sort as text in the order of their slots."""


def document_id(slot: int) -> str:
    """The id of the document in a slot of a run, e.g. "d0000017"."""
    return f"{ID_LETTER}{slot:0{ID_DIGITS}d}"


def slot_of(document: str) -> int:
    """The slot of a document's id, or of the number alone ("17"). Raises ValueError for anything else."""
    if not re.fullmatch(f"{ID_LETTER}?[0-9]{{1,18}}", document):  # more digits are not a slot on any disk
        raise ValueError(f"{document!r} is not the id of a document")
    return int(document.removeprefix(ID_LETTER))
