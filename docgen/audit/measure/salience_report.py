"""What a salience report says: of the corpus, of each fact, of a fact in the documents of one type."""

from pydantic import Field

from docgen.audit.measure.calibration import Score
from docgen.audit.measure.intervals import Share
from docgen.audit.measure.lookup import ByName
from docgen.records import Prominence, Record

__all__ = ["FactExample", "FactPresence", "SalienceReport", "TypeShare"]


class FactExample(Record):
    """A passage that expresses a fact: `before`, the evidence, `after`."""

    document: str
    verdict: str
    detector: str
    before: str
    evidence: str
    after: str


class TypeShare(Record):
    """One fact in the documents of one type."""

    doc_type: str
    asked: int
    expressed: Share


class FactPresence(Record):
    """One fact in the corpus, as the detectors saw it.

    `asked` is the target share, `planned` the share of documents that it was assigned to (None without a plan).
    `measured` is the share of documents that state or imply it, `expressed` the same with its interval; `airtime` is
    the share of all tokens in sentences that do. `first_mention` counts documents by the tenth in which the first such
    sentence begins. `unassigned` documents express it unasked, `missed` ones were to and did not. `presupposed`
    documents may take it for granted, as public or behind an assigned fact; `presupposed_said` of them say it in a
    known wording. `judged` is a judge's word on a sample of the documents.
    """

    fact: str
    statement: str
    asked: float
    planned: float | None
    measured: float
    expressed: Share
    stated: int
    implied: int
    contradicted: int
    airtime: float
    first_mention: tuple[int, ...]
    prominence: dict[Prominence, int]
    prominence_asked: dict[Prominence, int]
    implied_asked: int
    unassigned: int
    missed: int
    detectors: dict[str, int]
    presupposed: int = 0
    presupposed_said: int = 0
    types: tuple[TypeShare, ...]
    examples: tuple[FactExample, ...] = ()
    judged: Share | None = None
    judged_verdicts: dict[str, int] = Field(default_factory=dict)


class SalienceReport(Record, ByName[FactPresence]):
    """Asked against measured for every fact; `together[i][j]` counts documents that express both fact i and fact j.

    `on_facts` is the share of all tokens in sentences that express a fact assigned to their document, 0 without a plan.
    `detection` is how well the detectors did on labelled documents, those that `calibration` names. `is_by_wording`:
    neither that nor a plan is there, so that nobody knows how many documents say a fact in other words.
    """

    writer: str = Field("", description="says so where documents are the embedded writer's")
    documents: int
    tokens: int
    background: Share
    on_facts: float = 0.0
    facts: dict[str, FactPresence]
    together: tuple[tuple[int, ...], ...]
    calibration: str = ""
    detection: Score | None = None

    @property
    def entries(self) -> dict[str, FactPresence]:  # noqa: D102
        return self.facts

    @property
    def is_by_wording(self) -> bool:  # noqa: D102
        return self.detection is None and all(fact.planned is None for fact in self.facts.values())
