"""What a salience report says: of the corpus, of each fact, of a fact in the documents of one type."""

from docgen.audit.measure.calibration import Score
from docgen.audit.measure.intervals import Mean, Share
from docgen.audit.measure.report_entries import ReportEntries
from docgen.audit.measure.salience.judge_tally import JudgedFact
from docgen.audit.measure.writers import WriterShare
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
    `measured` is the share of documents that express it: by a judge, or by wording where that sees all; None otherwise.
    `expressed` is the share by wording, `airtime` that of all tokens in sentences that express it. `first_mention`
    counts documents by the tenth in which the first such sentence begins. `unassigned` documents express it without
    being assigned it, `missed` ones were assigned it and do not. `presupposed` documents may take it for granted, as
    public or behind an assigned fact; `presupposed_said` of them say it in a known wording. All of these are by
    wording; `by_judge` is what a judge says of a random sample.
    """

    fact: str
    statement: str
    asked: float
    planned: float | None
    measured: float | None
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
    by_judge: JudgedFact | None = None

    @property
    def at_least(self) -> float:
        """The share of documents in which known wordings of the fact, or quotes of the writer, were found."""
        return self.expressed.share

    @property
    def judged(self) -> Share | None:
        """The share of documents that express it, by the judge."""
        return self.by_judge.expressed if self.by_judge else None

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of the share in the corpus: 95% by the judge's sample, or from the share by wording upwards."""
        share = self.judged or self.expressed
        return share.low, share.high


class SalienceReport(Record, ReportEntries[FactPresence]):
    """Asked against measured for every fact; `together[i][j]` counts documents that express both fact i and fact j.

    `on_facts` is the share of all tokens in sentences that express a fact assigned to their document, 0 without a
    plan. `on_facts_judged` is the share of a document's sentences on its assigned facts, by the judge, on average over
    the documents that have some; `on_facts_asked` is what their writer was asked for.

    `writer` says so where the documents are the embedded writer's; `writers` compares several writers. `is_exact`:
    wording sees every expression, since the embedded writer uses none but known wordings. Otherwise the share by
    wording is a lower bound, and `judge` says who measured ("none": nobody). `detection` is how well the detectors did
    on the labelled documents that `calibration` names.
    """

    writer: str = ""
    documents: int
    tokens: int
    background: Share
    on_facts: float = 0.0
    on_facts_asked: float | None = None
    on_facts_judged: Mean | None = None
    facts: dict[str, FactPresence]
    together: tuple[tuple[int, ...], ...]
    calibration: str = ""
    detection: Score | None = None
    is_exact: bool = False
    judge: str = "none"
    writers: tuple[WriterShare, ...] = ()

    @property
    def entries(self) -> dict[str, FactPresence]:  # noqa: D102
        return self.facts
